import { HEADER_BYTES } from './constants.js';

/** The fixed first 12 bytes of a message (RFC 1035 section 4.1.1, RFC 4035 section 3.1.6). */
export interface Header {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** The lower four bits only. */
  readonly rcode: number;
  readonly questionCount: number;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
}

/** Reads the header at a fixed cost; undefined when there are fewer than 12 bytes. */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = u16(bytes, 2);
  return {
    id: u16(bytes, 0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    authenticData: (flags & 0x0020) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 0xf,
    questionCount: u16(bytes, 4),
    answerCount: u16(bytes, 6),
    authorityCount: u16(bytes, 8),
    additionalCount: u16(bytes, 10),
  };
}

/** The 16 bits between ID and counts. */
export function headerFlags(header: Omit<Header, `${string}Count`>): number {
  return (
    (header.isResponse ? 0x8000 : 0) |
    ((header.opcode & 0xf) << 11) |
    (header.authoritative ? 0x0400 : 0) |
    (header.truncated ? 0x0200 : 0) |
    (header.recursionDesired ? 0x0100 : 0) |
    (header.recursionAvailable ? 0x0080 : 0) |
    (header.authenticData ? 0x0020 : 0) |
    (header.checkingDisabled ? 0x0010 : 0) |
    (header.rcode & 0xf)
  );
}

function u16(bytes: Uint8Array, offset: number): number {
  // The caller has checked the length.
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}
