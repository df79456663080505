import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket as TcpSocket } from 'node:net';
import { RecordClass, RecordType } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import { absolute } from '../../src/wire/name.js';

/** Where to ask; a Listener's `address` will do. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface QuestionOptions {
  readonly id?: number;
  readonly rd?: boolean;
  readonly cd?: boolean;
  readonly opcode?: number;
  readonly class?: number;
  /** `true` for an OPT record as dig sends it, without options. */
  readonly edns?: true | Partial<Edns>;
}

const PLAIN_EDNS: Edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] };
let lastId = 0;

/** A query message. Its ID counts up, so that the questions of one test are told apart. */
export function question(name: string, type: keyof typeof RecordType | number, options: QuestionOptions = {}): Message {
  lastId = (lastId + 1) & 0xffff;
  return {
    id: options.id ?? lastId,
    isResponse: false,
    opcode: options.opcode ?? 0,
    authoritative: false,
    truncated: false,
    recursionDesired: options.rd ?? false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: options.cd ?? false,
    rcode: 0,
    questions: [
      {
        name: absolute(name),
        type: typeof type === 'number' ? type : RecordType[type],
        class: options.class ?? RecordClass.IN,
      },
    ],
    answer: [],
    authority: [],
    additional: [],
    edns: options.edns && { ...PLAIN_EDNS, ...(options.edns === true ? {} : options.edns) },
  };
}

/** Asks over UDP from a port of its own. Rejects when no reply comes within `withinMs`. */
export async function askUdp(
  address: ServerAddress,
  query: Message | Uint8Array,
  options: { readonly withinMs?: number } = {},
): Promise<Message> {
  await using client = await UdpClient.open(address);
  client.send(query);
  return decodeMessage(await client.next(options));
}

/** Asks over TCP on a connection of its own. */
export async function askTcp(address: ServerAddress, query: Message | Uint8Array): Promise<Message> {
  const [reply] = await askTcpAll(address, [query]);
  // As many replies as questions.
  return reply!;
}

/** Asks all over one TCP connection, in one write; the replies stand in the order they came in. */
export async function askTcpAll(
  address: ServerAddress,
  queries: readonly (Message | Uint8Array)[],
): Promise<readonly Message[]> {
  await using client = await TcpClient.open(address);
  client.write(Buffer.concat(queries.map(framed)));
  const replies: Message[] = [];
  while (replies.length < queries.length) replies.push(decodeMessage(await client.next()));
  return replies;
}

/** A query's bytes with their length in front. */
export function framed(query: Message | Uint8Array): Buffer {
  const bytes = bytesOf(query);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A UDP socket that speaks to one server. */
export class UdpClient implements AsyncDisposable {
  readonly #socket: UdpSocket;
  readonly #inbox = new Inbox();

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    socket.on('message', (packet) => this.#inbox.put(packet));
    socket.on('error', (error) => this.#inbox.end(error));
  }

  static async open({ host, port }: ServerAddress): Promise<UdpClient> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.connect(port, host);
    await once(socket, 'connect');
    return new UdpClient(socket);
  }

  /** Replies that came and were not taken. */
  get waiting(): number {
    return this.#inbox.waiting;
  }

  send(query: Message | Uint8Array): void {
    this.#socket.send(bytesOf(query));
  }

  next(options?: { readonly withinMs?: number }): Promise<Uint8Array> {
    return this.#inbox.next(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

/** A TCP connection to a server, for as many questions as wanted and for bytes that are none. */
export class TcpClient implements AsyncDisposable {
  readonly #socket: TcpSocket;
  readonly #inbox = new Inbox();
  #received = Buffer.alloc(0);
  /** Resolves when the connection is closed, by whatever cause. */
  readonly closed: Promise<void>;

  private constructor(socket: TcpSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk) => this.#cut(chunk));
    socket.on('error', (error) => this.#inbox.end(error));
    socket.on('close', () => this.#inbox.end(new Error('Cannot read reply: connection closed')));
  }

  static async open(address: ServerAddress & { readonly localAddress?: string }): Promise<TcpClient> {
    const { host, port, localAddress } = address;
    const socket = connect({ host, port, noDelay: true, ...(localAddress !== undefined && { localAddress }) });
    await once(socket, 'connect');
    return new TcpClient(socket);
  }

  get waiting(): number {
    return this.#inbox.waiting;
  }

  send(query: Message | Uint8Array): void {
    this.write(framed(query));
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Shuts down the sending side. */
  end(): void {
    this.#socket.end();
  }

  /** Drops the connection without a farewell. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Stops and goes on taking what the server sends. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** The next reply, without its length. */
  next(options?: { readonly withinMs?: number }): Promise<Uint8Array> {
    return this.#inbox.next(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #cut(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE()) {
      const end = 2 + this.#received.readUInt16BE();
      this.#inbox.put(this.#received.subarray(2, end));
      this.#received = this.#received.subarray(end);
    }
  }
}

/** What has come in, handed out in order. */
class Inbox {
  readonly #items: Uint8Array[] = [];
  #ended: Error | undefined;
  #wake: (() => void) | undefined;

  get waiting(): number {
    return this.#items.length;
  }

  put(item: Uint8Array): void {
    this.#items.push(item);
    this.#wake?.();
  }

  end(error: Error): void {
    this.#ended ??= error;
    this.#wake?.();
  }

  async next({ withinMs = 10_000 }: { readonly withinMs?: number } = {}): Promise<Uint8Array> {
    const late = setTimeout(() => this.end(new Error(`Cannot read reply: none within ${withinMs} ms`)), withinMs);
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) return item;
        if (this.#ended !== undefined) throw this.#ended;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      clearTimeout(late);
    }
  }
}

function bytesOf(query: Message | Uint8Array): Uint8Array {
  return query instanceof Uint8Array ? query : encodeMessage(query);
}
