import { RecordClass, RecordType } from '../wire/constants.js';
import type { Rdata, ResourceRecord } from '../wire/rdata.js';
import type { IpText } from './chosen-address.js';

/** A record's owner and time to live. */
export interface Owner {
  readonly name: string;
  readonly ttlSeconds: number;
}

export function addressRecord(owner: Owner, { family, address }: IpText): ResourceRecord {
  return record(owner, { kind: family === 4 ? 'A' : 'AAAA', address });
}

export function record({ name, ttlSeconds }: Owner, data: Exclude<Rdata, { kind: 'opaque' }>): ResourceRecord {
  return { name, type: RecordType[data.kind], class: RecordClass.IN, ttlSeconds, data };
}

/** Whether a question of this type takes an address of this family. */
export function asksForFamily(type: number, family: 4 | 6): boolean {
  return type === RecordType.ANY || type === (family === 4 ? RecordType.A : RecordType.AAAA);
}
