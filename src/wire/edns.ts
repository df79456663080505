import { CLASSIC_UDP_BYTES, RecordType } from './constants.js';
import { WireError } from './error.js';
import { WireReader } from './reader.js';
import type { WireWriter } from './writer.js';

/** One EDNS option as it stands in the OPT record (RFC 6891 section 6.1.2). */
export interface EdnsOptionValue {
  readonly code: number;
  readonly data: Uint8Array;
}

/** The OPT pseudo-record of a message (RFC 6891 section 6.1); `Message` carries it beside its sections. */
export interface Edns {
  readonly udpPayloadBytes: number;
  readonly version: number;
  /** DNSSEC OK, bit 0 of the flags (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOptionValue[];
}

const OPT_FIXED_BYTES = 11;
const OPTION_FIXED_BYTES = 4;
const DNSSEC_OK = 0x8000;

/** The rest of an OPT record, read from behind its type, and the upper eight bits of the rcode it carries. */
export function decodeOpt(reader: WireReader): { readonly edns: Edns; readonly upperRcode: number } {
  const udpPayloadBytes = reader.u16();
  const upperRcode = reader.u8();
  const version = reader.u8();
  const dnssecOk = (reader.u16() & DNSSEC_OK) !== 0;
  const length = reader.u16();
  const options = length === 0 ? [] : decodeOptions(reader.bytes(length));
  return { edns: { udpPayloadBytes, version, dnssecOk, options }, upperRcode };
}

export function encodeOpt(edns: Edns, upperRcode: number, writer: WireWriter): void {
  writer.name('.');
  writer.u16(RecordType.OPT);
  writer.u16(edns.udpPayloadBytes);
  writer.u8(upperRcode);
  writer.u8(edns.version);
  writer.u16(edns.dnssecOk ? DNSSEC_OK : 0);
  writer.u16(optBytes(edns) - OPT_FIXED_BYTES);
  for (const { code, data } of edns.options) {
    writer.u16(code);
    writer.u16(data.length);
    writer.bytes(data);
  }
}

/** Bytes the OPT record takes in a message. */
export function optBytes(edns: Edns): number {
  return edns.options.reduce((bytes, { data }) => bytes + OPTION_FIXED_BYTES + data.length, OPT_FIXED_BYTES);
}

/**
 * The largest reply to send over UDP: what the client can take (RFC 6891 section 6.2.3; 0 when it did not say), but no
 * more than we are willing to.
 */
export function udpLimitBytes(advertisedBytes: number, maxBytes: number): number {
  return Math.max(CLASSIC_UDP_BYTES, Math.min(advertisedBytes, maxBytes));
}

function decodeOptions(data: Uint8Array): EdnsOptionValue[] {
  const reader = new WireReader(data);
  const options: EdnsOptionValue[] = [];
  try {
    while (reader.offset < data.length) options.push({ code: reader.u16(), data: reader.bytes(reader.u16()) });
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new WireError('bad-opt', `Cannot read EDNS option: it ends behind the ${data.length} bytes there are`, {
      cause,
    });
  }
  return options;
}
