import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Answer, ReadQuery } from './answer.js';
import { CatalogError } from './catalog-error.js';
import { inFixedOrder, type NodeCheck, RowDecoder } from './decode.js';
import { isObject, textOf, textsOf } from './decode-value.js';
import { decodeGatewayConfig, type GatewayConfig, type GatewayConfigKind } from './gateway-config.js';
import { jsonSlices } from './json-slices.js';
import { KnownBodies } from './known-bodies.js';
import type { Instance, Node, QueryResult } from './model.js';
import { type Endpoint, Requests, type RequestsOptions } from './requests.js';

export type ConsulClientOptions = RequestsOptions;

export type InstanceView = 'service' | 'connect' | 'ingress';

/** What `/v1/agent/self` says that matters to us. */
export interface AgentFacts {
  readonly datacenter: string;
  /** Undefined when the agent does not tell. */
  readonly domain: string | undefined;
}

/** The HTTP API of a Consul agent or server: one method per endpoint, each failing with a `CatalogError`. */
export class ConsulClient implements Closable {
  readonly #clock: Clock;
  readonly #requests: Requests;
  readonly #decoder: RowDecoder;
  readonly #bodies = new KnownBodies();

  constructor(options: ConsulClientOptions) {
    this.#clock = options.clock;
    this.#requests = new Requests(options);
    this.#decoder = new RowDecoder({ onDropped: (reason) => options.metrics.droppedRows.inc({ reason }) });
  }

  /** How many requests the backend in use takes at once. */
  get capacity(): number {
    return this.#requests.capacity;
  }

  /** Sockets open now, to all addresses. */
  get openSockets(): number {
    return this.#requests.openSockets;
  }

  /** All nodes, in the server's order. */
  nodes(query: ReadQuery): Promise<Answer<readonly Node[]>> {
    return this.#readList(aggregate('catalog/nodes', 'the nodes'), query, (rows) => this.#decoder.nodes(rows));
  }

