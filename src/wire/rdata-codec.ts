/** The wire form of each kind of data: read by a record's type, written by the data's kind. */
import { RecordType } from './constants.js';
import { WireError } from './error.js';
import { formatIp, parseIpv4, parseIpv6 } from './ip.js';
import type { Rdata, SoaFields } from './rdata.js';
import type { WireReader } from './reader.js';
import { expandRdata } from './rfc3597.js';
import type { WireWriter } from './writer.js';

const MAX_STRING_BYTES = 255;

/** Reads `length` bytes of data of this type; throws WireError when they do not have its form. */
export function decodeRdata(type: number, reader: WireReader, length: number): Rdata {
  const end = reader.offset + length;
  const data = decodeByType(type, reader, end);
  if (reader.offset !== end) {
    throw new WireError('bad-rdata', `Cannot read data of type ${type}: ${length} bytes do not have its form`);
  }
  return data;
}

/**
 * Writes the data without its length. Targets of SRV (RFC 2782) and DNAME (RFC 6672) are written in full; for a
 * compressed SRV target Go's resolver refuses the whole answer.
 */
export function encodeRdata(data: Rdata, writer: WireWriter): void {
  switch (data.kind) {
    case 'A':
      encodeAddress(parseIpv4(data.address), data.address, writer);
      break;
    case 'AAAA':
      encodeAddress(parseIpv6(data.address), data.address, writer);
      break;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      writer.name(data.target);
      break;
    case 'DNAME':
      writer.fullName(data.target);
      break;
    case 'SOA':
      encodeSoa(data.soa, writer);
      break;
    case 'MX':
      writer.u16(data.preference);
      writer.name(data.exchange);
      break;
    case 'TXT':
      encodeStrings(data.strings, writer);
      break;
    case 'SRV':
      writer.u16(data.priority);
      writer.u16(data.weight);
      writer.u16(data.port);
      writer.fullName(data.target);
      break;
    case 'opaque':
      writer.bytes(data.bytes);
      break;
    default:
      // Nothing is returned, so only this makes a new kind fail to compile.
      data satisfies never;
  }
}

/** The strings of a TXT record for a text of any length: its UTF-8 bytes in pieces of at most 255. */
export function textStrings(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const strings = [bytes.slice(0, MAX_STRING_BYTES)];
  for (let at = MAX_STRING_BYTES; at < bytes.length; at += MAX_STRING_BYTES) {
    strings.push(bytes.slice(at, at + MAX_STRING_BYTES));
  }
  return strings;
}

function decodeByType(type: number, reader: WireReader, end: number): Rdata {
  switch (type) {
    case RecordType.A:
      return { kind: 'A', address: formatIp(reader.bytes(4)) };
    case RecordType.AAAA:
      return { kind: 'AAAA', address: formatIp(reader.bytes(16)) };
    case RecordType.CNAME:
      return { kind: 'CNAME', target: reader.name() };
    case RecordType.NS:
      return { kind: 'NS', target: reader.name() };
    case RecordType.PTR:
      return { kind: 'PTR', target: reader.name() };
    case RecordType.DNAME:
      return { kind: 'DNAME', target: reader.name() };
    case RecordType.SOA:
      return { kind: 'SOA', soa: decodeSoa(reader) };
    case RecordType.MX:
      return { kind: 'MX', preference: reader.u16(), exchange: reader.name() };
    case RecordType.TXT:
      return { kind: 'TXT', strings: decodeStrings(reader, end) };
    case RecordType.SRV:
      return {
        kind: 'SRV',
        priority: reader.u16(),
        weight: reader.u16(),
        port: reader.u16(),
        target: reader.name(),
      };
    default:
      return { kind: 'opaque', bytes: expandRdata(type, reader, end) };
  }
}

function encodeAddress(bytes: Uint8Array | undefined, text: string, writer: WireWriter): void {
  if (bytes === undefined)
    throw new WireError('bad-address', `Cannot write address "${text}": not of its record's family`);
  writer.bytes(bytes);
}

function decodeSoa(reader: WireReader): SoaFields {
  return {
    mname: reader.name(),
    rname: reader.name(),
    serial: reader.u32(),
    refreshSeconds: reader.u32(),
    retrySeconds: reader.u32(),
    expireSeconds: reader.u32(),
    minimumSeconds: reader.u32(),
  };
}

function encodeSoa(soa: SoaFields, writer: WireWriter): void {
  writer.name(soa.mname);
  writer.name(soa.rname);
  writer.u32(soa.serial);
  writer.u32(soa.refreshSeconds);
  writer.u32(soa.retrySeconds);
  writer.u32(soa.expireSeconds);
  writer.u32(soa.minimumSeconds);
}

function decodeStrings(reader: WireReader, end: number): Uint8Array[] {
  const strings: Uint8Array[] = [];
  while (reader.offset < end) strings.push(reader.bytes(reader.u8()));
  return strings;
}

function encodeStrings(strings: readonly Uint8Array[], writer: WireWriter): void {
  for (const string of strings) {
    writer.u8(string.length);
    writer.bytes(string);
  }
}
