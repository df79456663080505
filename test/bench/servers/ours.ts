import { freePort } from '../../support/free-port.js';
import { TTL_SECONDS } from '../catalog/zone.js';
import { Program } from './program.js';
import { type BenchServer, whenAnswering } from './server.js';

export const OURS = 'consul-dnsd';

const CLI = new URL('../../../dist/cli.js', import.meta.url).pathname;
const FIXTURES = new URL('../../../fixtures/definitions', import.meta.url).pathname;

export interface OursOptions {
  readonly nodeFlags?: readonly string[];
  readonly flags?: readonly string[];
}

/** The built server in front of a Consul. Resolves when it gives addresses for the name. */
export async function startOurs(
  consulUrl: string,
  qname: string,
  { nodeFlags = [], flags = [] }: OursOptions = {},
): Promise<BenchServer> {
  const port = await freePort();
  const args = [...nodeFlags, CLI, 'serve', '--http-addr', consulUrl, '--dns-port', `${port}`, '--log-level', 'warn'];
  args.push('--node-ttl', `${TTL_SECONDS}s`, '--service-ttl', `*=${TTL_SECONDS}s`, '--udp-payload-max', '4096');
  return whenAnswering(new Program(process.execPath, [...args, ...flags]), qname, { name: OURS, port });
}

export interface BenchAgent extends BenchServer {
  readonly url: string;
}

/** The built server with its embedded agent and the sample services. Resolves when it gives addresses for one of those. */
export async function startDev(): Promise<BenchAgent> {
  const [port, http] = [await freePort(), await freePort()];
  const args = [CLI, 'dev', '--config-dir', FIXTURES, '--dns-port', `${port}`, '--http-port', `${http}`];
  const program = new Program(process.execPath, [...args, '--log-level', 'warn']);
  const server = await whenAnswering(program, 'web.service.consul', { name: OURS, port });
  return { ...server, url: `http://127.0.0.1:${http}` };
}
