import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { Endpoint } from './endpoint.js';
import { isLoopback } from './guard.js';
import { type Exchange, HttpEdge, routeOf } from './http-edge.js';

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

/** What the adaptor binds each request to. */
interface Bound {
  readonly Bindings: Exchange;
}

/** How long replies under way may take when the server closes. */
const CLOSE_GRACE_MS = 250;
/** Thousands who watch connect at once after a restart: with Node's 511, many would wait for a second try of TCP's. */
const BACKLOG = 4096;

/** The HTTP API cannot be served where it should be. */
export class AgentListenError extends Error {
  override readonly name = 'AgentListenError';
  readonly code: 'address-in-use' | 'failed';

  constructor(code: AgentListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Opens the HTTP API: endpoints in, a listening server out. */
export async function serveHttp(endpoints: readonly Endpoint[], options: HttpOptions): Promise<HttpServer> {
  const names = new Set(options.names.map((name) => name.toLowerCase()));
  const edge = new HttpEdge({ guard: { isLoopback: options.hosts.every(isLoopback), names }, log: options.log });
  const routes = createRoutes(endpoints, edge);
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    // No new connections first, then an answer for those that wait: the other way round would cut answers short.
    const closed = Promise.all(servers.splice(0).map(closeServer));
    edge.endWaits();
    await closed;
  };
  try {
    let address: HttpServer['address'] | undefined;
    for (const host of options.hosts) {
      // The name stands in for the Host that HTTP/1.0 does without. Without more options this is a plain HTTP/1.1 server.
      const server = createAdaptorServer({ ...routes, hostname: 'localhost', overrideGlobalObjects: false }) as Server;
      server.prependListener('request', lowerHost);
      const port = address?.port ?? options.port;
      // Beside a listener for all of IPv4, one for all of IPv6 must keep to IPv6.
      const bound = await listen(server, { host, port, ipv6Only: options.hosts.includes('0.0.0.0') });
      servers.push(server);
      address ??= bound;
    }
    if (address === undefined) {
      throw new AgentListenError('failed', 'Cannot serve the HTTP API: there is no address to listen on');
    }
    return { address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Which endpoint a path leads to. Replies are written to Node's response, not given back as objects of the Fetch API: where
 * thousands wait for one change, making those took most of the time.
 */
function createRoutes(endpoints: readonly Endpoint[], edge: HttpEdge): Pick<Hono<Bound>, 'fetch'> {
  const answer = async ({ env }: Context<Bound>, endpoint?: Endpoint): Promise<Response> => {
    await edge.answer(env, endpoint);
    return RESPONSE_ALREADY_SENT;
  };
  // The adaptor gives each request its exchange.
  const getPath = (_request: Request, options?: { env?: Exchange }) =>
    options?.env ? routeOf(options.env.incoming) : '/';
  const app = new Hono<Bound>({ getPath });
  for (const endpoint of [...endpoints].sort(bySpecificity)) {
    const pattern = takesArgument(endpoint) ? `${endpoint.path}*` : endpoint.path;
    app.all(pattern, (context) => answer(context, endpoint));
  }
  app.notFound((context) => answer(context));
  return { fetch: app.fetch };
}

function takesArgument({ path }: Endpoint): boolean {
  return path.endsWith('/') && path !== '/';
}

/** `/v1/query` and `/v1/agent/service/register` stand before `/v1/query/` and `/v1/agent/service/`. */
function bySpecificity(a: Endpoint, b: Endpoint): number {
  return Number(takesArgument(a)) - Number(takesArgument(b)) || b.path.length - a.path.length;
}

async function listen(server: Server, options: ListenOptions & { host: string }): Promise<HttpServer['address']> {
  const { host, port } = options;
  // Clients that poll keep their connections; Go's server does not cut idle ones either.
  server.keepAliveTimeout = 0;
  server.listen({ ...options, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const reason = isTaken
      ? `another process has this port; stop it ("ss -ltnp 'sport = :${port}'" shows it) or choose another --http-port`
      : cause;
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    const code = isTaken ? 'address-in-use' : 'failed';
    throw new AgentListenError(code, `Cannot serve the HTTP API on ${place}: ${reason}`, { cause });
  }
  // A TCP server that listens has such an address.
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port };
}

/** The adaptor refuses host names with capitals; letter case says nothing there. */
function lowerHost({ headers }: IncomingMessage): void {
  if (headers.host !== undefined) headers.host = headers.host.toLowerCase();
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(grace);
}
