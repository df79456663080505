import { HEADER_BYTES, RecordType } from '../wire/constants.js';

/** How the numbers in a reply that count seconds move as time goes by. */
export interface Aging {
  /** `serials`: the serials of SOA records are the time itself. `ttls`: the TTLs of all records run out. */
  readonly counts: 'serials' | 'ttls';
  /** When second 0 began, in milliseconds of Unix time: then, or when the records were received. */
  readonly epochMs: number;
}

/** A reply's bytes, and what has to be changed in them when they are sent again. */
export interface CompiledReply {
  readonly bytes: Uint8Array;
  /** Where its 32-bit numbers stand that count seconds. */
  readonly secondsAt: readonly number[];
  /** Which second they are right for. */
  readonly second: number;
}

const TYPE_AND_CLASS_BYTES = 4;
/** From a record's type. */
const TTL_OFFSET = 4;
const DATA_OFFSET = 10;
const POINTER = 0xc0;

/** Finds what goes with time in a reply to one question. The bytes are not copied, and not to be changed afterwards. */
export function compileReply(bytes: Uint8Array, second: number, { counts }: Aging): CompiledReply {
  const secondsAt: number[] = [];
  let at = skipName(bytes, HEADER_BYTES) + TYPE_AND_CLASS_BYTES;
  while (at < bytes.length) {
    const typeAt = skipName(bytes, at);
    const type = u16(bytes, typeAt);
    const dataAt = typeAt + DATA_OFFSET;
    if (counts === 'ttls' && type !== RecordType.OPT) secondsAt.push(typeAt + TTL_OFFSET);
    // The serial is behind the names of the server and of who runs it (RFC 1035 section 3.3.13).
    if (counts === 'serials' && type === RecordType.SOA) secondsAt.push(skipName(bytes, skipName(bytes, dataAt)));
    at = dataAt + u16(bytes, dataAt - 2);
  }
  return { bytes, secondsAt, second };
}

/** Which second it is. */
export function secondOf({ epochMs }: Aging, nowMs: number): number {
  return Math.floor((nowMs - epochMs) / 1000);
}

/** Where the name that starts at `at` ends. */
function skipName(bytes: Uint8Array, at: number): number {
  for (let label = at; ; ) {
    const size = bytes[label]!; // the encoder has ended each name it wrote
    if (size >= POINTER) return label + 2;
    label += size + 1;
    if (size === 0) return label;
  }
}

/** Within the fixed fields of what the encoder wrote. */
function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
