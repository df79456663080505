import {
  EdnsOption,
  HEADER_BYTES,
  MAX_LABEL_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  RecordType,
} from '../wire/constants.js';
import { udpLimitBytes } from '../wire/edns.js';

/** What a reply depends on besides the packet. */
export interface Asker {
  readonly isUdp: boolean;
  /** Whether names outside our zones would be looked up for this client. */
  readonly mayRecurse: boolean;
}

/** What is kept of a key, to recognise the same question by. */
export interface KeptKey {
  readonly hash: number;
  readonly shape: number;
  readonly question: Int32Array;
  /** Where the name ends in the packets if it has capitals, which each packet may put elsewhere; else 0. */
  readonly spelledUpTo: number;
}

const TYPE_AND_CLASS_BYTES = 4;
const OPT_FIXED_BYTES = 11;
const OPTION_FIXED_BYTES = 4;
/** Longer queries are rare and, with all their options, slow to scan. */
const MAX_QUERY_BYTES = 512;

// The bits of `shape`. RD, CD and AD stay where the header has them.
const FLAG_BITS = { RD: 0x01, CD: 0x10, AD: 0x20 } as const;
const HAS_OPT = 0x02;
const DNSSEC_OK = 0x04;
const IS_UDP = 0x08;
const MAY_RECURSE = 0x40;
const IS_MIXED_CASE = 0x80;
const LIMIT_SHIFT = 8;

/** A name, and type and class together. */
const MAX_WORDS = Math.ceil(MAX_NAME_BYTES / 4) + 1;

/**
 * What a packet asks, read in one pass without decoding it: the question in lower case, and in `shape` all else that the
 * reply depends on. Packets with equal keys get the same reply but for their ID, their spelling of the question, the
 * order of equal records, and what goes with time.
 *
 * One object reads packet after packet, so that nothing is allocated for each; and it reads four bytes at a time, for
 * hashing them one by one took twice as long.
 */
export class QuestionKey {
  /** The name as on the wire but in lower case and filled up with zeros; type and class. Valid up to `length`. */
  readonly question = new Int32Array(MAX_WORDS);
  length = 0;
  shape = 0;
  /** Of question and shape: 32 bits. */
  hash = 0;
  /** Where the name ends in the packet. */
  #nameEnd = 0;
  readonly #maxUdpBytes: number;
  /** Keeps others from choosing names that fall together. */
  readonly #seed: number;

  constructor({ maxUdpBytes, seed }: { readonly maxUdpBytes: number; readonly seed: number }) {
    this.#maxUdpBytes = maxUdpBytes;
    this.#seed = seed;
  }

  /** Whether the name is spelled with capitals. */
  get isMixedCase(): boolean {
    return (this.shape & IS_MIXED_CASE) !== 0;
  }

