import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Respond } from '../responder/respond.js';
import { InFlight } from './in-flight.js';
import { type ListenAddress, ListenError, type Listener, type ListenOptions } from './listener.js';
import { TcpConnection } from './tcp-connection.js';

/** How often connections are looked over for limits on time; what they may go past those by. */
const LOOK_OVER_MS = 500;

/**
 * Answers DNS questions over TCP (RFC 7766) until it is closed. `::` takes IPv6 only, so that `0.0.0.0` can be bound
 * beside it.
 *
 * @throws ListenError
 */
export async function listenTcp(options: ListenOptions, respond: Respond): Promise<Listener> {
  const { host, port, reusePort = false } = options;
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  try {
    // Spread, because Node 20's types do not know it.
    server.listen({ host, port, ipv6Only: true, ...{ reusePort } });
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError({ transport: 'tcp', host, port }, error);
  }
  return new TcpListener(server, options, respond);
}

class TcpListener implements Listener {
  readonly address: ListenAddress;
  readonly #server: Server;
  readonly #options: ListenOptions;
  readonly #respond: Respond;
  readonly #connections = new Set<TcpConnection>();
  readonly #perClient = new Map<string, number>();
  readonly #sockets = new InFlight();
  readonly #stop = new AbortController();
  #lookingOver = false;
  #closing: Promise<void> | undefined;

  constructor(server: Server, options: ListenOptions, respond: Respond) {
    const { host, log } = options;
    const bound = server.address();
    // A string only for Unix sockets, null only before listening.
    const { port } = bound as Exclude<typeof bound, string | null>;
    this.address = { transport: 'tcp', host, port };
    this.#server = server;
    this.#options = options;
    this.#respond = respond;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', (error) => log.warn('TCP socket failed', { address: this.address, error: error.message }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    // Resets, and replies for a client that has gone, are the client's business; 'close' follows.
    socket.on('error', () => undefined);
    const { remoteAddress: address, remotePort: port } = socket;
    // Gone again before we got to it.
    if (address === undefined || port === undefined) {
      socket.destroy();
      return;
    }
    const refusal = this.#refusalFor(address);
    if (refusal !== undefined) {
      this.#options.metrics.tcpConnectionsCut.inc({ reason: refusal });
      socket.destroy();
      return;
    }
    const client = { address, port, transport: 'tcp' } as const;
    this.#add(new TcpConnection(socket, client, this.#options, this.#respond), socket);
  }

  /** Why there is no place for another connection of this client, after making room if that can be done. */
  #refusalFor(address: string): 'client-limit' | 'limit' | undefined {
    const { tcpConnections, tcpConnectionsPerClient } = this.#options.limits;
    if ((this.#perClient.get(address) ?? 0) >= tcpConnectionsPerClient) return 'client-limit';
    if (this.#connections.size < tcpConnections) return undefined;
    const longestIdle = this.#longestIdle();
    if (longestIdle === undefined) return 'limit';
    this.#cut(longestIdle, 'gave-way');
    return undefined;
  }

  #longestIdle(): TcpConnection | undefined {
    let found: TcpConnection | undefined;
    let foundSince = Number.POSITIVE_INFINITY;
    for (const connection of this.#connections) {
      const since = connection.idleSince;
      if (since !== undefined && since < foundSince) {
        found = connection;
        foundSince = since;
      }
    }
    return found;
  }

  #add(connection: TcpConnection, socket: Socket): void {
    const { address } = connection.client;
    const { tcpConnections } = this.#options.metrics;
    this.#connections.add(connection);
    this.#perClient.set(address, (this.#perClient.get(address) ?? 0) + 1);
    this.#sockets.begin();
    tcpConnections.inc();
    socket.once('close', () => {
      this.#remove(connection);
      this.#sockets.end();
      tcpConnections.dec();
    });
    if (!this.#lookingOver) void this.#lookOver();
  }

  /** Gives the connection's place free; its socket may take a moment longer to close. */
  #remove(connection: TcpConnection): void {
    if (!this.#connections.delete(connection)) return;
    const { address } = connection.client;
    const left = (this.#perClient.get(address) ?? 0) - 1;
    if (left > 0) this.#perClient.set(address, left);
    else this.#perClient.delete(address);
  }

  #cut(connection: TcpConnection, reason: string): void {
    this.#options.metrics.tcpConnectionsCut.inc({ reason });
    this.#remove(connection);
    connection.cut();
  }

  /** One timer for all connections, and none without connections. */
  async #lookOver(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    this.#lookingOver = true;
    while (this.#connections.size > 0 && !signal.aborted) {
      await clock.sleep(LOOK_OVER_MS, { signal }).catch(() => undefined);
      const now = clock.now();
      for (const connection of this.#connections) {
        const overdue = connection.overdue(now);
        if (overdue !== undefined) this.#cut(connection, overdue);
      }
    }
    this.#lookingOver = false;
  }

  async #drainAndClose(): Promise<void> {
    const { clock, limits } = this.#options;
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.finish();
    await this.#sockets.drained(limits.drainMs, clock);
    for (const connection of this.#connections) connection.cut();
    await closed;
  }
}
