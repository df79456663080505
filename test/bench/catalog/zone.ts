import { type BenchService, qnameOf, TAG } from './service.js';

/** So that caches in front of Consul have something to cache. */
export const TTL_SECONDS = 300;

/** The names that the loads ask for, as a master file (RFC 1035 section 5) for servers that know nothing of Consul. */
export function consulZone(services: readonly BenchService[]): string {
  const lines = new Set([
    `$TTL ${TTL_SECONDS}`,
    `consul. SOA ns.consul. hostmaster.consul. 1 3600 600 86400 ${TTL_SECONDS}`,
    'consul. NS ns.consul.',
    'ns.consul. A 127.0.0.1',
  ]);
  for (const service of services) {
    for (const { node, address, port } of service.instances) {
      const target = `${node}.node.dc1.consul.`;
      const qname = `${qnameOf(service)}.`;
      lines.add(`${target} A ${address}`).add(`${qname} A ${address}`);
      for (const owner of [qname, `${TAG}.${qname}`]) lines.add(`${owner} SRV 1 1 ${port} ${target}`);
    }
  }
  return `${[...lines].join('\n')}\n`;
}

/** A zone of somebody else's, for servers that forward. */
export const FOREIGN_ZONE = `$TTL 3600
example.net. SOA ns.example.net. hostmaster.example.net. 1 3600 600 86400 300
example.net. NS ns.example.net.
ns.example.net. A 127.0.0.1
www.example.net. A 192.0.2.80
`;
