import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;
const TYPE_A = 1;

/** A socket that asks one server of the loopback for A records, one question at a time. */
export class Lookup implements AsyncDisposable {
  readonly #socket: Socket;
  #id = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<Lookup> {
    const socket = createSocket('udp4');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Lookup(socket);
  }

  /**
   * The addresses in the reply; none when there is no such name, no good reply, or none in time. Asking the same
   * `again`, a late reply to the question before will do.
   */
  async addresses(qname: string, { withinMs = 1_000, again = false } = {}): Promise<readonly string[]> {
    if (!again) this.#id = (this.#id + 1) & 0xffff;
    const id = this.#id;
    return new Promise((resolve) => {
      const end = (addresses: readonly string[]): void => {
        clearTimeout(timer);
        this.#socket.off('message', receive);
        this.#socket.off('error', fail);
        resolve(addresses);
      };
      const receive = (reply: Buffer): void => {
        if (reply.readUInt16BE(0) === id) end(addressesIn(reply));
      };
      // Nobody listens on that port yet.
      const fail = (): void => end([]);
      const timer = setTimeout(fail, withinMs);
      this.#socket.on('message', receive);
      this.#socket.on('error', fail);
      this.#socket.send(queryFor(qname, id));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

function queryFor(qname: string, id: number): Buffer {
  const labels = qname.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header[2] = 1;
  header[5] = 1;
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, TYPE_A, 0, 1)]);
}

/** Of the answer section. */
function addressesIn(reply: Buffer): readonly string[] {
  const addresses: string[] = [];
  let at = nameEnd(reply, HEADER_BYTES) + 4;
  for (let left = reply.readUInt16BE(6); left > 0; left -= 1) {
    at = nameEnd(reply, at);
    const dataAt = at + 10;
    const end = dataAt + reply.readUInt16BE(at + 8);
    if (reply.readUInt16BE(at) === TYPE_A) addresses.push(reply.subarray(dataAt, end).join('.'));
    at = end;
  }
  return addresses;
}

/** Where what follows a name begins: behind its last label, or behind a pointer (RFC 1035 section 4.1.4). */
function nameEnd(reply: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = reply.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
    if (length === 0) return at;
  }
}
