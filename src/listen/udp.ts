import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Respond } from '../responder/respond.js';
import { InFlight } from './in-flight.js';
import { type ListenAddress, ListenError, type Listener, type ListenOptions, reportUnanswered } from './listener.js';
import { ReusedMemory } from './reused-memory.js';

/** What the kernel may queue for us while we are busy; it grants as much of it as `net.core.rmem_max` allows. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * One send in so many reports back. A callback costs a turn of the tick queue, 0.35 of 5.2 us per packet on Node 20;
 * without one Node says nothing about failures. So each failure seen counts for this many.
 */
const SEND_SAMPLE = 64;

/**
 * Answers DNS questions over UDP until it is closed.
 *
 * Bind concrete addresses on a machine that has several: a reply from a wildcard socket leaves from the address the
 * routing table picks, which need not be the one asked, and Node offers no way to choose it. `::` takes IPv6 only,
 * so that `0.0.0.0` can be bound beside it.
 *
 * A reply's bytes must not be changed afterwards: on a congested socket they are read only when its turn comes. That
 * holds for memory of the listener's own as well, so it takes other memory then.
 *
 * @throws ListenError
 */
export async function listenUdp(options: ListenOptions, respond: Respond): Promise<Listener> {
  const { host, port, reusePort = false } = options;
  const family = isIPv6(host) ? 6 : 4;
  const socket = createSocket({
    type: `udp${family}`,
    ipv6Only: family === 6,
    // Spread, because Node 20's types do not know it.
    ...{ reusePort },
    // Clients are addresses already; the default lookup would hand each of them back one tick later.
    lookup: (address, _options, found) => found(null, address, family),
  });
  try {
    const listening = once(socket, 'listening');
    socket.bind(port, host);
    await listening;
  } catch (error) {
    socket.close();
    throw new ListenError({ transport: 'udp', host, port }, error);
  }
  return new UdpListener(socket, options, respond);
}

class UdpListener implements Listener {
  readonly address: ListenAddress;
  readonly #socket: Socket;
  readonly #options: ListenOptions;
  readonly #respond: Respond;
  readonly #dropped;
  readonly #inFlight = new InFlight();
  #memory = new ReusedMemory();
  #untilSample = 0;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(socket: Socket, options: ListenOptions, respond: Respond) {
    const { host, log, metrics } = options;
    this.address = { transport: 'udp', host, port: socket.address().port };
    this.#socket = socket;
    this.#options = options;
    this.#respond = respond;
    this.#dropped = {
      overload: metrics.droppedPackets.labels('overload'),
      unsent: metrics.droppedPackets.labels('unsent'),
      portZero: metrics.droppedPackets.labels('port-zero'),
    };
    this.#enlargeBuffers();
    socket.on('message', this.#receive);
    socket.on('error', (error) => log.warn('UDP socket failed', { address: this.address, error: error.message }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The hot path: when `respond` answers at once, no promise, no closure and no log line. */
  readonly #receive = (packet: Buffer, { address, port }: RemoteInfo): void => {
    // Nobody can be asking from port 0, and Node throws when told to send there.
    if (port === 0) {
      this.#dropped.portZero.inc();
      return;
    }
    if (this.#inFlight.count >= this.#options.limits.udpInFlight) {
      this.#dropped.overload.inc();
      return;
    }
    try {
      const reply = this.#respond(packet, { address, port, transport: 'udp' }, this.#memory);
      if (reply instanceof Uint8Array) this.#send(reply, port, address);
      else if (reply !== undefined) this.#sendLater(reply, port, address);
      // What the kernel did not take at once is still to be sent from where it stands.
      if (this.#socket.getSendQueueCount() > 0) this.#memory = new ReusedMemory();
    } catch (error) {
      this.#unanswered(error, port, address);
    }
  };

  #send(reply: Uint8Array, port: number, address: string): void {
    if (this.#untilSample > 0) {
      this.#untilSample -= 1;
      this.#socket.send(reply, port, address);
    } else {
      this.#untilSample = SEND_SAMPLE - 1;
      this.#socket.send(reply, port, address, this.#sampled);
    }
  }

  readonly #sampled = (error: Error | null): void => {
    if (error !== null) this.#dropped.unsent.inc(SEND_SAMPLE);
  };

  async #sendLater(pending: Promise<Uint8Array | undefined>, port: number, address: string): Promise<void> {
    this.#inFlight.begin();
    try {
      const reply = await pending;
      if (reply !== undefined && !this.#closed) this.#send(reply, port, address);
    } catch (error) {
      this.#unanswered(error, port, address);
    } finally {
      this.#inFlight.end();
    }
  }

  #unanswered(error: unknown, port: number, address: string): void {
    reportUnanswered(error, { address, port, transport: 'udp' }, this.#options);
  }

  #enlargeBuffers(): void {
    try {
      this.#socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
      this.#socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
    } catch (error) {
      this.#options.log.debug('socket buffers keep their size', { address: this.address, error });
    }
  }

  async #drainAndClose(): Promise<void> {
    this.#socket.off('message', this.#receive);
    await this.#inFlight.drained(this.#options.limits.drainMs, this.#options.clock);
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}
