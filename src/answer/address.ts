/** Answers that are addresses: of instances, of `addr` names, virtual ones (dns-behaviour 5.5, 5.6, 6.1). */
import type { Instance } from '../catalog/model.js';
import { RecordType } from '../wire/constants.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { type Asked, type IpText, instanceAddress } from './chosen-address.js';
import { type RecordsOutcome, records } from './outcome.js';
import { addressRecord, asksForFamily, type Owner, record } from './record.js';

/**
 * The instances' addresses without repetition; where there are none, the CNAME of the first host name. Undefined when
 * the instances have nothing for this type. `limit` counts addresses, so it never splits a chain.
 */
export function addressAnswer(
  instances: readonly Instance[],
  asked: Asked,
  { owner, limit }: { readonly owner: Owner; readonly limit: number },
): RecordsOutcome | undefined {
  const found = new Map<string, ResourceRecord>();
  let host: string | undefined;
  for (const instance of instances) {
    const address = instanceAddress(instance, asked);
    if (address?.kind === 'host') host ??= address.target;
    // Where there are addresses there is no alias: what A and ANY are answered with, TXT is not to contradict (D15).
    if (address?.kind === 'ip' && asked.type === RecordType.TXT) return undefined;
    if (address?.kind !== 'ip' || !asksForFamily(asked.type, address.ip.family)) continue;
    found.set(address.ip.address, addressRecord(owner, address.ip));
    if (found.size >= limit) break;
  }
  if (found.size > 0) return records({ answer: [...found.values()] });
  return host === undefined ? undefined : cnameAnswer(owner, host, asked.type);
}

/** The alias of a service. */
export function cnameAnswer(owner: Owner, target: string, type: number): RecordsOutcome {
  return records({
    answer: [record(owner, { kind: 'CNAME', target })],
    chase: [{ target, types: typesBehind(type), into: 'answer', serviceTtlSeconds: owner.ttlSeconds }],
  });
}

/** What to ask about a host name outside our zones; a question for the CNAME itself ends there (RFC 1034 section 4.3.2). */
export function typesBehind(type: number): readonly number[] {
  switch (type) {
    case RecordType.CNAME:
      return [];
    case RecordType.SRV:
    case RecordType.ANY:
      return [RecordType.A, RecordType.AAAA];
    default:
      return [type];
  }
}

/** The one address that a name stands for; for other types it is an additional record (dns-behaviour 5.5, 5.6). */
export function singleAddress(owner: Owner, ip: IpText, type: number): RecordsOutcome {
  const found = [addressRecord(owner, ip)];
  return asksForFamily(type, ip.family) ? records({ answer: found }) : records({ additional: found });
}
