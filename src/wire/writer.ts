import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './constants.js';
import { WireError } from './error.js';
import { escapedByte, isDigit, lowerName, wireLength } from './name.js';

const FIRST_BYTES = 512;
/** Compression pointers have 14 bits (RFC 1035 section 4.1.4). */
const POINTABLE_BYTES = 0x4000;
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** A state of a writer to go back to. */
export interface Checkpoint {
  readonly length: number;
  readonly suffixes: number;
}

/**
 * Writes a message's fields in order into memory that grows.
 *
 * Names are compressed against earlier ones of the very same spelling only, letter case included: a pointer shows the
 * reader the earlier spelling, and a name we make up must not come out in the mixed case of a question that was asked
 * with 0x20 (what such a reply loses is a few bytes).
 *
 * After an error the bytes written are not a message: roll back to a checkpoint, or drop the writer.
 */
export class WireWriter {
  /** From Node's pool: fresh memory would cost more than writing a small message into it. */
  #bytes: Uint8Array = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  readonly #compress: boolean;
  /** Where names and their ends stand, by their text. */
  readonly #offsets = new Map<string, number>();
  /** The keys of `#offsets` in the order they came, for rollback. */
  readonly #suffixes: string[] = [];

  constructor({ compress }: { readonly compress: boolean }) {
    this.#compress = compress;
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    if ((value & 0xff) !== value) throw outOfRange(value, 8);
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u16(value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange(value, 16);
    this.#reserve(2);
    this.#bytes[this.#length++] = value >> 8;
    this.#bytes[this.#length++] = value & 0xff;
  }

  u32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange(value, 32);
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Writes over what stands at `offset`. */
  patchU16(offset: number, value: number): void {
    if ((value & 0xffff) !== value) throw outOfRange(value, 16);
    this.#bytes[offset] = value >> 8;
    this.#bytes[offset + 1] = value & 0xff;
  }

  /** A name, ending in a pointer if it or its end was written before. Throws WireError if it is not a canonical name. */
  name(name: string): void {
    this.#name(name, { mayPoint: this.#compress, hasEnds: true });
  }

  /** A name written in full, to which later names may point. */
  fullName(name: string): void {
    this.#name(name, { mayPoint: false, hasEnds: true });
  }

  /**
   * The name of a question. In mixed case, later names may point to the whole of it only: so its spelling decides about
   * no other name's form, and the same reply can be given to every spelling.
   */
  questionName(name: string): void {
    this.#name(name, { mayPoint: this.#compress, hasEnds: name === lowerName(name) });
  }

  checkpoint(): Checkpoint {
    return { length: this.#length, suffixes: this.#suffixes.length };
  }

  /** Forgets what was written since. Checkpoints taken in between are void. */
  rollback(checkpoint: Checkpoint): void {
    this.#length = checkpoint.length;
    for (const suffix of this.#suffixes.splice(checkpoint.suffixes)) this.#offsets.delete(suffix);
  }

  /** A copy of the bytes written so far. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  /** `hasEnds`: later names may point to its shorter ends as well. */
  #name(name: string, { mayPoint, hasEnds }: { readonly mayPoint: boolean; readonly hasEnds: boolean }): void {
    if (name !== '.') {
      // Escapes only ever shorten a name, so a short text needs no counting.
      if (name.length >= MAX_NAME_BYTES && wireLength(name) > MAX_NAME_BYTES) {
        throw badName(name, `${wireLength(name)} bytes, at most ${MAX_NAME_BYTES} are allowed`);
      }
      this.#reserve(MAX_NAME_BYTES + 1);
      let mayBeKnown = this.#compress;
      for (let at = 0; at < name.length; at = this.#label(name, at)) {
        const offset = mayBeKnown ? this.#find(at === 0 ? name : name.slice(at)) : undefined;
        if (!hasEnds) mayBeKnown = false;
        if (offset === undefined) continue;
        if (mayPoint) {
          this.u16(0xc000 | offset);
          return;
        }
        // Its shorter ends were remembered together with it.
        mayBeKnown = false;
      }
    }
    this.u8(0);
  }

  /** Where this end of a name stands; if it does not yet, it is about to. */
  #find(suffix: string): number | undefined {
    const offset = this.#offsets.get(suffix);
    if (offset === undefined && this.#length < POINTABLE_BYTES) {
      this.#offsets.set(suffix, this.#length);
      this.#suffixes.push(suffix);
    }
    return offset;
  }

  /** Writes the label that starts at `start` of the text; gives where the next one starts. */
  #label(name: string, start: number): number {
    const bytes = this.#bytes;
    const sizeAt = this.#length;
    let end = sizeAt + 1;
    let at = start;
    for (; ; at += 1) {
      let byte = name.charCodeAt(at);
      if (byte === DOT) break;
      if (byte === BACKSLASH) {
        byte = escapedByte(name, at);
        if (byte < 0) throw badName(name, 'escape without a byte');
        at += isDigit(name.charCodeAt(at + 1)) ? 3 : 1;
      } else if (!(byte < 0x7f)) {
        throw badName(name, at < name.length ? 'not ASCII' : 'does not end in a dot');
      }
      if (end - sizeAt > MAX_LABEL_BYTES) throw badName(name, `label above ${MAX_LABEL_BYTES} bytes`);
      bytes[end++] = byte;
    }
    if (end === sizeAt + 1) throw badName(name, 'empty label');
    bytes[sizeAt] = end - sizeAt - 1;
    this.#length = end;
    return at + 1;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function badName(name: string, state: string): WireError {
  return new WireError('bad-name', `Cannot write name "${name}": ${state}`);
}

function outOfRange(value: number, bits: number): WireError {
  return new WireError('out-of-range', `Cannot write ${value}: not an unsigned number of ${bits} bits`);
}
