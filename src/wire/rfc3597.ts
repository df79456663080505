import { RecordType } from './constants.js';
import { WireError } from './error.js';
import type { WireReader } from './reader.js';
import { WireWriter } from './writer.js';

/** Part of a record's data: so many bytes, a name, a string with its length before it, or all that is left. */
type Part = number | 'name' | 'string' | 'rest';

/**
 * The types without a kind of their own whose data may hold compressed names (RFC 3597 section 4): those of RFC 1035,
 * and those that were in use before compression in new types was ruled out.
 */
const layouts: ReadonlyMap<number, readonly Part[]> = new Map<number, readonly Part[]>([
  [RecordType.MD, ['name']],
  [RecordType.MF, ['name']],
  [RecordType.MB, ['name']],
  [RecordType.MG, ['name']],
  [RecordType.MR, ['name']],
  [RecordType.MINFO, ['name', 'name']],
  [RecordType.RP, ['name', 'name']],
  [RecordType.AFSDB, [2, 'name']],
  [RecordType.RT, [2, 'name']],
  [RecordType.SIG, [18, 'name', 'rest']],
  [RecordType.PX, [2, 'name', 'name']],
  [RecordType.NXT, ['name', 'rest']],
  [RecordType.NAPTR, [4, 'string', 'string', 'string', 'name']],
]);

/** Reads data up to `end` and gives it with its names written out, so that the bytes mean the same in any message. */
export function expandRdata(type: number, reader: WireReader, end: number): Uint8Array {
  const layout = layouts.get(type);
  if (layout === undefined) return reader.bytes(end - reader.offset);
  const writer = new WireWriter({ compress: false });
  for (const part of layout) {
    if (part === 'name') writer.name(reader.name());
    else writer.bytes(reader.bytes(partBytes(part, reader, end, writer)));
  }
  return writer.finish();
}

function partBytes(part: number | 'string' | 'rest', reader: WireReader, end: number, writer: WireWriter): number {
  if (part === 'rest') {
    if (reader.offset > end)
      throw new WireError('bad-rdata', `Cannot read data at byte ${reader.offset}: ends at ${end}`);
    return end - reader.offset;
  }
  if (part !== 'string') return part;
  const length = reader.u8();
  writer.u8(length);
  return length;
}
