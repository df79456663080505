import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { errorOfRefusal } from './api-error.js';
import type { RawAnswer, TlsOptions } from './backend.js';
import { parseBackendAddress } from './backend-address.js';
import { BackendSet } from './backend-set.js';
import { CatalogError } from './catalog-error.js';
import { inFixedOrder, type NodeCheck, RowDecoder } from './decode.js';
import { isObject, textOf, textsOf } from './decode-value.js';
import { jsonSlices } from './json-slices.js';
import type { Instance, Node, QueryResult, Snapshot } from './model.js';

export type Consistency = 'default' | 'stale' | 'consistent';

export interface ConsulClientOptions {
  /** In order of preference, at least one: `http://host:port/prefix`, `https://...` or `unix:///path`. */
  readonly addresses: readonly string[];
  /** Use https also where an address says http. */
  readonly useTls: boolean;
  readonly tls: TlsOptions;
  /** The ACL token, asked for on each request so that it can be replaced. */
  readonly token: () => string | undefined;
  /** Called after each 403: the moment to read the token file again. */
  readonly onForbidden: () => void;
  /** `user:password`. */
  readonly basicAuth: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  /** Stale answers of servers that lost their leader longer ago than this are asked for again without `stale`. */
  readonly maxStaleMs: number;
  /** Most sockets to one address at a time. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What every read may say. */
export interface ReadQuery {
  readonly signal: AbortSignal;
  readonly consistency: Consistency;
  /** Undefined means the backend's own. */
  readonly datacenter: string | undefined;
  /** Hold the answer back until the data is past this index, for `waitMs` at most. */
  readonly blocking?: { readonly index: string; readonly waitMs: number } | undefined;
  readonly peer?: string | undefined;
}

/** A snapshot and what the backend said about it (http-api A2). */
export interface Answer<T> extends Snapshot<T> {
  /** False only when the answering server said that it has no leader. */
  readonly hasLeader: boolean;
  /** How the backend made the answer; indexes of different kinds do not compare. */
  readonly madeBy: string;
}

export type InstanceView = 'service' | 'connect' | 'ingress';

/** What `/v1/agent/self` says that matters to us. */
export interface AgentFacts {
  readonly datacenter: string;
  /** Undefined when the agent does not tell. */
  readonly domain: string | undefined;
}

interface Endpoint {
  /** For metrics: the path's fixed part. */
  readonly name: string;
  readonly path: string;
  /** Completes "Cannot read ...". */
  readonly what: string;
  readonly isAggregate: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const AGGREGATE_BODY_BYTES = 256 * 1024 * 1024;
const ORDINARY_BODY_BYTES = 32 * 1024 * 1024;

/** The HTTP API of a Consul agent or server: one method per endpoint, each failing with a `CatalogError`. */
export class ConsulClient implements Closable {
  readonly #options: ConsulClientOptions;
  readonly #backends: BackendSet;
  readonly #decoder: RowDecoder;
  readonly #authorization: string | undefined;
  #warnedOfFilter = false;

  constructor(options: ConsulClientOptions) {
    this.#options = options;
    const addresses = options.addresses.map((address) => parseBackendAddress(address, options));
    this.#backends = new BackendSet(addresses, {
      ...options,
      readLeader: (backend, signal) =>
        backend.get({
          path: '/v1/status/leader',
          retryPath: '/v1/status/leader',
          isBlocking: false,
          headers: this.#headers(),
          maxBodyBytes: ORDINARY_BODY_BYTES,
          signal,
        }),
    });
    this.#decoder = new RowDecoder({ onDropped: (reason) => options.metrics.droppedRows.inc({ reason }) });
    const { basicAuth } = options;
    this.#authorization = basicAuth === undefined ? undefined : `Basic ${Buffer.from(basicAuth).toString('base64')}`;
  }

  /** How many requests the backend in use takes at once. */
  get capacity(): number {
    return this.#backends.current.capacity;
  }

  /** Sockets open now, to all addresses. */
  get openSockets(): number {
    return this.#backends.openSockets;
  }

