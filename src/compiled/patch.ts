import { HEADER_BYTES } from '../wire/constants.js';
import type { CompiledReply } from './compile.js';

/** Where a reply may be put, for a caller who has done with each reply before the next one. */
export interface ReplyMemory {
  /** Bytes that are free until the next call. */
  bytes(length: number): Uint8Array;
}

/** What differs between one reply and the next to the same question. */
export interface Patch {
  /** Where the question's name ends if it is to be spelled as in the packet; 0 if it is spelled so already. */
  readonly spelledUpTo: number;
  /** To be added to all numbers that count seconds. */
  readonly seconds: number;
  /** Left out: memory of the reply's own. */
  readonly memory: ReplyMemory | undefined;
}

/** The reply for the client that sent this packet: under its ID, in its spelling, as of now. */
export function patchReply(
  { bytes, secondsAt }: CompiledReply,
  packet: Uint8Array,
  { spelledUpTo, seconds, memory }: Patch,
): Uint8Array {
  const reply = memory === undefined ? Buffer.allocUnsafe(bytes.length) : memory.bytes(bytes.length);
  reply.set(bytes);
  // Packet and reply have a header; the question's name is equally long in both.
  reply[0] = packet[0]!;
  reply[1] = packet[1]!;
  for (let at = HEADER_BYTES; at < spelledUpTo; at += 1) reply[at] = packet[at]!;
  if (seconds !== 0) for (const at of secondsAt) addSeconds(reply, at, seconds);
  return reply;
}

/** All within the reply: the compiler found them there. */
function addSeconds(reply: Uint8Array, at: number, seconds: number): void {
  const before = (reply[at]! << 24) | (reply[at + 1]! << 16) | (reply[at + 2]! << 8) | reply[at + 3]!;
  const after = (before + seconds) >>> 0;
  reply[at] = after >>> 24;
  reply[at + 1] = after >>> 16;
  reply[at + 2] = after >>> 8;
  reply[at + 3] = after;
}
