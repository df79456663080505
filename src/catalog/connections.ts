import type { Socket } from 'node:net';
import { type buildConnector, Client } from 'undici';
import type { Closable } from '../lifecycle.js';

export interface ConnectionsOptions {
  readonly origin: string;
  readonly connector: buildConnector.connector;
  /** Called when it turns out that requests share connections (HTTP/2). */
  readonly onShared: () => void;
}

interface Connection {
  readonly client: Client;
  running: number;
  /** How many requests it is given at once. */
  limit: number;
}

/** Consul's HTTP/2 listener takes 250 streams a connection; some are left for others (http-api A3.1). */
export const STREAMS_PER_CONNECTION = 200;
const KEEP_ALIVE_MS = 30_000;

/**
 * The connections to one origin, each with as many requests as it can take before another is opened.
 *
 * In place of undici's Pool, whose queue can stand still when many requests meet a connection that has just turned out
 * to speak HTTP/2: it goes on when one of them ends, which a blocking query may do in a minute.
 */
export class Connections implements Closable {
  readonly #options: ConnectionsOptions;
  readonly #connections: Connection[] = [];
  readonly #sockets = new Set<Socket>();
  /** The server speaks HTTP/2, so that a new connection will take many requests once it is there. */
  #isShared = false;
  /** On which socket an error happened, which Node's own errors do not say. */
  readonly #socketOf = new WeakMap<Error, Socket>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  /** Runs a request on a connection with room for it. The caller bounds how many run at once. */
  async use<T>(request: (client: Client) => Promise<T>): Promise<T> {
    const connection = this.#connections.find(({ running, limit }) => running < limit) ?? this.#open();
    connection.running += 1;
    try {
      return await request(connection.client);
    } finally {
      connection.running -= 1;
    }
  }

  /** The socket that this error ended; undefined for an error of another kind. */
  socketOf(error: Error): Socket | undefined {
    return this.#socketOf.get(error);
  }

  /** Breaks every connection. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map(({ client }) => client.destroy()));
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(): Connection {
    const { origin, connector } = this.#options;
    const client = new Client(origin, {
      // Our own deadlines bound a request; a blocking query rightly says nothing for minutes.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      allowH2: true,
      maxConcurrentStreams: STREAMS_PER_CONNECTION,
      connect: (target, callback) =>
        connector(target, (...result) => {
          const [error, socket] = result;
          if (error === null) this.#adopt(socket, connection);
          callback(...result);
          if (error !== null) this.#discard(connection);
        }),
    });
    const connection: Connection = { client, running: 0, limit: this.#isShared ? STREAMS_PER_CONNECTION : 1 };
    this.#connections.push(connection);
    return connection;
  }

  /**
   * The next request gets a new client: undici's takes the request that met a certificate of another name for one that is
   * still running, and would wait for its end before it connected again.
   */
  #discard(connection: Connection): void {
    const at = this.#connections.indexOf(connection);
    if (at >= 0) this.#connections.splice(at, 1);
    connection.client.destroy().catch(() => {});
  }

  #adopt(socket: Socket, connection: Connection): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', (error) => this.#socketOf.set(error, socket));
    if (!('alpnProtocol' in socket) || socket.alpnProtocol !== 'h2') return;
    this.#isShared = true;
    connection.limit = STREAMS_PER_CONNECTION;
    connection.client.pipelining = STREAMS_PER_CONNECTION;
    this.#options.onShared();
  }
}
