import { type BenchService, qnameOf } from '../catalog/service.js';

/** What is asked, over and over. */
export interface Questions {
  /** `name type`, one question each. */
  readonly lines: readonly string[];
  /** With an OPT record that allows 4096 bytes, or none. */
  readonly hasEdns: boolean;
  readonly transport: 'udp' | 'tcp';
}

/** The addresses of these services, over UDP without EDNS. */
export function addressesOf(services: readonly BenchService[]): Questions {
  return { lines: services.map((service) => `${qnameOf(service)} A`), hasEdns: false, transport: 'udp' };
}
