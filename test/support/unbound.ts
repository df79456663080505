import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askUdp, question, type ServerAddress } from './client.js';
import { findProgram } from './external.js';
import { freePort } from './free-port.js';

export const unboundBinary = findProgram('unbound');

export interface UnboundOptions {
  /** The zones it asks `server` about; it knows nobody else. */
  readonly zones: readonly string[];
  readonly server: ServerAddress;
  /** More lines for the `server:` part of its configuration. */
  readonly settings?: readonly string[];
}

/** A real Unbound that resolves, with qname minimisation (RFC 9156) and random letter case (0x20), on a free port. */
export class Unbound implements ServerAddress, AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(options: UnboundOptions): Promise<Unbound> {
    if (unboundBinary === undefined) throw new Error('Cannot start Unbound: there is no unbound on this machine');
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'unbound-'));
    const file = join(folder, 'unbound.conf');
    await writeFile(file, configuration(port, folder, options));
    const child = spawn(unboundBinary, ['-d', '-p', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    child.stderr.on('data', (text) => (log += text));
    const unbound = new Unbound(port, child, folder);
    const deadline = Date.now() + 10_000;
    while (!(await unbound.#answers(options.zones))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await unbound[Symbol.asyncDispose]();
        throw new Error(`Cannot start Unbound (exit code ${child.exitCode}): ${log.slice(-2_000)}`);
      }
      await delay(50);
    }
    return unbound;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answers([zone = '.']: readonly string[]): Promise<boolean> {
    const query = question(zone, 'SOA', { rd: true });
    const reply = await askUdp(this, query, { withinMs: 500 }).catch(() => undefined);
    return reply?.rcode === 0;
  }
}

function configuration(port: number, folder: string, { zones, server, settings = [] }: UnboundOptions): string {
  const lines = [
    `directory: "${folder}"`,
    'chroot: ""',
    'username: ""',
    'pidfile: ""',
    'use-syslog: no',
    'do-daemonize: no',
    'num-threads: 1',
    `interface: 127.0.0.1@${port}`,
    'do-ip6: no',
    'do-not-query-localhost: no',
    // Nothing here is signed.
    'module-config: "iterator"',
    'qname-minimisation: yes',
    'use-caps-for-id: yes',
    // Private addresses are what it is asked for.
    ...zones.map((zone) => `local-zone: "${zone}" nodefault`),
    ...settings,
  ];
  const stubs = zones.map(
    (zone) => `stub-zone:\n  name: "${zone}"\n  stub-addr: ${server.host}@${server.port}\n  stub-prime: no\n`,
  );
  const control = 'remote-control:\n  control-enable: no\n';
  return `server:\n${lines.map((line) => `  ${line}\n`).join('')}${control}${stubs.join('')}`;
}