  /** All nodes, in the server's order. */
  nodes(query: ReadQuery): Promise<Answer<readonly Node[]>> {
    return this.#readList(aggregate('catalog/nodes', 'the nodes'), query, (rows) => this.#decoder.nodes(rows));
  }

  /** The names of all services, in lower case. */
  async serviceNames(query: ReadQuery): Promise<Answer<ReadonlySet<string>>> {
    const names = new Set<string>();
    return this.#read(aggregate('catalog/services', 'the services'), query, async (body) => {
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

  /** The instances of a service with their checks, by node and ID; none for an unknown service. */
  async instances(view: InstanceView, service: string, query: ReadQuery): Promise<Answer<readonly Instance[]>> {
    const endpoint = single(`health/${view}`, service, `service "${service}"`);
    const answer = await this.#readList(endpoint, query, (rows) =>
      this.#decoder.instances(Array.isArray(rows) ? rows.filter((row) => isFromPeer(row, query.peer)) : rows),
    );
    return { ...answer, value: inFixedOrder([...answer.value]) };
  }

  /** The addresses that a service's instances registered for themselves, as registered. */
  serviceAddresses(service: string, query: ReadQuery): Promise<Answer<readonly string[]>> {
    const endpoint = single('catalog/service', service, `the addresses of service "${service}"`);
    return this.#readList(endpoint, query, (rows) => this.#decoder.serviceAddresses(rows));
  }

