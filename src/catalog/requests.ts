import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Answer, ReadQuery } from './answer.js';
import { errorOfRefusal } from './api-error.js';
import type { RawAnswer, TlsOptions } from './backend.js';
import { parseBackendAddress } from './backend-address.js';
import { BackendSet } from './backend-set.js';
import { CatalogError } from './catalog-error.js';
import { Complaints } from './complaints.js';

export interface RequestsOptions {
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
  readonly maxStaleMs: () => number;
  /** Most sockets to one address at a time. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Endpoint {
  /** For metrics: the path's fixed part. */
  readonly name: string;
  readonly path: string;
  /** Completes "Cannot read ...". */
  readonly what: string;
  readonly isAggregate: boolean;
  /** Tokens need not be allowed to read it. */
  readonly isOptional?: boolean;
  /** Older backends do not know it, and say so. */
  readonly isNewer?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const AGGREGATE_BODY_BYTES = 256 * 1024 * 1024;
const ORDINARY_BODY_BYTES = 32 * 1024 * 1024;

/** Requests to the HTTP API: what is the same for every endpoint. */
export class Requests implements Closable {
  readonly #options: RequestsOptions;
  readonly #backends: BackendSet;
  readonly #authorization: string | undefined;
  readonly #complaints: Complaints;
  /** The token for which rows were seen to be missing. */
  #filteredFor: string | undefined;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.#complaints = new Complaints(options);
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

  /** Breaks every request under way. */
  close(): Promise<void> {
    return this.#backends.close();
  }

  /** One read; `decode` may throw a SyntaxError. Fails with a `CatalogError`. */
  async read<T>(endpoint: Endpoint, query: ReadQuery, decode: (body: Buffer) => T | Promise<T>): Promise<Answer<T>> {
    try {
      const answer = await this.#ask(endpoint, query);
      if (query.consistency !== 'stale' || lastContactMs(answer) <= this.#options.maxStaleMs()) {
        return await this.#accept(answer, endpoint, decode);
      }
    } catch (error) {
      if (error instanceof CatalogError && isWorthALine(error, endpoint)) this.#complaints.note(error);
      throw error;
    }
    return this.read(endpoint, { ...query, consistency: 'default' }, decode);
  }

  async #accept<T>(
    answer: RawAnswer,
    { what }: Endpoint,
    decode: (body: Buffer) => T | Promise<T>,
  ): Promise<Answer<T>> {
    const { clock, metrics } = this.#options;
    const hasLeader = header(answer, 'x-consul-knownleader') !== 'false';
    if (!hasLeader) metrics.leaderlessAnswers.inc();
    this.#noteFilter(answer);
    return {
      index: header(answer, 'x-consul-index'),
      value: await decodeOr(answer.body, what, decode),
      fetchedAt: clock.now(),
      hasLeader,
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
    const token = this.#options.token() ?? '';
    if (token === this.#filteredFor) return;
    this.#filteredFor = token;
    this.#options.log.warn('the token may not see everything: the backend took rows out of its answers');
  }
}

function isWorthALine({ code }: CatalogError, { isAggregate, isOptional = false, isNewer = false }: Endpoint): boolean {
  if (code === 'permission-denied') return !isOptional;
  if (isNewer && code === 'not-found') return false;
  // Anybody can ask for datacenters and prepared queries that do not exist.
  if (code === 'not-found' || code === 'unknown-datacenter') return isAggregate;
  return code !== 'closed';
}

async function decodeOr<T>(body: Buffer, what: string, decode: (body: Buffer) => T | Promise<T>): Promise<T> {
  try {
    return await decode(body);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CatalogError('bad-response', `Cannot read ${what}: the answer is no JSON`, { cause });
  }
}

function header(answer: RawAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function lastContactMs(answer: RawAnswer): number {
  return Number(header(answer, 'x-consul-lastcontact') ?? 0);
}
