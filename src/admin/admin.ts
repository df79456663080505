import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { ListenError, type Listener } from '../listen/listener.js';
import { createRoutes } from './routes.js';
import type { AdminView } from './view.js';

export interface AdminOptions {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/**
 * Serves metrics and health over HTTP. It has no access control: bind it to loopback, or to a network you trust.
 *
 * @throws ListenError
 */
export async function startAdmin({ host, port }: AdminOptions, view: AdminView): Promise<Listener> {
  // Without serverOptions the adaptor makes a plain HTTP/1.1 server.
  const server = createAdaptorServer({ fetch: createRoutes(view).fetch }) as Server;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError({ transport: 'http', host, port }, error);
  }
  // Listening on a port, so the address is no path.
  const bound = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { address: { transport: 'http', host, port: bound.port }, close, [Symbol.asyncDispose]: close };
}
