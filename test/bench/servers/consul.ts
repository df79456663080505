import { consulBinary, RealConsul } from '../../support/real-consul.js';
import { TTL_SECONDS } from '../catalog/zone.js';
import type { BenchServer } from './server.js';

/** A real Consul in dev mode that gives its answers TTLs and marks those it has cut, as the others do. */
export function startConsul(): Promise<RealConsul> {
  if (consulBinary === undefined) throw new Error('Cannot run: no consul on PATH or in CONSUL_BIN');
  const ttl = `${TTL_SECONDS}s`;
  const dns = { node_ttl: ttl, service_ttl: { '*': ttl }, soa: { min_ttl: TTL_SECONDS }, enable_truncate: true };
  return RealConsul.start({ config: { dns_config: dns } });
}

/** Its DNS server. Closing it is up to whoever has the Consul. */
export function dnsOf({ pid, ports }: RealConsul): BenchServer {
  if (pid === undefined) throw new Error('Cannot measure Consul: it is not running');
  return { name: 'Consul', port: ports.dns, pid, [Symbol.asyncDispose]: async () => {} };
}
