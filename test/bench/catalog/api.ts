import { Pool } from 'undici';
import { type BenchInstance, type BenchService, TAG } from './service.js';

export interface CatalogApiOptions {
  /** How many requests at a time. */
  readonly parallel?: number;
  readonly token?: string | undefined;
}

const DEFAULT_PARALLEL = 32;

/** The catalog behind any HTTP API that is compatible with Consul's, for writing. */
export class CatalogApi implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #parallel: number;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, { parallel = DEFAULT_PARALLEL, token }: CatalogApiOptions = {}) {
    this.#pool = new Pool(url, { connections: parallel });
    this.#parallel = parallel;
    this.#headers = token === undefined ? {} : { 'x-consul-token': token };
  }

  /** Registers every instance, with its node and a passing check. */
  async register(services: readonly BenchService[]): Promise<void> {
    const rows = services.flatMap(({ name, instances }) => instances.map((instance) => ({ name, instance }))).values();
    const lane = async (): Promise<void> => {
      for (const { name, instance } of rows) await this.registerInstance(name, instance);
    };
    await Promise.all(Array.from({ length: this.#parallel }, lane));
  }

  registerInstance(name: string, { node, address, port }: BenchInstance): Promise<void> {
    const id = idOf(name, node);
    const service = { ID: id, Service: name, Port: port, Tags: [TAG] };
    const check = { Node: node, CheckID: `check-${id}`, Name: 'up', Status: 'passing', ServiceID: id };
    return this.#put('/v1/catalog/register', { Node: node, Address: address, Service: service, Check: check });
  }

  /** Takes the instance and its check away, and leaves its node. */
  deregisterInstance(name: string, { node }: BenchInstance): Promise<void> {
    return this.#put('/v1/catalog/deregister', { Node: node, ServiceID: idOf(name, node) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.close();
  }

  async #put(path: string, body: unknown): Promise<void> {
    const reply = await this.#pool.request({ method: 'PUT', path, headers: this.#headers, body: JSON.stringify(body) });
    const text = await reply.body.text();
    if (reply.statusCode !== 200) throw new Error(`Cannot write to ${path}: ${reply.statusCode} "${text}"`);
  }
}

function idOf(name: string, node: string): string {
  return `${name}-${node}`;
}
