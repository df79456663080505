/** What all endpoints of the HTTP API have in common: paths, methods, guards, bodies in, replies out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { posix } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../telemetry/log.js';
import { Asker } from './asker.js';
import type { AgentRequest, Endpoint, Method } from './endpoint.js';
import { checkEnterprise } from './enterprise.js';
import { checkWrite, type GuardedRequest, type GuardOptions, mayWriteWithGet } from './guard.js';
import { HttpError } from './http-error.js';
import { type Reply, textReply } from './reply.js';

const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** As in Consul: shorter bodies do not profit. */
const MIN_GZIP_BYTES = 1400;
const WRITE_METHODS: ReadonlySet<string> = new Set(['PUT', 'POST', 'DELETE']);
const gzipAsync = promisify(gzip);

/** A request, and where its reply goes. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

export interface HttpEdgeOptions {
  readonly guard: GuardOptions;
  readonly log: Log;
}

export class HttpEdge {
  readonly #guard: GuardOptions;
  readonly #log: Log;
  readonly #open = new Set<Asker>();
  #isClosing = false;

  constructor({ guard, log }: HttpEdgeOptions) {
    this.#guard = guard;
    this.#log = log;
  }

  /** Lets every blocked read answer now. */
  endWaits(): void {
    this.#isClosing = true;
    for (const asker of this.#open) asker.leave();
  }

  /** Answers a request for the endpoint that its path leads to, if it leads to one, whatever becomes of it. */
  async answer({ incoming, outgoing }: Exchange, endpoint: Endpoint | undefined): Promise<void> {
    const asker = this.#watch(outgoing);
    try {
      await this.#send(await this.#handle(incoming, endpoint, asker), incoming, outgoing);
    } catch (error) {
      await this.#send(this.#errorReply(error, incoming), incoming, outgoing);
    }
  }

  async #handle(incoming: IncomingMessage, endpoint: Endpoint | undefined, asker: Asker): Promise<Reply> {
    const { path: sentPath, search } = splitTarget(incoming);
    const path = decodePath(sentPath);
    if (path === undefined) return { status: 400, headers: {}, body: '' };
    const cleaned = posix.normalize(path);
    const target = `${cleaned}/` === endpoint?.path ? endpoint.path : cleaned;
    if (target !== path) return { status: 301, headers: { Location: `${encodePath(target)}${search}` }, body: '' };
    if (endpoint === undefined) return textReply(404, 'Invalid URL path: not a recognized HTTP API endpoint');
    if (/%(?![0-9a-f]{2})/i.test(search)) return { status: 500, headers: {}, body: '' };
    const method = incoming.method ?? 'GET';
    const allow = `OPTIONS,${endpoint.methods.join(',')}`;
    if (method === 'OPTIONS') return { status: 200, headers: { Allow: allow }, body: '' };
    const caller = callerOf(incoming);
    const isLenientGet = method === 'GET' && endpoint.isLenient === true && mayWriteWithGet(caller);
    if (!isMethodOf(endpoint, method) && !isLenientGet) {
      return textReply(405, `method ${method} not allowed`, { Allow: allow });
    }
    if (WRITE_METHODS.has(method) || isLenientGet) checkWrite(caller, this.#guard);
    const query = new URLSearchParams(search);
    checkEnterprise(endpoint.path, query);
    const request: AgentRequest = {
      method,
      target: `${sentPath}${search}`,
      argument: path.slice(endpoint.path.length),
      query,
      header: (name) => headerOf(incoming, name),
      body: () => readBody(incoming),
      asker,
    };
    return endpoint.handle(request);
  }

  #watch(outgoing: ServerResponse): Asker {
    const asker = new Asker();
    if (this.#isClosing) asker.leave();
    this.#open.add(asker);
    outgoing.once('close', () => {
      this.#open.delete(asker);
      asker.leave();
    });
    return asker;
  }

  #errorReply(error: unknown, { url }: IncomingMessage): Reply {
    if (error instanceof HttpError) return textReply(error.status, error.message);
    this.#log.error('request failed', { url, error });
    return textReply(500, error instanceof Error ? error.message : String(error));
  }

  async #send(reply: Reply, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { status, headers, body, afterSent } = reply;
    const size = Buffer.byteLength(body);
    const isZipped = size >= MIN_GZIP_BYTES && /\bgzip\b/.test(headerOf(incoming, 'accept-encoding') ?? '');
    const sent = isZipped ? await gzipAsync(body) : body;
    if (afterSent !== undefined) outgoing.once('finish', afterSent);
    outgoing.writeHead(status, {
      Vary: 'Accept-Encoding',
      'X-Consul-Default-Acl-Policy': 'allow',
      ...headers,
      ...(isZipped ? { 'Content-Encoding': 'gzip' } : {}),
      ...(this.#isClosing ? { Connection: 'close' } : {}),
      'Content-Length': isZipped ? sent.length : size,
    });
    outgoing.end(sent);
  }
}

/** The path that decides on the endpoint, as Go's ServeMux takes it: decoded and without dot segments. */
export function routeOf(incoming: IncomingMessage): string {
  return posix.normalize(decodePath(splitTarget(incoming).path) ?? '/');
}

function isMethodOf(endpoint: Endpoint, method: string): boolean {
  return endpoint.methods.some((known: Method) => known === method);
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function callerOf(incoming: IncomingMessage): GuardedRequest {
  return {
    host: incoming.headers.host?.toLowerCase(),
    origin: incoming.headers.origin,
    referer: incoming.headers.referer,
    fetchSite: headerOf(incoming, 'sec-fetch-site'),
  };
}

/** A request's target taken apart, as it was sent; proxies send whole URLs (RFC 9112 3.2.2). */
function splitTarget({ url: target = '/' }: IncomingMessage): { readonly path: string; readonly search: string } {
  const local = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?]*/i, '');
  const query = local.indexOf('?');
  const path = query < 0 ? local : local.slice(0, query);
  return { path: path.startsWith('/') ? path : `/${path}`, search: query < 0 ? '' : local.slice(query) };
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

function encodePath(path: string): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent);
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
