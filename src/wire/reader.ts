import { MAX_NAME_BYTES } from './constants.js';
import { WireError } from './error.js';

/** A name has at most 127 labels, so more pointers than that lead nowhere but round about. */
const MAX_POINTERS = 127;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** Where `name` builds presentation text, four characters per byte at most. Never in use across calls. */
const text = Buffer.alloc(MAX_NAME_BYTES * 4);

/** Reads a message's fields in order; what it gives is copied, so the packet's memory may be used again. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    // A Buffer's slice() shares memory, a plain Uint8Array's copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  u8(): number {
    const at = this.#advance(1);
    return this.#bytes[at]!; // #advance has checked the bounds, here and below
  }

  u16(): number {
    const at = this.#advance(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u32(): number {
    return this.u16() * 0x1_0000 + this.u16();
  }

  /** A copy of the next bytes. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.slice(at, at + length);
  }

  /**
   * A name, its compression pointers followed (RFC 1035 section 4.1.4). Each pointer has to point to before the labels
   * it ends, so reading always comes to an end.
   */
  name(): string {
    let at = this.#offset;
    let after = -1;
    let segment = at;
    let pointers = 0;
    let wireBytes = 1;
    let length = 0;
    for (;;) {
      const size = this.#byteAt(at);
      if (size === 0) break;
      if (size >= 0xc0) {
        const target = ((size & 0x3f) << 8) | this.#byteAt(at + 1);
        if (after < 0) after = at + 2;
        pointers += 1;
        if (target >= segment) throw this.#bad('bad-pointer', `pointer to byte ${target} does not point backwards`);
        if (pointers > MAX_POINTERS) throw this.#bad('bad-pointer', `more than ${MAX_POINTERS} pointers`);
        at = target;
        segment = target;
        continue;
      }
      if (size > 0x3f) throw this.#bad('bad-name', `label type 0x${size.toString(16)} is reserved`);
      wireBytes += size + 1;
      if (wireBytes > MAX_NAME_BYTES) throw this.#bad('bad-name', `longer than ${MAX_NAME_BYTES} bytes`);
      if (at + size >= this.#bytes.length) throw this.#bad('truncated', 'message ends inside a label');
      length = this.#label(at + 1, size, length);
      at += size + 1;
    }
    this.#offset = after < 0 ? at + 1 : after;
    return length === 0 ? '.' : text.toString('latin1', 0, length);
  }

  /** Puts one label and its dot into `text` at `length`; gives the new length. */
  #label(at: number, size: number, length: number): number {
    let end = length;
    for (let index = at; index < at + size; index += 1) {
      const byte = this.#bytes[index]!; // `name` has checked that the label is there
      if (byte > 0x20 && byte < 0x7f && byte !== DOT && byte !== BACKSLASH) {
        text[end++] = byte;
      } else if (byte === DOT || byte === BACKSLASH) {
        text[end++] = BACKSLASH;
        text[end++] = byte;
      } else {
        text[end++] = BACKSLASH;
        text[end++] = 48 + Math.trunc(byte / 100);
        text[end++] = 48 + (Math.trunc(byte / 10) % 10);
        text[end++] = 48 + (byte % 10);
      }
    }
    text[end++] = DOT;
    return end;
  }

  #byteAt(at: number): number {
    const byte = this.#bytes[at];
    if (byte === undefined) throw this.#bad('truncated', 'message ends inside the name');
    return byte;
  }

  #advance(length: number): number {
    const at = this.#offset;
    if (at + length > this.#bytes.length) {
      throw new WireError('truncated', `Cannot read ${length} bytes at byte ${at}: message has ${this.#bytes.length}`);
    }
    this.#offset = at + length;
    return at;
  }

  #bad(code: 'bad-pointer' | 'bad-name' | 'truncated', state: string): WireError {
    return new WireError(code, `Cannot read name at byte ${this.#offset}: ${state}`);
  }
}
