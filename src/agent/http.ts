import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, ListenOptions } from 'node:net';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { Endpoint } from './endpoint.js';
import { isLoopback } from './guard.js';
import { HttpEdge } from './http-edge.js';

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
  const edge = new HttpEdge(endpoints, {
    guard: { isLoopback: options.hosts.every(isLoopback), names },
    log: options.log,
  });
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
      const server = createServer((incoming, outgoing) => edge.answer(incoming, outgoing));
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

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(grace);
}
