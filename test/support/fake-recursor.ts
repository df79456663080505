import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CLASSIC_UDP_BYTES, MAX_MESSAGE_BYTES, Opcode, Rcode, RecordType } from '../../src/wire/constants.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import { equalNames, isSubdomain } from '../../src/wire/name.js';
import type { ResourceRecord } from '../../src/wire/rdata.js';
import { fitMessage } from '../../src/wire/truncate.js';
import { framed } from './client.js';
import { rr } from './records.js';

export interface FakeQuery {
  readonly message: Message;
  readonly transport: 'udp' | 'tcp';
  readonly sourcePort: number;
}

/** Messages and raw bytes to send, in order; none for silence. */
export type FakeReplies = readonly (Message | Uint8Array)[];
export type FakeHandler = (query: FakeQuery) => FakeReplies | Promise<FakeReplies>;

/** A DNS server on UDP and TCP that does as it is told. */
export class FakeRecursor implements AsyncDisposable {
  /** Everything it was asked, in order. */
  readonly queries: FakeQuery[] = [];
  /** What it does with a query; may be replaced at any time. */
  handler: FakeHandler;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<TcpSocket>();
  #closing: Promise<unknown> | undefined;
  readonly host: string;
  readonly port: number;

  constructor(handler: FakeHandler, sockets: { readonly udp: UdpSocket; readonly tcp: Server }) {
    this.handler = handler;
    this.#udp = sockets.udp;
    this.#tcp = sockets.tcp;
    const { address, port } = sockets.udp.address();
    this.host = address;
    this.port = port;
    this.#udp.on('message', (packet, { port: sourcePort, address: host }) => {
      void this.#answer(packet, 'udp', sourcePort, (reply) => this.#udp.send(reply, sourcePort, host));
    });
    this.#tcp.on('connection', (socket) => this.#serve(socket));
  }

  /** `host:port`, as configuration wants it. */
  get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  /** How often it was asked, over both transports together or over one. */
  count(transport?: 'udp' | 'tcp'): number {
    return this.queries.filter((query) => transport === undefined || query.transport === transport).length;
  }

  /** TCP connections open. */
  get connections(): number {
    return this.#connections.size;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Ends every TCP connection, whatever is asked on it. */
  hangUp(): void {
    for (const connection of this.#connections) connection.end();
  }

  #close(): Promise<unknown> {
    for (const connection of this.#connections) connection.destroy();
    this.#udp.close();
    this.#tcp.close();
    return Promise.all([once(this.#udp, 'close'), once(this.#tcp, 'close')]);
  }

  #serve(socket: TcpSocket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
        const end = 2 + received.readUInt16BE();
        void this.#answer(received.subarray(2, end), 'tcp', socket.remotePort ?? 0, (reply) => {
          if (socket.writable) socket.write(framed(reply));
        });
        received = received.subarray(end);
      }
    });
  }

  async #answer(
    packet: Uint8Array,
    transport: 'udp' | 'tcp',
    sourcePort: number,
    send: (reply: Uint8Array) => void,
  ): Promise<void> {
    const query = { message: decodeMessage(packet), transport, sourcePort };
    this.queries.push(query);
    const replies = await this.handler(query);
    if (this.#closing !== undefined) return;
    for (const reply of replies) send(bytesFor(reply, query));
  }
}

/**
 * Starts one on a port free for both transports. It answers from the given records, lines as dig prints them, or as the
 * handler says.
 */
export async function startFakeRecursor(
  behaviour: readonly string[] | FakeHandler,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<FakeRecursor> {
  const handler = typeof behaviour === 'function' ? behaviour : answering(behaviour);
  for (;;) {
    const tcp = createServer().listen(port, host);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    try {
      const listening = once(udp, 'listening');
      udp.bind(typeof bound === 'object' && bound !== null ? bound.port : port, host);
      await listening;
      return new FakeRecursor(handler, { udp, tcp });
    } catch (error) {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
      if (port !== 0) throw error;
      // Free for TCP was not free for UDP: try another.
    }
  }
}

/** A reply to a query; by default an empty NOERROR that repeats its question. */
export function replyTo({ message }: FakeQuery, parts: Partial<Message> = {}): Message {
  return {
    ...message,
    isResponse: true,
    recursionAvailable: true,
    authenticData: false,
    edns: message.edns && { ...message.edns, options: [] },
    ...parts,
  };
}

/** Answers like a recursor that knows these records; names below one of their SOAs exist only if they have records. */
export function answering(lines: readonly string[]): FakeHandler {
  const records = lines.map(rr);
  return (query) => {
    const [question] = query.message.questions;
    if (question === undefined) return [replyTo(query, { rcode: Rcode.FORMERR })];
    const answer = chainFrom(question.name, question.type, records);
    if (answer.some(({ type }) => type === question.type || question.type === RecordType.ANY)) {
      return [replyTo(query, { answer })];
    }
    const last = answer.at(-1)?.data;
    const end = last?.kind === 'CNAME' ? last.target : question.name;
    const exists = records.some(({ name }) => isSubdomain(name, end));
    const authority = records.filter(({ name, data }) => data.kind === 'SOA' && isSubdomain(end, name)).slice(-1);
    return [replyTo(query, { answer, authority, rcode: exists ? Rcode.NOERROR : Rcode.NXDOMAIN })];
  };
}

function chainFrom(name: string, type: number, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const own = records.filter((record) => equalNames(record.name, name));
  const matches = own.filter((record) => record.type === type || type === RecordType.ANY);
  const alias = own.find(({ data }) => data.kind === 'CNAME');
  if (matches.length > 0 || alias?.data.kind !== 'CNAME') return matches;
  return [alias, ...chainFrom(alias.data.target, type, records)];
}

export const silent: FakeHandler = () => [];

/** Answers nothing but this rcode. */
export function failing(rcode: number): FakeHandler {
  return (query) => [replyTo(query, { rcode })];
}

export function delayed(delayMs: number, handler: FakeHandler): FakeHandler {
  return async (query) => {
    await delay(delayMs);
    return handler(query);
  };
}

/** Holds all replies back until `open` is called. */
export function gated(handler: FakeHandler): { readonly handler: FakeHandler; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    open,
    handler: async (query) => {
      await opened;
      return handler(query);
    },
  };
}

/** Answers over UDP with TC and no records, over TCP in full. */
export function truncatedOverUdp(handler: FakeHandler): FakeHandler {
  return (query) => (query.transport === 'tcp' ? handler(query) : [replyTo(query, { truncated: true })]);
}

/** Changes the replies of another handler, for instance their IDs. */
export function altered(handler: FakeHandler, change: (reply: Message) => Message | Uint8Array): FakeHandler {
  return async (query) => (await handler(query)).map((reply) => (reply instanceof Uint8Array ? reply : change(reply)));
}

/** Messages cut to what the client takes, as real recursors do; bytes as they are. */
function bytesFor(reply: Message | Uint8Array, { message, transport }: FakeQuery): Uint8Array {
  if (reply instanceof Uint8Array) return reply;
  if (reply.opcode !== Opcode.QUERY) return encodeMessage(reply);
  const limitBytes =
    transport === 'tcp'
      ? MAX_MESSAGE_BYTES
      : Math.max(message.edns?.udpPayloadBytes ?? CLASSIC_UDP_BYTES, CLASSIC_UDP_BYTES);
  return fitMessage(reply, { limitBytes, compress: true, setTruncated: true }).bytes;
}
