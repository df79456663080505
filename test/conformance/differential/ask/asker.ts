import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { ServerAddress } from '../../../support/client.js';
import { TcpClient } from '../../../support/client.js';
import { type Asked, packetOf } from './asked.js';
import { type Reply, replyFrom } from './reply.js';

/** Consul closes a connection after 128 questions (C020). */
const QUESTIONS_PER_CONNECTION = 100;
/** Long enough for a server on a busy machine; the price of each question that is never answered. */
const PATIENCE_MS = 1_500;
/** For packets that most likely get no reply. */
const SHORT_PATIENCE_MS = 250;

/** Asks one server, question after question, over one UDP socket and a few TCP connections. */
export class Asker implements AsyncDisposable {
  readonly #address: ServerAddress;
  readonly #udp: UdpSocket;
  #tcp: TcpClient | undefined;
  #askedOverTcp = 0;
  #lastId = 0;
  #take: ((packet: Uint8Array) => void) | undefined;

  private constructor(address: ServerAddress, udp: UdpSocket) {
    this.#address = address;
    this.#udp = udp;
    udp.on('message', (packet) => this.#take?.(packet));
    udp.on('error', () => undefined);
  }

  static async open(address: ServerAddress): Promise<Asker> {
    const udp = createSocket('udp4');
    udp.connect(address.port, address.host);
    await once(udp, 'connect');
    return new Asker(address, udp);
  }

  /** The reply to one packet. One question at a time; packets that deserve no reply are not waited for long. */
  async ask(asked: Asked, { isPatient = asked.kind === 'question' } = {}): Promise<Reply> {
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const packet = packetOf(asked, this.#lastId);
    const withinMs = isPatient ? PATIENCE_MS : SHORT_PATIENCE_MS;
    const bytes =
      asked.transport === 'udp' ? await this.#askUdp(packet, withinMs) : await this.#askTcp(packet, withinMs);
    return replyFrom(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tcp?.[Symbol.asyncDispose]();
    this.#udp.close();
    await once(this.#udp, 'close');
  }

  async #askUdp(packet: Uint8Array, withinMs: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(undefined), withinMs);
      this.#take = (reply) => {
        // A reply to an earlier question that was given up.
        if (reply[0] !== packet[0] || reply[1] !== packet[1]) return;
        clearTimeout(late);
        resolve(reply);
      };
      this.#udp.send(packet);
    });
  }

  async #askTcp(packet: Uint8Array, withinMs: number): Promise<Uint8Array | undefined> {
    if (this.#askedOverTcp >= QUESTIONS_PER_CONNECTION) await this.#hangUp();
    // The server may have closed an idle connection: then a new one is tried, once.
    for (const isLastTry of [false, true]) {
      this.#tcp ??= await TcpClient.open(this.#address);
      this.#askedOverTcp += 1;
      this.#tcp.send(packet);
      const reply = await this.#tcp.next({ withinMs }).catch((error: Error) => error);
      if (reply instanceof Uint8Array) {
        if (reply[0] === packet[0] && reply[1] === packet[1]) return reply;
        throw new Error(
          `Cannot compare: a reply to question ${packet[0]}.${packet[1]} came as ${reply[0]}.${reply[1]}`,
        );
      }
      await this.#hangUp();
      if (isLastTry || reply.message.includes('none within')) return undefined;
    }
    return undefined;
  }

  async #hangUp(): Promise<void> {
    await this.#tcp?.[Symbol.asyncDispose]();
    this.#tcp = undefined;
    this.#askedOverTcp = 0;
  }
}
