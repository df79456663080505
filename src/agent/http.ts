/** The HTTP edge of the agent: endpoints in, a listening server out. Everything that all endpoints share is here. */

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { type Closable, CloseStack } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { AgentRequest, Endpoint, Method } from './endpoint.js';
import { checkEnterprise } from './enterprise.js';
import { checkWrite, type GuardOptions, isLoopback, mayWriteWithGet } from './guard.js';
import { HttpError } from './http-error.js';
import { type Reply, textReply } from './reply.js';

export interface HttpOptions {
  /** The addresses to listen on. */
  readonly hosts: readonly string[];
  /** 0 takes a free port. */
  readonly port: number;
  /** Host names, beside addresses and `localhost`, that clients on a loopback listener may use. */
  readonly names: readonly string[];
  readonly log: Log;
}

export interface HttpServer extends Closable {
  /** What the first of the hosts is bound to. */
  readonly address: { readonly host: string; readonly port: number };
}

type AgentContext = Context<{ Bindings: HttpBindings }>;

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** As in Consul: shorter bodies do not profit. */
const MIN_GZIP_BYTES = 1400;
/** How long replies under way may take when the server closes. */
const CLOSE_GRACE_MS = 250;
const WRITE_METHODS: ReadonlySet<string> = new Set(['PUT', 'POST', 'DELETE']);
const gzipAsync = promisify(gzip);

/** The HTTP API cannot be served where it should be. */
export class AgentListenError extends Error {
  override readonly name = 'AgentListenError';
}

