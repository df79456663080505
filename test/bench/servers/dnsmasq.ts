import { findProgram } from '../../support/external.js';
import { freePort } from '../../support/free-port.js';
import { Program } from './program.js';
import { type BenchServer, whenAnswering } from './server.js';

export interface DnsmasqOptions {
  readonly consulPort: number;
  /** Who is asked about example.net; undefined for nobody. */
  readonly upstreamPort: number | undefined;
}

/** A cache in front of Consul, and of an upstream for other names; undefined when this machine has none. */
export async function startDnsmasq(
  qname: string,
  { consulPort, upstreamPort }: DnsmasqOptions,
): Promise<BenchServer | undefined> {
  const path = findProgram('dnsmasq');
  if (path === undefined) return undefined;
  const port = await freePort();
  const args = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--no-resolv', '--no-hosts'];
  args.push('--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--user=', '--cache-size=10000');
  args.push(`--server=/consul/127.0.0.1#${consulPort}`, '--edns-packet-max=4096', '--dns-forward-max=1000');
  if (upstreamPort !== undefined) args.push(`--server=/example.net/127.0.0.1#${upstreamPort}`);
  return whenAnswering(new Program(path, args), qname, { name: 'dnsmasq', port });
}
