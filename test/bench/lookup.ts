import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;

/** A socket that asks one server for A records, one question at a time, and gives the last four bytes of each reply. */
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

  /** Of a reply with one A record and no EDNS these are the address; undefined when nothing comes in time. */
  async ask(name: string, withinMs = 1_000): Promise<string | undefined> {
    this.#id = (this.#id + 1) & 0xffff;
    const query = queryFor(name, this.#id);
    const id = this.#id;
    return new Promise((resolve) => {
      const end = (value: string | undefined): void => {
        clearTimeout(timer);
        this.#socket.off('message', receive);
        this.#socket.off('error', fail);
        resolve(value);
      };
      const receive = (reply: Buffer): void => {
        if (reply.readUInt16BE(0) === id) end(reply.subarray(-4).join('.'));
      };
      const fail = (): void => end(undefined);
      const timer = setTimeout(() => end(undefined), withinMs);
      this.#socket.on('message', receive);
      // Nobody listens on that port yet.
      this.#socket.on('error', fail);
      this.#socket.send(query);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

function queryFor(name: string, id: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header[2] = 1;
  header[5] = 1;
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, 1, 0, 1)]);
}
