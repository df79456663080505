import type { Respond } from '../responder/respond.js';
import { ListenError, type Listener, type ListenOptions } from './listener.js';
import { listenTcp } from './tcp.js';
import { listenUdp } from './udp.js';

/** A port that is free for UDP and taken for TCP is rare; so many in a row mean something else is wrong. */
const PORT_TRIES = 20;

/**
 * Answers DNS questions over UDP and TCP on one port, as clients expect that retry over TCP; with port 0 on one that
 * is free for both.
 *
 * @throws ListenError for the transport that could not be bound
 */
export async function listenDns(options: ListenOptions, respond: Respond): Promise<Listener> {
  for (let triesLeft = PORT_TRIES - 1; ; triesLeft -= 1) {
    try {
      return await listenBoth(options, respond);
    } catch (error) {
      const taken = error instanceof ListenError && error.code === 'address-in-use';
      if (options.port !== 0 || !taken || triesLeft === 0) throw error;
    }
  }
}

async function listenBoth(options: ListenOptions, respond: Respond): Promise<Listener> {
  const udp = await listenUdp(options, respond);
  const { host, port } = udp.address;
  try {
    const tcp = await listenTcp({ ...options, port }, respond);
    const close = async (): Promise<void> => {
      await Promise.all([udp.close(), tcp.close()]);
    };
    return { address: { transport: 'dns', host, port }, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await udp.close();
    throw error;
  }
}
