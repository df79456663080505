import type { Message } from '../wire/message.js';
import type { Rdata, ResourceRecord } from '../wire/rdata.js';

/** What V8 takes in the cache for a message, a record and anything further in it, contents aside: measured, Node 20. */
const MESSAGE_BYTES = 1_000;
const RECORD_BYTES = 230;
const OBJECT_BYTES = 150;

/** Roughly the memory that a message takes in the cache, with its view of the moment. */
export function messageBytes({ questions, answer, authority, additional }: Message): number {
  let bytes = MESSAGE_BYTES;
  for (const { name } of questions) bytes += name.length;
  for (const section of [answer, authority, additional]) for (const record of section) bytes += recordBytes(record);
  return bytes;
}

function recordBytes({ name, data }: ResourceRecord): number {
  return RECORD_BYTES + name.length + dataBytes(data);
}

function dataBytes(data: Rdata): number {
  switch (data.kind) {
    case 'A':
    case 'AAAA':
      return data.address.length;
    case 'CNAME':
    case 'NS':
    case 'PTR':
    case 'DNAME':
    case 'SRV':
      return data.target.length;
    case 'SOA':
      return OBJECT_BYTES + data.soa.mname.length + data.soa.rname.length;
    case 'MX':
      return data.exchange.length;
    case 'TXT':
      return data.strings.reduce((bytes, string) => bytes + OBJECT_BYTES + string.length, OBJECT_BYTES);
    case 'opaque':
      return OBJECT_BYTES + data.bytes.length;
  }
}