export async function serveHttp(endpoints: readonly Endpoint[], options: HttpOptions): Promise<HttpServer> {
  const edge = new HttpEdge(options);
  const app = new Hono<{ Bindings: HttpBindings }>({ getPath: (request) => rawPath(request.url) });
  for (const endpoint of [...endpoints].sort(bySpecificity)) {
    const pattern = takesArgument(endpoint) ? `${endpoint.path}*` : endpoint.path;
    app.all(pattern, (context) => edge.answer(context, endpoint));
  }
  app.notFound((context) => edge.refuseUnknownPath(context));
  const owned = new CloseStack();
  try {
    let address: HttpServer['address'] | undefined;
    for (const host of options.hosts) {
      // Without serverOptions the adaptor makes a plain HTTP/1.1 server.
      const server = createAdaptorServer({ fetch: app.fetch }) as Server;
      const bound = await listen(server, host, address?.port ?? options.port);
      owned.add({ close: () => closeServer(server) });
      address ??= bound;
    }
    if (address === undefined)
      throw new AgentListenError('Cannot serve the HTTP API: there is no address to listen on');
    // Last in, first out: waits end before their servers close.
    owned.add({ close: async () => edge.endWaits() });
    return { address, close: () => owned.close() };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

function takesArgument({ path }: Endpoint): boolean {
  return path.endsWith('/') && path !== '/';
}

/** `/v1/query` and `/v1/agent/service/register` stand before `/v1/query/` and `/v1/agent/service/`. */
function bySpecificity(a: Endpoint, b: Endpoint): number {
  return Number(takesArgument(a)) - Number(takesArgument(b)) || b.path.length - a.path.length;
}

async function listen(server: Server, host: string, port: number): Promise<HttpServer['address']> {
  // Clients that poll keep their connections; Go's server does not cut idle ones either.
  server.keepAliveTimeout = 0;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'the port is taken' : cause;
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    throw new AgentListenError(`Cannot serve the HTTP API on ${place}: ${reason}`, { cause });
  }
  // A TCP server that listens has such an address.
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(grace);
}

class HttpEdge {
  readonly #guard: GuardOptions;
  readonly #log: Log;
  readonly #open = new Set<AbortController>();
  #isClosing = false;

  constructor({ hosts, names, log }: HttpOptions) {
    this.#guard = { isLoopback: hosts.every(isLoopback), names: new Set(names.map((name) => name.toLowerCase())) };
    this.#log = log;
  }

  /** Lets every blocked read answer now. */
  endWaits(): void {
    this.#isClosing = true;
    for (const open of this.#open) open.abort();
  }

  async answer(context: AgentContext, endpoint: Endpoint): Promise<Response> {
    const { incoming, outgoing } = context.env;
    const gone = this.#watch(outgoing);
    try {
      return await this.#send(context, await this.#handle(context, endpoint, gone.signal));
    } catch (error) {
      return this.#send(context, this.#errorReply(error, incoming));
    }
  }

  refuseUnknownPath(context: AgentContext): Promise<Response> {
    const path = decodePath(rawPath(context.req.url));
    const cleaned = path?.replace(/\/{2,}/g, '/');
    if (cleaned !== path && cleaned !== undefined) return this.#send(context, movedTo(cleaned, context));
    return this.#send(context, textReply(404, 'Invalid URL path: not a recognized HTTP API endpoint'));
  }

  async #handle(context: AgentContext, endpoint: Endpoint, signal: AbortSignal): Promise<Reply> {
    const { incoming } = context.env;
    const path = decodePath(rawPath(context.req.url));
    if (path === undefined) return { status: 400, headers: {}, body: '' };
    const cleaned = path.replace(/\/{2,}/g, '/');
    const target = cleaned === endpoint.path.slice(0, -1) ? endpoint.path : cleaned;
    if (target !== path) return movedTo(target, context);
    const method = incoming.method ?? 'GET';
    const allow = `OPTIONS,${endpoint.methods.join(',')}`;
    if (method === 'OPTIONS') return { status: 200, headers: { Allow: allow }, body: '' };
    const caller = callerOf(incoming);
    const isLenientGet = method === 'GET' && endpoint.isLenient === true && mayWriteWithGet(caller);
    if (!isMethodOf(endpoint, method) && !isLenientGet) {
      return textReply(405, `method ${method} not allowed`, { Allow: allow });
    }
    if (WRITE_METHODS.has(method)) checkWrite(caller, this.#guard);
    const request = toAgentRequest(context, method, path.slice(endpoint.path.length), signal);
    checkEnterprise(endpoint.path, request.query);
    return endpoint.handle(request);
  }

  #watch(outgoing: HttpBindings['outgoing']): AbortController {
    const gone = new AbortController();
    if (this.#isClosing) gone.abort();
    this.#open.add(gone);
    // The bindings' type allows for HTTP/2, which this server does not speak.
    (outgoing as ServerResponse).once('close', () => {
      this.#open.delete(gone);
      gone.abort();
    });
    return gone;
  }

  #errorReply(error: unknown, incoming: { readonly url?: string | undefined }): Reply {
    if (error instanceof HttpError) return textReply(error.status, error.message);
    this.#log.error('request failed', { url: incoming.url, error });
    return textReply(500, error instanceof Error ? error.message : String(error));
  }

  async #send(context: AgentContext, { status, headers, body }: Reply): Promise<Response> {
    const sent: Record<string, string> = {
      Vary: 'Accept-Encoding',
      'X-Consul-Default-Acl-Policy': 'allow',
      ...headers,
      ...(this.#isClosing ? { Connection: 'close' } : {}),
    };
    const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (size < MIN_GZIP_BYTES || !/\bgzip\b/.test(context.req.header('accept-encoding') ?? '')) {
      return new Response(body, { status, headers: sent });
    }
    return new Response(await gzipAsync(body), { status, headers: { ...sent, 'Content-Encoding': 'gzip' } });
  }
}

function toAgentRequest(context: AgentContext, method: string, argument: string, signal: AbortSignal): AgentRequest {
  const { url } = context.req;
  return {
    method,
    url,
    argument,
    query: new URL(url).searchParams,
    header: (name) => context.req.header(name),
    // The bindings' type allows for HTTP/2, which this server does not speak.
    body: () => readBody(context.env.incoming as IncomingMessage),
    signal,
  };
}

function isMethodOf(endpoint: Endpoint, method: string): boolean {
  return endpoint.methods.some((known: Method) => known === method);
}

function callerOf({ headers }: HttpBindings['incoming']): {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
} {
  return { host: headers.host, origin: headers.origin, referer: headers.referer };
}

/** The path of an absolute URL, as it was sent. */
function rawPath(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.indexOf('?', start);
  return url.slice(start, end < 0 ? undefined : end);
}

/** A path with its percent escapes decoded; undefined for bad escapes and control characters. */
function decodePath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return /[\u0000-\u001f\u007f]/.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function movedTo(path: string, context: AgentContext): Reply {
  const { search } = new URL(context.req.url);
  return { status: 301, headers: { Location: `${encodeURI(path)}${search}` }, body: '' };
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new HttpError(413, `Request body too large, max size: ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
