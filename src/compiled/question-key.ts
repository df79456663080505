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
  readonly question: Uint8Array;
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

/**
 * What a packet asks, read in one pass without decoding it: the question in lower case, and in `shape` all else that the
 * reply depends on. Packets with equal keys get the same reply but for their ID, their spelling of the question, the
 * order of equal records, and what goes with time.
 *
 * One object reads packet after packet, so that nothing is allocated for each.
 */
export class QuestionKey {
  /** Name, type and class as on the wire, the name in lower case; valid up to `length`. */
  readonly question = new Uint8Array(MAX_NAME_BYTES + TYPE_AND_CLASS_BYTES);
  length = 0;
  shape = 0;
  /** Of question and shape: 32 bits. */
  hash = 0;
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
    const spelledUpTo = this.isMixedCase ? HEADER_BYTES + length - TYPE_AND_CLASS_BYTES : 0;
    return { hash, shape, question: this.question.slice(0, length), spelledUpTo };
  }

  equals({ shape, question }: KeptKey): boolean {
    if (this.shape !== shape || this.length !== question.length) return false;
    for (let at = 0; at < question.length; at += 1) if (this.question[at] !== question[at]) return false;
    return true;
  }

  /** False for a packet that is not a plain question; this key is then of no use. Never throws. */
  read(packet: Uint8Array, { isUdp, mayRecurse }: Asker): boolean {
    if (!isPlainQuery(packet)) return false;
    const end = this.#readQuestion(packet);
    if (end < 0) return false;
    // A query is at least 17 bytes long, here and below.
    let shape = this.shape | (packet[2]! & FLAG_BITS.RD) | (packet[3]! & (FLAG_BITS.CD | FLAG_BITS.AD));
    if (isUdp) shape |= IS_UDP;
    if (mayRecurse) shape |= MAY_RECURSE;
    let advertisedBytes = 0;
    if (packet[11] === 1) {
      if (!isPlainOpt(packet, end)) return false;
      advertisedBytes = u16(packet, end + 3);
      shape |= (packet[end + 7]! & 0x80) === 0 ? HAS_OPT : HAS_OPT | DNSSEC_OK;
    }
    const limitBytes = isUdp ? udpLimitBytes(advertisedBytes, this.#maxUdpBytes) : MAX_MESSAGE_BYTES;
    shape |= limitBytes << LIMIT_SHIFT;
    this.shape = shape;
    this.hash = Math.imul(this.hash ^ shape, 0x9e3779b1) | 0;
    return true;
  }

  /** Copies and hashes the question; gives where it ends, -1 when it is not whole. */
  #readQuestion(packet: Uint8Array): number {
    const { question } = this;
    const last = Math.min(packet.length - TYPE_AND_CLASS_BYTES, HEADER_BYTES + MAX_NAME_BYTES);
    let hash = this.#seed;
    let isMixedCase = 0;
    let at: number = HEADER_BYTES;
    for (;;) {
      if (at >= last) return -1;
      const size = packet[at]!; // `at` is below `last`
      if (size > MAX_LABEL_BYTES) return -1;
      const end = at + 1 + size;
      if (end > last) return -1;
      for (; at < end; at += 1) {
        let byte = packet[at]!; // `end` is at most `last`
        // The length in front of a label is below every letter.
        if (byte >= 0x41 && byte <= 0x5a) {
          byte |= 0x20;
          isMixedCase = IS_MIXED_CASE;
        }
        question[at - HEADER_BYTES] = byte;
        hash = Math.imul(hash ^ byte, 0x01000193);
      }
      if (size === 0) break;
    }
    for (const end = at + TYPE_AND_CLASS_BYTES; at < end; at += 1) {
      const byte = packet[at]!; // `last` leaves room for them
      question[at - HEADER_BYTES] = byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    this.length = at - HEADER_BYTES;
    this.shape = isMixedCase;
    this.hash = hash;
    return at;
  }
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