  /** The names of all services, in lower case. */
  async serviceNames(query: ReadQuery): Promise<Answer<ReadonlySet<string>>> {
    const names = new Set<string>();
    return this.#requests.read(aggregate('catalog/services', 'the services'), query, async (body) => {
      for await (const slice of jsonSlices(body)) {
        if (!isObject(slice)) throw unexpected('the services', slice);
        for (const name of Object.keys(slice)) names.add(name.toLowerCase());
      }
      return names;
    });
  }

  /** All checks with this status. */
  checksWith(status: 'critical' | 'warning', query: ReadQuery): Promise<Answer<readonly NodeCheck[]>> {
    const endpoint = aggregate(`health/state/${status}`, `the ${status} checks`);
    return this.#readList(endpoint, query, (rows) => this.#decoder.nodeChecks(rows));
  }

  /**
   * The instances of a service with their checks, by node and ID; none for an unknown service. When they are what is
   * `known` already, the very same rows come back.
   */
  instances(
    view: InstanceView,
    service: string,
    query: ReadQuery,
    known?: readonly Instance[],
  ): Promise<Answer<readonly Instance[]>> {
    const endpoint = single(`health/${view}`, service, `service "${service}"`);
    const decode = (rows: unknown): Instance[] =>
      this.#decoder.instances(Array.isArray(rows) ? rows.filter((row) => isFromPeer(row, query.peer)) : rows);
    return this.#requests.read(endpoint, query, (body) =>
      this.#bodies.decode(body, known, async () => inFixedOrder(await listOf(body, endpoint, decode))),
    );
  }

  /** The addresses that a service's instances registered for themselves, as registered. */
  serviceAddresses(service: string, query: ReadQuery): Promise<Answer<readonly string[]>> {
    const endpoint = single('catalog/service', service, `the addresses of service "${service}"`);
    return this.#readList(endpoint, query, (rows) => this.#decoder.serviceAddresses(rows));
  }

  node(name: string, query: ReadQuery): Promise<Answer<Node | undefined>> {
    const endpoint = single('catalog/node', name, `node "${name}"`);
    return this.#requests.read(endpoint, query, (body) => {
      const found = parse(body);
      return isFromPeer(found, query.peer) ? this.#decoder.nodeOf(found) : undefined;
    });
  }

  /** All configuration entries of a kind; fails with `not-found` where the backend knows no such kind. */
  gatewayConfig(kind: GatewayConfigKind, query: ReadQuery): Promise<Answer<readonly GatewayConfig[]>> {
    const endpoint = { ...aggregate(`config/${kind}`, `the ${kind} entries`), isNewer: true };
    return this.#readList(endpoint, query, (rows) =>
      Array.isArray(rows) ? rows.flatMap((row) => decodeGatewayConfig(kind, row) ?? []) : [],
    );
  }

  /** Known datacenters, nearest first. */
  datacenters(query: Pick<ReadQuery, 'signal'>): Promise<Answer<readonly string[]>> {
    const endpoint = aggregate('catalog/datacenters', 'the datacenters');
    return this.#requests.read(endpoint, { ...query, consistency: 'default', datacenter: undefined }, (body) => {
      const list = parse(body);
      if (!Array.isArray(list)) throw unexpected('the datacenters', list);
      return textsOf(list);
    });
  }

  /** Runs a prepared query on behalf of `sourceAddress`; an undefined value means that there is no such query. */
  async executeQuery(
    nameOrId: string,
    query: ReadQuery & { readonly sourceAddress: string },
  ): Promise<Answer<QueryResult | undefined>> {
    const { path, ...endpoint } = single('query', nameOrId, `prepared query "${nameOrId}"`);
    const headers = { 'x-forwarded-for': query.sourceAddress };
    try {
      return await this.#requests.read({ ...endpoint, path: `${path}/execute`, headers }, query, (body) => {
        const result = this.#decoder.queryResult(parse(body));
        if (result === undefined) throw unexpected(endpoint.what, undefined);
        return result;
      });
    } catch (error) {
      if (!(error instanceof CatalogError) || error.code !== 'not-found') throw error;
      return { index: undefined, value: undefined, fetchedAt: this.#clock.now(), hasLeader: true, madeBy: '' };
    }
  }

  /** Needs `agent:read`; fails with `permission-denied` without. */
  async self(query: Pick<ReadQuery, 'signal'>): Promise<AgentFacts> {
    const endpoint = { ...aggregate('agent/self', 'the agent'), isOptional: true };
    const { value } = await this.#requests.read(
      endpoint,
      { ...query, consistency: 'default', datacenter: undefined },
      parse,
    );
    const config = isObject(value) ? value['Config'] : undefined;
    const datacenter = isObject(config) ? textOf(config['Datacenter']) : '';
    if (datacenter === '') throw unexpected('the agent', value);
    const debug = isObject(value) ? value['DebugConfig'] : undefined;
    return { datacenter, domain: (isObject(debug) && textOf(debug['DNSDomain'])) || undefined };
  }

  /** Breaks every request under way. */
  close(): Promise<void> {
    return this.#requests.close();
  }

  #readList<T>(
    endpoint: Endpoint,
    query: ReadQuery,
    decode: (rows: unknown) => readonly T[],
  ): Promise<Answer<readonly T[]>> {
    return this.#requests.read(endpoint, query, async (body) => Object.freeze(await listOf(body, endpoint, decode)));
  }
}

/** A long list, decoded a slice at a time. */
async function listOf<T>(body: Buffer, { what }: Endpoint, decode: (rows: unknown) => readonly T[]): Promise<T[]> {
  const all: T[] = [];
  for await (const slice of jsonSlices(body)) {
    if (slice !== null && !Array.isArray(slice)) throw unexpected(what, slice);
    for (const row of decode(slice)) all.push(row);
  }
  // Growing has left room for more, which would stay for as long as the list does.
  return all.slice();
}

function aggregate(name: string, what: string): Endpoint {
  return { name, path: `/v1/${name}`, what, isAggregate: true };
}

function single(name: string, subject: string, what: string): Endpoint {
  return { name, path: `/v1/${name}/${encodeURIComponent(subject)}`, what, isAggregate: false };
}

function parse(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8'));
}

/** Consul before 1.13 knows no peers and gives rows of its own, whatever peer is asked for; those are not meant. */
function isFromPeer(row: unknown, peer: string | undefined): boolean {
  if (peer === undefined) return true;
  const node = isObject(row) ? row['Node'] : undefined;
  return isObject(node) && textOf(node['PeerName']).toLowerCase() === peer;
}

function unexpected(what: string, value: unknown): CatalogError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
  return new CatalogError('bad-response', `Cannot read ${what}: the backend answered ${found}`);
}
