/** What all endpoints of the HTTP API have in common: paths, methods, guards, bodies in, replies out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Log } from '../telemetry/log.js';
import type { AgentRequest, Endpoint, Method } from './endpoint.js';
import { checkEnterprise } from './enterprise.js';
import { checkWrite, type GuardedRequest, type GuardOptions, mayWriteWithGet } from './guard.js';
import { HttpError } from './http-error.js';
import { type Reply, textReply } from './reply.js';

type AgentContext = Context<{ Bindings: HttpBindings }>;

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** As in Consul: shorter bodies do not profit. */
const MIN_GZIP_BYTES = 1400;
const WRITE_METHODS: ReadonlySet<string> = new Set(['PUT', 'POST', 'DELETE']);
/** Why a read ends early. Without a reason of ours, each request would make an error with a stack that nobody reads. */
const NO_CLIENT = 'nobody waits for the answer any more';
const gzipAsync = promisify(gzip);

export interface HttpEdgeOptions {
  readonly guard: GuardOptions;
  readonly log: Log;
}

export class HttpEdge {
  readonly #guard: GuardOptions;
  readonly #log: Log;
  readonly #open = new Set<AbortController>();
  #isClosing = false;

  constructor({ guard, log }: HttpEdgeOptions) {
    this.#guard = guard;
    this.#log = log;
  }

  /** Lets every blocked read answer now. */
  endWaits(): void {
    this.#isClosing = true;
    for (const open of this.#open) open.abort(NO_CLIENT);
  }

  async answer(context: AgentContext, endpoint: Endpoint): Promise<Response> {
    const { incoming, outgoing } = context.env;
    const gone = this.#watch(outgoing);
    try {
      const reply = await this.#handle(context, endpoint, gone.signal);
      if (reply.afterSent !== undefined) outgoing.once('finish', reply.afterSent);
      return await this.#send(context, reply);
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
    if (WRITE_METHODS.has(method) || isLenientGet) checkWrite(caller, this.#guard);
    const request = toAgentRequest(context, method, path.slice(endpoint.path.length), signal);
    checkEnterprise(endpoint.path, request.query);
    return endpoint.handle(request);
  }

  #watch(outgoing: HttpBindings['outgoing']): AbortController {
    const gone = new AbortController();
    if (this.#isClosing) gone.abort(NO_CLIENT);
    this.#open.add(gone);
    // The bindings' type allows for HTTP/2, which this server does not speak.
    (outgoing as ServerResponse).once('close', () => {
      this.#open.delete(gone);
      gone.abort(NO_CLIENT);
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

function callerOf({ headers }: HttpBindings['incoming']): GuardedRequest {
  return { host: headers.host, origin: headers.origin, referer: headers.referer, fetchSite: headers['sec-fetch-site'] };
}

/** The path of an absolute URL, as it was sent. */
export function rawPath(url: string): string {
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
