import type { ResourceRecord } from './rdata.js';
import { decodeRdata, encodeRdata } from './rdata-codec.js';
import type { WireReader } from './reader.js';
import type { WireWriter } from './writer.js';

/** The rest of a record, read from behind its owner name and type (RFC 1035 section 4.1.3). */
export function decodeRecord(name: string, type: number, reader: WireReader): ResourceRecord {
  const recordClass = reader.u16();
  const ttl = reader.u32();
  const length = reader.u16();
  const data = decodeRdata(type, reader, length);
  // With the top bit set the whole TTL counts as zero (RFC 2181 section 8).
  return { name, type, class: recordClass, ttlSeconds: ttl > 0x7fff_ffff ? 0 : ttl, data };
}

/** Writes a record; throws WireError when it has no wire form, the writer then being in need of a rollback. */
export function encodeRecord(record: ResourceRecord, writer: WireWriter): void {
  writer.name(record.name);
  writer.u16(record.type);
  writer.u16(record.class);
  writer.u32(record.ttlSeconds);
  const lengthAt = writer.length;
  writer.u16(0);
  encodeRdata(record.data, writer);
  writer.patchU16(lengthAt, writer.length - lengthAt - 2);
}
