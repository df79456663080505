import type { Message } from '../wire/message.js';
import type { Rdata, ResourceRecord } from '../wire/rdata.js';

/** What V8 takes for a decoded message, a record and an array of bytes without their contents; measured on Node 20. */
const MESSAGE_BYTES = 700;
const RECORD_BYTES = 180;
const BYTES_BYTES = 120;

/** Roughly the memory that a decoded message takes, in bytes; what is bounded by it is bounded in earnest. */
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
      return data.soa.mname.length + data.soa.rname.length;
    case 'MX':
      return data.exchange.length;
    case 'TXT':
      return data.strings.reduce((bytes, string) => bytes + BYTES_BYTES + string.length, 0);
    case 'opaque':
      return BYTES_BYTES + data.bytes.length;
  }
}