  keep(): KeptKey {
    const { hash, shape, length } = this;
    return { hash, shape, question: this.question.slice(0, length), spelledUpTo: this.isMixedCase ? this.#nameEnd : 0 };
  }

  equals({ shape, question }: KeptKey): boolean {
    if (this.shape !== shape || this.length !== question.length) return false;
    for (let at = 0; at < question.length; at += 1) if (this.question[at] !== question[at]) return false;
    return true;
  }

  /** False for a packet that is not a plain question; this key is then of no use. Never throws. */
  read(packet: Uint8Array, { isUdp, mayRecurse }: Asker): boolean {
    if (!isPlainQuery(packet)) return false;
    const nameEnd = endOfName(packet);
    if (nameEnd < 0) return false;
    // A query is at least 17 bytes long, here and below.
    let shape = (packet[2]! & FLAG_BITS.RD) | (packet[3]! & (FLAG_BITS.CD | FLAG_BITS.AD));
    if (isUdp) shape |= IS_UDP;
    if (mayRecurse) shape |= MAY_RECURSE;
    let advertisedBytes = 0;
    if (packet[11] === 1) {
      const opt = nameEnd + TYPE_AND_CLASS_BYTES;
      if (!isPlainOpt(packet, opt)) return false;
      advertisedBytes = u16(packet, opt + 3);
      shape |= (packet[opt + 7]! & 0x80) === 0 ? HAS_OPT : HAS_OPT | DNSSEC_OK;
    }
    const limitBytes = isUdp ? udpLimitBytes(advertisedBytes, this.#maxUdpBytes) : MAX_MESSAGE_BYTES;
    shape |= limitBytes << LIMIT_SHIFT;
    this.#readQuestion(packet, nameEnd, shape);
    return true;
  }

  #readQuestion(packet: Uint8Array, nameEnd: number, shape: number): void {
    const { question } = this;
    let hash = mix(this.#seed, shape);
    let capitals = 0;
    let length = 0;
    for (let at: number = HEADER_BYTES; at < nameEnd; at += 4) {
      const word = wordAt(packet, at, nameEnd);
      const isCapital = capitalsIn(word);
      capitals |= isCapital;
      // What makes a letter small is its bit 5.
      const lower = word | (isCapital >>> 2);
      question[length++] = lower;
      hash = mix(hash, lower);
    }
    const typeAndClass = wordAt(packet, nameEnd, nameEnd + TYPE_AND_CLASS_BYTES);
    question[length++] = typeAndClass;
    this.hash = mix(hash, typeAndClass);
    this.shape = capitals === 0 ? shape : shape | IS_MIXED_CASE;
    this.length = length;
    this.#nameEnd = nameEnd;
  }
}

/** Where the name of the question ends; -1 when it is no plain name or not followed by type and class. */
function endOfName(packet: Uint8Array): number {
  const last = Math.min(packet.length - TYPE_AND_CLASS_BYTES, HEADER_BYTES + MAX_NAME_BYTES);
  for (let at: number = HEADER_BYTES; at < last; ) {
    const size = packet[at]!; // `at` is below `last`
    if (size > MAX_LABEL_BYTES) return -1;
    at += size + 1;
    if (size === 0) return at;
  }
  return -1;
}

/** Four bytes, the first one lowest; zeros for what is at `end` or behind. */
function wordAt(packet: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return packet[at]! | (packet[at + 1]! << 8) | (packet[at + 2]! << 16) | (packet[at + 3]! << 24);
  let word = packet[at]!; // the caller has checked that all bytes before `end` are there
  if (at + 1 < end) word |= packet[at + 1]! << 8;
  if (at + 2 < end) word |= packet[at + 2]! << 16;
  return word;
}

/** Bit 7 of each byte that is a letter from A to Z. A length in front of a label is below every letter. */
function capitalsIn(word: number): number {
  const low = word & 0x7f7f7f7f;
  // Bit 7 becomes set from A on, and from [, which follows Z, on.
  return (low + 0x3f3f3f3f) & ~(low + 0x25252525) & ~word & 0x80808080;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x01000193);
  // Multiplying carries only upwards.
  return mixed ^ (mixed >>> 15);
}

/** One question and nothing else but maybe an OPT record; of the flags at most RD, CD and AD. */
function isPlainQuery(packet: Uint8Array): boolean {
  return (
    packet.length >= HEADER_BYTES + 1 + TYPE_AND_CLASS_BYTES &&
    packet.length <= MAX_QUERY_BYTES &&
    (packet[2]! & ~FLAG_BITS.RD) === 0 &&
    (packet[3]! & ~(FLAG_BITS.CD | FLAG_BITS.AD)) === 0 &&
    u16(packet, 4) === 1 &&
    u16(packet, 6) === 0 &&
    u16(packet, 8) === 0 &&
    u16(packet, 10) <= 1
  );
}

/** Whether there is a sound OPT record of EDNS version 0, without Client Subnet, for that is echoed (D5). */
function isPlainOpt(packet: Uint8Array, at: number): boolean {
  let option = at + OPT_FIXED_BYTES;
  if (option > packet.length) return false;
  // Owner, type, upper rcode, version.
  if (packet[at] !== 0 || u16(packet, at + 1) !== RecordType.OPT || u16(packet, at + 5) !== 0) return false;
  const end = option + u16(packet, at + 9);
  if (end > packet.length) return false;
  while (option < end) {
    if (option + OPTION_FIXED_BYTES > end || u16(packet, option) === EdnsOption.CLIENT_SUBNET) return false;
    option += OPTION_FIXED_BYTES + u16(packet, option + 2);
  }
  return option === end;
}

/** The caller has checked the length. */
function u16(packet: Uint8Array, at: number): number {
  return (packet[at]! << 8) | packet[at + 1]!;
}
