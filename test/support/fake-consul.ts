import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '../../src/clock.js';
import { FakeCatalog, type FakeInstance, type FakeNode, type FakeQuery } from './fake-catalog.js';

/** What a scripted Consul does in place of its ordinary answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'body'; readonly body: string; readonly contentType?: string }
  /** The request is taken and never answered. */
  | { readonly kind: 'hang' }
  /** The connection is reset without an answer. */
  | { readonly kind: 'reset' }
  /** The ordinary answer, but late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The ordinary answer with further headers; undefined takes one away. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> };

export interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly httpVersion: string;
}

export interface FakeTls {
  readonly cert: string;
  readonly key: string;
  readonly allowH2: boolean;
  /** Clients have to show a certificate that this authority signed. */
  readonly clientCa?: string;
}

export interface FakeConsulOptions {
  readonly datacenter?: string;
  readonly nodes?: readonly FakeNode[];
  readonly services?: Readonly<Record<string, readonly FakeInstance[]>>;
  readonly queries?: Readonly<Record<string, FakeQuery>>;
  /** Serves https, HTTP/2 included where ALPN agrees on it. */
  readonly tls?: FakeTls;
  readonly socketPath?: string;
  /** Whose time blocking queries wait in; the system's when left out. */
  readonly clock?: Clock;
}

interface Rule {
  readonly pattern: string | RegExp;
  readonly fault: Fault;
  timesLeft: number;
}