  node(name: string, query: ReadQuery): Promise<Answer<Node | undefined>> {
    const endpoint = single('catalog/node', name, `node "${name}"`);
    return this.#read(endpoint, query, (body) => {
      const found = parse(body);
      return isFromPeer(found, query.peer) ? this.#decoder.nodeOf(found) : undefined;
    });
  }

  /** Known datacenters, nearest first. */
  datacenters(query: Pick<ReadQuery, 'signal'>): Promise<Answer<readonly string[]>> {
    const endpoint = aggregate('catalog/datacenters', 'the datacenters');
    return this.#read(endpoint, { ...query, consistency: 'default', datacenter: undefined }, (body) => {
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
      return await this.#read({ ...endpoint, path: `${path}/execute`, headers }, query, (body) => {
        const result = this.#decoder.queryResult(parse(body));
        if (result === undefined) throw unexpected(endpoint.what, undefined);
        return result;
      });
    } catch (error) {
      if (!(error instanceof CatalogError) || error.code !== 'not-found') throw error;
      return { index: undefined, value: undefined, fetchedAt: this.#options.clock.now(), hasLeader: true, madeBy: '' };
    }
  }

  /** Needs `agent:read`; fails with `permission-denied` without. */
  async self(query: Pick<ReadQuery, 'signal'>): Promise<AgentFacts> {
    const endpoint = aggregate('agent/self', 'the agent');
    const { value } = await this.#read(endpoint, { ...query, consistency: 'default', datacenter: undefined }, parse);
    const config = isObject(value) ? value['Config'] : undefined;
    const datacenter = isObject(config) ? textOf(config['Datacenter']) : '';
    if (datacenter === '') throw unexpected('the agent', value);
    const debug = isObject(value) ? value['DebugConfig'] : undefined;
    return { datacenter, domain: (isObject(debug) && textOf(debug['DNSDomain'])) || undefined };
  }

  /** Breaks every request under way. */
  close(): Promise<void> {
    return this.#backends.close();
  }

  #readList<T>(
    endpoint: Endpoint,
    query: ReadQuery,
    decode: (rows: unknown) => readonly T[],
  ): Promise<Answer<readonly T[]>> {
    return this.#read(endpoint, query, async (body) => {
      const all: T[] = [];
      for await (const slice of jsonSlices(body)) {
        if (slice !== null && !Array.isArray(slice)) throw unexpected(endpoint.what, slice);
        for (const row of decode(slice)) all.push(row);
      }
      return Object.freeze(all);
    });
  }

  async #read<T>(endpoint: Endpoint, query: ReadQuery, decode: (body: Buffer) => T | Promise<T>): Promise<Answer<T>> {
    const answer = await this.#ask(endpoint, query);
    if (query.consistency === 'stale' && lastContactMs(answer) > this.#options.maxStaleMs) {
      return this.#read(endpoint, { ...query, consistency: 'default' }, decode);
    }
    this.#noteFilter(answer);
    return {
      index: header(answer, 'x-consul-index'),
      value: await decodeOr(answer.body, endpoint.what, decode),
      fetchedAt: this.#options.clock.now(),
      hasLeader: header(answer, 'x-consul-knownleader') !== 'false',
      madeBy: header(answer, 'x-consul-query-backend') ?? '',
    };
  }

  /** The backend's 200, from one address or another. */
  async #ask(endpoint: Endpoint, query: ReadQuery): Promise<RawAnswer> {
    const { metrics } = this.#options;
    try {
      const answer = await this.#backends.ask(
        (backend) =>
          backend.get({
            path: this.#pathFor(endpoint, query),
            retryPath: this.#pathFor(endpoint, { ...query, blocking: undefined }),
            isBlocking: query.blocking !== undefined,
            headers: {
              ...this.#headers(),
              ...endpoint.headers,
              ...(endpoint.isAggregate && !backend.address.isLoopback && { 'accept-encoding': 'gzip' }),
            },
            maxBodyBytes: endpoint.isAggregate ? AGGREGATE_BODY_BYTES : ORDINARY_BODY_BYTES,
            signal: query.signal,
          }),
        (answer) => this.#refusalOf(answer, endpoint.what),
      );
      metrics.backendRequests.inc({ endpoint: endpoint.name, outcome: 'ok' });
      return answer;
    } catch (error) {
      const outcome = error instanceof CatalogError ? error.code : 'aborted';
      metrics.backendRequests.inc({ endpoint: endpoint.name, outcome });
      if (outcome === 'unknown-token' || outcome === 'permission-denied') this.#options.onForbidden();
      throw error;
    }
  }

  #refusalOf(answer: RawAnswer, what: string): CatalogError | undefined {
    if (answer.status !== 200) {
      return errorOfRefusal(
        { status: answer.status, body: answer.body.toString('utf8') },
        { what, secret: this.#options.token() },
      );
    }
    const type = header(answer, 'content-type') ?? '';
    if (/^application\/json\b/i.test(type)) return undefined;
    return new CatalogError('bad-response', `Cannot read ${what}: the backend answered "${type}" and not JSON`);
  }

  #pathFor(endpoint: Endpoint, query: ReadQuery): string {
    const { namespace, partition } = this.#options;
    const parameters = new URLSearchParams();
    if (query.datacenter !== undefined) parameters.set('dc', query.datacenter);
    if (query.peer !== undefined) parameters.set('peer', query.peer);
    if (namespace !== undefined) parameters.set('ns', namespace);
    if (partition !== undefined) parameters.set('partition', partition);
    if (query.consistency !== 'default') parameters.set(query.consistency, '');
    if (query.blocking !== undefined) {
      parameters.set('index', query.blocking.index);
      parameters.set('wait', `${Math.max(1, Math.ceil(query.blocking.waitMs))}ms`);
    }
    const text = parameters.toString();
    return text === '' ? endpoint.path : `${endpoint.path}?${text}`;
  }

  #headers(): Record<string, string> {
    const token = this.#options.token();
    return {
      accept: 'application/json',
      ...(this.#authorization !== undefined && { authorization: this.#authorization }),
      ...(token !== undefined && token !== '' && { 'x-consul-token': token }),
    };
  }

  #noteFilter(answer: RawAnswer): void {
    if (header(answer, 'x-consul-results-filtered-by-acls') !== 'true') return;
    this.#options.metrics.filteredResults.inc();
    if (this.#warnedOfFilter) return;
    this.#warnedOfFilter = true;
    this.#options.log.warn('the token may not see everything: the backend took rows out of its answers');
  }
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

async function decodeOr<T>(body: Buffer, what: string, decode: (body: Buffer) => T | Promise<T>): Promise<T> {
  try {
    return await decode(body);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CatalogError('bad-response', `Cannot read ${what}: the answer is no JSON`, { cause });
  }
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

function header(answer: RawAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function lastContactMs(answer: RawAnswer): number {
  return Number(header(answer, 'x-consul-lastcontact') ?? 0);
}
