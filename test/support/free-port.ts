import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port nobody listens on, by TCP or UDP, at this moment. For programs that cannot be told to pick one; whatever can
 * be told gets port 0 instead.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const isFree = await isUdpFree(host, port);
    server.close();
    await once(server, 'close');
    if (isFree) return port;
  }
}

async function isUdpFree(host: string, port: number): Promise<boolean> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  try {
    const listening = once(socket, 'listening');
    socket.bind(port, host);
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