/** A scriptable Consul over real HTTP, with blocking queries. */
export async function startFakeConsul(options: FakeConsulOptions = {}): Promise<FakeConsul> {
  const consul = new FakeConsul(options);
  await consul.comeBack();
  return consul;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

function createTlsServer(tls: FakeTls, listener: Listener): FakeServer {
  const options = {
    cert: tls.cert,
    key: tls.key,
    ...(tls.clientCa !== undefined && { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
  };
  if (!tls.allowH2) return createHttpsServer(options, listener);
  // The compatibility layer of http2 gives requests and responses that work like those of http.
  const compatible = listener as unknown as Parameters<typeof createSecureServer>[1];
  return createSecureServer({ ...options, allowHTTP1: true }, compatible);
}

type FakeServer = ReturnType<typeof createServer> | ReturnType<typeof createHttpsServer> | Http2SecureServer;

export class FakeConsul {
  /** Every request that came in, oldest first. */
  readonly requests: SeenRequest[] = [];
  readonly #options: FakeConsulOptions;
  readonly #local: FakeCatalog;
  readonly #datacenters = new Map<string, FakeCatalog>();
  readonly #sockets = new Set<Socket>();
  readonly #ending = new AbortController();
  #rules: Rule[] = [];
  #server: FakeServer | undefined;
  #port = 0;
  #holding = 0;
  #answered = 0;
  #mostSockets = 0;

  constructor(options: FakeConsulOptions) {
    setMaxListeners(0, this.#ending.signal);
    this.#options = options;
    this.#local = this.addDatacenter(options.datacenter ?? 'dc1');
    for (const node of options.nodes ?? []) this.#local.setNode(node);
    for (const [name, instances] of Object.entries(options.services ?? {})) this.#local.setService(name, instances);
    for (const [name, query] of Object.entries(options.queries ?? {})) this.setQuery(name, query);
  }

  get url(): string {
    if (this.#options.socketPath !== undefined) return `unix://${this.#options.socketPath}`;
    return `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  /** The data of the local datacenter. */
  get catalog(): FakeCatalog {
    return this.#local;
  }

  /** Blocking queries being held now. */
  get holding(): number {
    return this.#holding;
  }

  /** Requests answered so far. */
  get answered(): number {
    return this.#answered;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** The most sockets that were ever open at once. */
  get mostSockets(): number {
    return this.#mostSockets;
  }

  addDatacenter(name: string): FakeCatalog {
    const catalog = new FakeCatalog(name);
    this.#datacenters.set(name, catalog);
    return catalog;
  }

  datacenter(name: string): FakeCatalog {
    const catalog = this.#datacenters.get(name);
    if (catalog === undefined) throw new Error(`There is no datacenter "${name}"`);
    return catalog;
  }

  removeDatacenter(name: string): void {
    this.#datacenters.delete(name);
  }

  /** Sets all instances of a service; none takes it away. */
  setService(name: string, instances: readonly FakeInstance[]): void {
    this.#local.setService(name, instances);
  }

  setNode(node: FakeNode): void {
    this.#local.setNode(node);
  }

  removeNode(name: string): void {
    this.#local.removeNode(name);
  }

  setStatus(service: string, status: string): void {
    this.#local.setStatus(service, status);
  }

  setQuery(name: string, query: FakeQuery | undefined): void {
    if (query === undefined) this.#local.queries.delete(name.toLowerCase());
    else this.#local.queries.set(name.toLowerCase(), query);
  }

  /** Requests whose path and query contain the text, or match the expression, meet the fault, `times` of them at most. */
  fail(pattern: string | RegExp, fault: Fault, { times = Number.POSITIVE_INFINITY } = {}): void {
    this.#rules.unshift({ pattern, fault, timesLeft: times });
  }

  /** Takes all faults away, or those set for this very pattern. */
  heal(pattern?: string | RegExp): void {
    this.#rules = pattern === undefined ? [] : this.#rules.filter((rule) => rule.pattern !== pattern);
  }

  /** Requests for paths that start like this, without `/v1/`. */
  requestsTo(path: string): readonly SeenRequest[] {
    return this.requests.filter((request) => request.path.startsWith(`/v1/${path}`));
  }

  /** Stops listening and breaks every connection; the data stays. */
  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Breaks every connection but goes on listening. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Listens (again), on the same port as before. */
  async comeBack(): Promise<void> {
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    };
    const { tls, socketPath } = this.#options;
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      this.#mostSockets = Math.max(this.#mostSockets, this.#sockets.size);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    if (socketPath === undefined) server.listen(this.#port, '127.0.0.1');
    else server.listen(socketPath);
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') this.#port = address.port;
    this.#server = server;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.goAway();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    this.requests.push({
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      at: Date.now(),
      httpVersion: request.httpVersion,
    });
    response.once('finish', () => {
      this.#answered += 1;
    });
    const fault = this.#faultFor(request.url ?? '/');
    switch (fault?.kind) {
      case 'hang':
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      case 'status':
        response.writeHead(fault.status, { 'content-type': 'text/plain', 'x-consul-index': '1' }).end(fault.body ?? '');
        return;
      case 'body':
        response.writeHead(200, { 'content-type': fault.contentType ?? 'application/json' }).end(fault.body);
        return;
      case 'delay':
        await delay(fault.ms, undefined, { signal: this.#ending.signal }).catch(() => {});
    }
    await this.#answer(url, { request, response, headers: fault?.kind === 'headers' ? fault.headers : {} });
  }

  #faultFor(target: string): Fault | undefined {
    const rule = this.#rules.find(
      ({ pattern, timesLeft }) =>
        timesLeft > 0 && (typeof pattern === 'string' ? target.includes(pattern) : pattern.test(target)),
    );
    if (rule === undefined) return undefined;
    rule.timesLeft -= 1;
    return rule.fault;
  }

  async #answer(
    url: URL,
    exchange: {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
      readonly headers: Readonly<Record<string, string | undefined>>;
    },
  ): Promise<void> {
    const { request, response } = exchange;
    const path = url.pathname.slice('/v1/'.length).split('/').map(decodeURIComponent);
    if (path.join('/') === 'catalog/datacenters') {
      this.#send(exchange, undefined, [...this.#datacenters.keys()]);
      return;
    }
    const catalog = this.#datacenters.get(url.searchParams.get('dc') ?? this.#local.datacenter);
    if (catalog === undefined) {
      response.writeHead(500, { 'x-consul-index': '1' }).end('No path to datacenter');
      return;
    }
    const source = request.headers['x-forwarded-for'];
    const read = () => catalog.read(path, typeof source === 'string' ? source : '');
    await this.#hold(url, { catalog, request, read });
    const reading = read();
    if (reading === undefined && path[0] === 'config') {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`invalid config entry kind: ${path[1]}`);
      return;
    }
    if (reading === undefined) {
      response.writeHead(404).end(path[0] === 'query' ? 'Query not found' : '');
      return;
    }
    this.#send(exchange, reading.index, reading.body);
  }

  /** Waits as a blocking query does, until the index is past the one sent. */
  async #hold(
    url: URL,
    {
      catalog,
      request,
      read,
    }: {
      readonly catalog: FakeCatalog;
      readonly request: IncomingMessage;
      readonly read: () => { readonly index: number | undefined } | undefined;
    },
  ): Promise<void> {
    const index = Number(url.searchParams.get('index') ?? 0);
    if (index === 0 || read()?.index === undefined) return;
    const wait = /^(\d+)ms$/.exec(url.searchParams.get('wait') ?? '300000ms');
    if (wait === null) throw new Error(`Cannot hold "${url.pathname}": wait "${url.searchParams.get('wait')}"`);
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    request.once('close', leave);
    request.socket.once('close', leave);
    const stop = (): void => gone.abort();
    this.#ending.signal.addEventListener('abort', stop);
    const { clock = systemClock } = this.#options;
    clock.sleep(Number(wait[1]), { signal: gone.signal }).then(stop, () => {});
    this.#holding += 1;
    const isCurrent = (): boolean => (read()?.index ?? 0) <= index;
    while (!gone.signal.aborted && isCurrent()) await catalog.nextWrite(gone.signal);
    this.#holding -= 1;
    gone.abort();
    this.#ending.signal.removeEventListener('abort', stop);
    request.socket.off('close', leave);
  }

  #send(
    {
      request,
      response,
      headers,
    }: {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
      readonly headers: Readonly<Record<string, string | undefined>>;
    },
    index: number | undefined,
    body: unknown,
  ): void {
    const all: Record<string, string | undefined> = {
      'content-type': 'application/json',
      ...(index !== undefined && {
        'x-consul-index': String(index),
        'x-consul-knownleader': 'true',
        'x-consul-lastcontact': '0',
      }),
      ...headers,
    };
    const text = JSON.stringify(body);
    const isGzipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    if (isGzipped) all['content-encoding'] = 'gzip';
    for (const [name, value] of Object.entries(all)) if (value !== undefined) response.setHeader(name, value);
    response.end(isGzipped ? gzipSync(text) : text);
  }
}
