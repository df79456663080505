import { type BenchService, qnameOf } from '../catalog/service.js';
import type { Questions } from './questions.js';

/** A mix of names that nobody asks again: existing ones in any letter case, others that do not exist, and foreign ones. */
export function randomNames(services: readonly BenchService[], count: number): Questions {
  const lines = Array.from({ length: count }, () => {
    const service = services[Math.floor(Math.random() * services.length)];
    if (service === undefined) throw new Error('Cannot ask: there are no services');
    const kinds = [
      `${mixedCase(qnameOf(service))} A`,
      `${mixedCase(qnameOf(service))} SRV`,
      `nope-${randomLabel()}.service.consul A`,
      `nope-${randomLabel()}.node.consul AAAA`,
      `www.example.net A`,
      `${randomLabel()}.example.net A`,
    ];
    return kinds[Math.floor(Math.random() * kinds.length)] ?? '';
  });
  return { lines, hasEdns: false, transport: 'udp' };
}

function randomLabel(): string {
  return Math.random().toString(36).slice(2, 12);
}

/** As resolvers do that put randomness into the spelling. */
function mixedCase(name: string): string {
  return name.replace(/[a-z]/g, (letter) => (Math.random() < 0.5 ? letter : letter.toUpperCase()));
}
