import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { buildConnector, type Dispatcher, errors } from 'undici';
import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { BackendAddress } from './backend-address.js';
import { CatalogError } from './catalog-error.js';
import { connectionFailure } from './connection-failure.js';
import { Connections, STREAMS_PER_CONNECTION } from './connections.js';
import { Slots } from './slots.js';

export interface TlsOptions {
  /** PEM texts that replace the system's roots; undefined keeps those. */
  readonly ca: readonly string[] | undefined;
  /** PEM texts, both or neither. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** SNI and the name that is verified; undefined means the address's host. */
  readonly servername: string | undefined;
  readonly verify: boolean;
}

export interface BackendOptions {
  readonly tls: TlsOptions;
  /** Most sockets at a time (http-api A3.1). */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface BackendRequest {
  /** Path and query, without the address's prefix. */
  readonly path: string;
  /** Asked once more when a kept-alive connection turns out to be closed; without an index, for who closed it may have started anew. */
  readonly retryPath: string;
  /** The answer may be held back for long. */
  readonly isBlocking: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const CONNECT_TIMEOUT_MS = 1_000;
/** TCP keep-alive, which finds out that a silent peer is gone. */
const KEEP_ALIVE_PROBE_MS = 30_000;
/** A connection closed this soon, without a byte, was one too many for the server. */
const REFUSED_WITHIN_MS = 1_000;
const BUDGET_REGAIN_MS = 60_000;
/** Enough for the blocking queries over one datacenter and some reads. */
const LEAST_CONNECTIONS = 8;

const gunzipBody = promisify(gunzip);

/** The connections to one address. */
export class Backend implements Closable {
  readonly address: BackendAddress;
  readonly #options: BackendOptions;
  readonly #connections: Connections;
  readonly #requests: Slots;
  /** Blocking queries, which must leave connections to others: each keeps one for a minute. */
  readonly #blocking: Slots;
  #connectionBudget: number;
  #isShared = false;
  #halvedAt = 0;

  constructor(address: BackendAddress, options: BackendOptions) {
    this.address = address;
    this.#options = options;
    this.#connectionBudget = options.maxConnections;
    this.#requests = new Slots({ limit: options.maxConnections, maxWaiting: Number.POSITIVE_INFINITY });
    this.#blocking = new Slots({
      limit: shareOfBlocking(options.maxConnections),
      maxWaiting: Number.POSITIVE_INFINITY,
    });
    this.#connections = new Connections({
      origin: address.origin,
      connector: createConnector(address, options.tls),
      onShared: () => {
        this.#isShared = true;
        this.#applyBudget();
      },
    });
  }

  /** How many requests can be under way at once. */
  get capacity(): number {
    return this.#requests.limit;
  }

  get openSockets(): number {
    return this.#connections.openSockets;
  }

  /** Rejects with a `CatalogError`, or with the signal's reason once that is aborted. */
  get(request: BackendRequest): Promise<RawAnswer> {
    this.#regainBudget();
    const turn = { signal: request.signal, isUrgent: true };
    const ask = (): Promise<RawAnswer> => this.#requests.run(() => this.#getWithRetry(request), turn);
    return request.isBlocking ? this.#blocking.run(ask, turn) : ask();
  }

  /** Breaks every connection and with it every request under way. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #getWithRetry(request: BackendRequest): Promise<RawAnswer> {
    const startedAt = performance.now();
    try {
      return await this.#getOnce(request, request.path);
    } catch (error) {
      if (request.signal.aborted || !isBrokenConnection(error)) throw this.#wrap(error, request.signal);
      if (this.#bytesReadBefore(error) === 0) {
        if (performance.now() - startedAt < REFUSED_WITHIN_MS) this.#halveBudget();
        throw this.#wrap(error, request.signal);
      }
    }
    try {
      return await this.#getOnce(request, request.retryPath);
    } catch (error) {
      throw this.#wrap(error, request.signal);
    }
  }

  #getOnce({ headers, maxBodyBytes, signal }: BackendRequest, path: string): Promise<RawAnswer> {
    return this.#connections.use(async (client) => {
      const answer = await client.request({
        method: 'GET',
        path: `${this.address.pathPrefix}${path}`,
        headers,
        signal,
      });
      const received = await readBody(answer.body, maxBodyBytes);
      const isGzipped = answer.headers['content-encoding'] === 'gzip';
      const body = isGzipped ? await unpack(received, maxBodyBytes) : received;
      return { status: answer.statusCode, headers: answer.headers, body };
    });
  }

  #wrap(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (error instanceof CatalogError) return error;
    const { label } = this.address;
    if (error instanceof errors.ClientDestroyedError || error instanceof errors.ClientClosedError) {
      return new CatalogError('closed', `Cannot ask ${label}: the client was closed`, { cause: error });
    }
    return new CatalogError('unreachable', `Cannot reach ${label}: ${connectionFailure(error)}`, { cause: error });
  }

  /** Bytes that came over the socket before it broke: none means it was new. */
  #bytesReadBefore(error: Error): number {
    if (error instanceof errors.SocketError) return error.socket?.bytesRead ?? 0;
    return this.#connections.socketOf(error)?.bytesRead ?? 0;
  }

  #applyBudget(): void {
    const limit = this.#connectionBudget * (this.#isShared ? STREAMS_PER_CONNECTION : 1);
    this.#requests.limit = limit;
    this.#blocking.limit = shareOfBlocking(limit);
  }

  #halveBudget(): void {
    const least = Math.min(LEAST_CONNECTIONS, this.#options.maxConnections);
    this.#halvedAt = this.#options.clock.now();
    if (this.#connectionBudget <= least) return;
    this.#connectionBudget = Math.max(least, Math.floor(this.#connectionBudget / 2));
    this.#applyBudget();
    this.#options.log.warn('backend closed a new connection', {
      backend: this.address.label,
      connections: this.#connectionBudget,
    });
  }

  #regainBudget(): void {
    const { maxConnections, clock } = this.#options;
    if (this.#connectionBudget >= maxConnections || clock.now() - this.#halvedAt < BUDGET_REGAIN_MS) return;
    this.#connectionBudget = Math.min(maxConnections, this.#connectionBudget * 2);
    this.#halvedAt = clock.now();
    this.#applyBudget();
  }
}

function shareOfBlocking(limit: number): number {
  return Math.max(1, limit - Math.max(1, Math.floor(limit / 4)));
}

function createConnector({ socketPath }: BackendAddress, tls: TlsOptions): buildConnector.connector {
  const { ca, cert, key, servername, verify } = tls;
  return buildConnector({
    allowH2: true,
    timeout: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    rejectUnauthorized: verify,
    ...(socketPath !== undefined && { socketPath }),
    ...(ca !== undefined && { ca: [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  });
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // undici's bodies are byte streams.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

async function unpack(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await gunzipBody(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLong(maxBytes);
    throw new CatalogError('bad-response', 'Cannot unpack the answer: it is no gzip', { cause });
  }
}

function tooLong(maxBytes: number): CatalogError {
  return new CatalogError('bad-response', `Cannot take the answer: it is longer than ${maxBytes} bytes`);
}

function isBrokenConnection(error: unknown): error is Error {
  if (error instanceof errors.SocketError) return true;
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
