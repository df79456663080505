import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram } from './external.js';

export const consulBinary = findProgram('consul');

export interface RealConsulOptions {
  /** Further configuration, as in an agent's JSON file. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly node?: string;
  readonly datacenter?: string;
  /** Opens the https port as well, with the certificates that `config` names. */
  readonly isSecure?: boolean;
  /** For our own requests. */
  readonly token?: string;
  /** The server to be a client of, with the settings in `config` as its own. Without one, the agent is a server itself. */
  readonly clientOf?: RealConsul;
}

/** A real Consul agent, a server in dev mode unless told otherwise, on free loopback ports and with a folder of its own. */
export class RealConsul {
  readonly #options: RealConsulOptions;
  readonly #folder: string;
  readonly ports: Readonly<Record<'http' | 'https' | 'dns' | 'serf_lan' | 'serf_wan' | 'server', number>>;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(options: RealConsulOptions, folder: string, ports: RealConsul['ports']) {
    this.#options = options;
    this.#folder = folder;
    this.ports = ports;
  }

  static async start(options: RealConsulOptions = {}): Promise<RealConsul> {
    const [http, https, dns, serf_lan, serf_wan, server] = await freePorts();
    const folder = await mkdtemp(join(tmpdir(), 'real-consul-'));
    const consul = new RealConsul(options, folder, { http, https, dns, serf_lan, serf_wan, server });
    try {
      await consul.restart();
      return consul;
    } catch (error) {
      await consul.close();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get httpsUrl(): string {
    return `https://127.0.0.1:${this.ports.https}`;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts the agent (again), with nothing of what an earlier process knew, and waits until it has a leader. */
  async restart(): Promise<void> {
    if (consulBinary === undefined) throw new Error('Cannot start Consul: there is no consul on this machine');
    const { config = {}, node = 'srv-1', datacenter = 'dc1', isSecure = false, clientOf: server } = this.#options;
    const ports = { ...this.ports, grpc: -1, ...(!isSecure && { https: -1 }) };
    const hcl = { ports, datacenter, node_name: node, ...config };
    const role = server === undefined ? ['-dev'] : ['-data-dir=.', `-retry-join=127.0.0.1:${server.ports.serf_lan}`];
    const child = spawn(
      consulBinary,
      ['agent', ...role, '-bind=127.0.0.1', '-log-level=warn', '-hcl', JSON.stringify(hcl)],
      { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#log += text));
    const deadline = Date.now() + 20_000;
    while (!(await this.#hasLeader())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`Cannot start Consul (exit code ${child.exitCode}): ${this.#log.slice(-2_000)}`);
      }
      await delay(50);
    }
  }

  /** One request; the parsed body of a 200, an error otherwise. */
  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const { token } = this.#options;
    const init: RequestInit = {
      method,
      headers: token === undefined ? {} : { 'x-consul-token': token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  put(path: string, body?: unknown): Promise<unknown> {
    return this.request('PUT', path, body);
  }

  /** Ends the process without a farewell, as a crash would (kill -9). */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #hasLeader(): Promise<boolean> {
    try {
      // The node's own row appears a moment after the leader does; until then the catalog is empty.
      const nodes = await this.request('GET', '/v1/catalog/nodes');
      const services = (await this.request('GET', '/v1/catalog/services')) as Record<string, unknown>;
      return Array.isArray(nodes) && nodes.length > 0 && 'consul' in services;
    } catch {
      return false;
    }
  }
}

/** Six ports that are free for TCP and, most likely, for UDP as well. */
async function freePorts(): Promise<[number, number, number, number, number, number]> {
  const servers = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('Cannot find a free port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number, number, number, number];
}
