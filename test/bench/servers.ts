/** The servers that are compared, each on a free port of the loopback. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from '../support/external.js';
import { freePort } from '../support/free-port.js';
import type { RealConsul } from '../support/real-consul.js';
import { Lookup } from './lookup.js';
import { Program } from './program.js';

export interface BenchServer extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

const START_MS = 20_000;
const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;

/** Consul's own DNS. It is not ours to close. */
export function consulServer(consul: RealConsul): BenchServer {
  if (consul.pid === undefined) throw new Error('Cannot measure Consul: it is not running');
  return { name: 'Consul', port: consul.ports.dns, pid: consul.pid, [Symbol.asyncDispose]: async () => {} };
}

export interface OursOptions {
  /** What else to start it with, Node's own flags first. */
  readonly nodeFlags?: readonly string[];
  readonly flags?: readonly string[];
}

export async function startOurs(
  consulUrl: string,
  { nodeFlags = [], flags = [] }: OursOptions = {},
): Promise<BenchServer> {
  const port = await freePort();
  const settings = ['--http-addr', consulUrl, '--dns-port', `${port}`, '--log-level', 'warn', ...flags];
  return running('consul-dnsd', port, new Program(process.execPath, [...nodeFlags, CLI, ...settings]));
}

/** A cache in front of Consul, and of an upstream for other names; undefined when this machine has none. */
export async function startDnsmasq(
  consul: RealConsul,
  upstreamPort: number | undefined,
): Promise<BenchServer | undefined> {
  const path = findProgram('dnsmasq');
  if (path === undefined) return undefined;
  const port = await freePort();
  const args = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--no-resolv', '--no-hosts'];
  args.push('--listen-address=127.0.0.1', '--bind-interfaces', `--port=${port}`, '--user=', '--cache-size=10000');
  args.push(`--server=/consul/127.0.0.1#${consul.ports.dns}`, '--edns-packet-max=4096', '--dns-forward-max=1000');
  if (upstreamPort !== undefined) args.push(`--server=/example.net/127.0.0.1#${upstreamPort}`);
  return running('dnsmasq', port, new Program(path, args));
}

/** An authoritative server written in C, with the same records as zones; undefined when this machine has none. */
export async function startKnot(zones: Readonly<Record<string, string>>): Promise<BenchServer | undefined> {
  const path = findProgram('knotd');
  if (path === undefined) return undefined;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'bench-knot-'));
  const names = Object.keys(zones);
  for (const [name, text] of Object.entries(zones)) await writeFile(join(folder, `${name}.zone`), text);
  const config = [
    'server:',
    `    rundir: "${folder}"`,
    `    listen: 127.0.0.1@${port}`,
    '    udp-workers: 1',
    '    udp-max-payload: 4096',
    'database:',
    `    storage: "${folder}"`,
    'template:',
    '  - id: default',
    `    storage: "${folder}"`,
    '    file: "%s.zone"',
    'zone:',
    ...names.map((name) => `  - domain: ${name}`),
  ];
  await writeFile(join(folder, 'knot.conf'), `${config.join('\n')}\n`);
  const server = await running('Knot', port, new Program(path, ['-c', join(folder, 'knot.conf')]));
  return {
    ...server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** Resolves when the server answers. */
async function running(name: string, port: number, program: Program): Promise<BenchServer> {
  try {
    await using lookup = await Lookup.open(port);
    const deadline = Date.now() + START_MS;
    while ((await lookup.ask('one.service.consul', 100)) === undefined) {
      program.assertAlive();
      if (Date.now() > deadline) throw new Error(`Cannot measure ${name}: it does not answer`);
      await delay(1);
    }
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return { name, port, pid: program.pid, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
