/** What is registered for the benchmark, and the same as a zone for servers that know nothing of Consul. */
import type { RealConsul } from '../support/real-consul.js';

export interface BenchService {
  readonly name: string;
  readonly instances: readonly BenchInstance[];
}

export interface BenchInstance {
  readonly node: string;
  readonly address: string;
  readonly port: number;
}

export const TAG = 'v1';
/** So that caches in front of Consul have something to cache. */
export const TTL_SECONDS = 300;
const PARALLEL = 16;

let nodes = 0;

/** A service on nodes of its own. */
export function createService(name: string, count: number): BenchService {
  const instances = Array.from({ length: count }, (_, number): BenchInstance => {
    nodes += 1;
    const address = `10.${(nodes >> 16) & 255}.${(nodes >> 8) & 255}.${nodes & 255}`;
    return { node: `n-${name}-${number}`, address, port: 8000 + number };
  });
  return { name, instances };
}

/** Of the first table in README's chapter on performance. */
export function createServices(): readonly BenchService[] {
  const many = Array.from({ length: 200 }, (_, number) => createService(`s${number}`, 3));
  return [createService('one', 1), createService('eight', 8), createService('hundred', 100), ...many];
}

export async function register(consul: RealConsul, services: readonly BenchService[]): Promise<void> {
  const rows = services.flatMap(({ name, instances }) => instances.map((instance) => ({ name, ...instance })));
  const work = rows.values();
  const registerNext = async (): Promise<void> => {
    for (const { name, node, address, port } of work) {
      const service = { ID: `${name}-${port}`, Service: name, Port: port, Tags: [TAG] };
      const check = { Node: node, CheckID: `check-${name}`, Name: 'up', Status: 'passing', ServiceID: service.ID };
      await consul.put('/v1/catalog/register', { Node: node, Address: address, Service: service, Check: check });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, registerNext));
}

/** The names that the loads ask for, as a master file (RFC 1035 section 5). */
export function zoneFile(services: readonly BenchService[]): string {
  const lines = [
    `$TTL ${TTL_SECONDS}`,
    `consul. SOA ns.consul. hostmaster.consul. 1 3600 600 86400 ${TTL_SECONDS}`,
    'consul. NS ns.consul.',
    'ns.consul. A 127.0.0.1',
  ];
  for (const { name, instances } of services) {
    for (const { node, address, port } of instances) {
      const target = `${node}.node.dc1.consul.`;
      lines.push(`${target} A ${address}`, `${name}.service.consul. A ${address}`);
      for (const owner of [`${name}.service.consul.`, `${TAG}.${name}.service.consul.`]) {
        lines.push(`${owner} SRV 1 1 ${port} ${target}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
