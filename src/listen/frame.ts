/** Messages on a stream go with a two-byte length in front (RFC 1035 section 4.2.2). */
const LENGTH_BYTES = 2;
const EMPTY = new Uint8Array(0);

/**
 * Cuts a stream of bytes into messages, however the stream was chopped up on its way.
 *
 * It holds what was pushed and not yet taken, at most twice over; take all there is before the next push and that
 * is less than one message. Messages are views: they stay valid, and keep the bytes they came in alive.
 */
export class FrameSplitter {
  #bytes: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;

  /** Whether bytes are left over; after `next` gave undefined, whether a message has begun. */
  get hasLeftover(): boolean {
    return this.#end > this.#start;
  }

  push(chunk: Uint8Array): void {
    if (!this.hasLeftover) {
      this.#bytes = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      return;
    }
    this.#append(chunk);
  }

  /** The next whole message; undefined when more bytes are needed. Messages of no length are passed over. */
  next(): Uint8Array | undefined {
    while (this.#end - this.#start >= LENGTH_BYTES) {
      // Both are below #end, which is at most the array's length.
      const length = (this.#bytes[this.#start]! << 8) | this.#bytes[this.#start + 1]!;
      const from = this.#start + LENGTH_BYTES;
      if (this.#end - from < length) return undefined;
      this.#start = from + length;
      if (length > 0) return this.#bytes.subarray(from, this.#start);
    }
    return undefined;
  }

  /**
   * Doubling keeps the cost of a message that comes byte by byte linear, and room is made for what came, never for
   * what a length field announces. Messages given out lie before #end, so appending does not touch them; a chunk
   * that was pushed has no room behind its end and is copied before anything is appended.
   */
  #append(chunk: Uint8Array): void {
    const needed = this.#end - this.#start + chunk.length;
    if (this.#end + chunk.length > this.#bytes.length) {
      const grown = new Uint8Array(needed * 2);
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}

/** A message with its length in front, as it goes on a stream. At most 65,535 bytes. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + message.length);
  frame.writeUInt16BE(message.length);
  frame.set(message, LENGTH_BYTES);
  return frame;
}
