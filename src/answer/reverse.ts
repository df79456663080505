import type { AddressOwner } from '../catalog/source.js';
import { RecordType } from '../wire/constants.js';
import { lowerName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { type Outcome, records } from './outcome.js';
import { nodeName, placeOf, serviceName } from './place.js';
import type { AnswerPolicy } from './policy.js';
import { type Owner, record } from './record.js';

export interface ReverseOptions {
  readonly owner: Owner;
  readonly type: number;
  /** The zone the names are in. */
  readonly domain: string;
  readonly policy: AnswerPolicy;
}

/** The names of an address in their order, each once. */
export function reverseAnswer(
  owners: readonly AddressOwner[],
  { owner, type, domain, policy }: ReverseOptions,
): Outcome {
  if (owners.length === 0) return { kind: 'no-such-name' };
  if (type !== RecordType.PTR && type !== RecordType.ANY) return { kind: 'no-data' };
  const answer = new Map<string, ResourceRecord>();
  for (const { kind, name, datacenter } of owners) {
    const place = placeOf(domain, { datacenter, peer: undefined }, policy);
    const target = kind === 'node' ? nodeName(name, place) : serviceName(name, place);
    if (!answer.has(lowerName(target))) answer.set(lowerName(target), record(owner, { kind: 'PTR', target }));
  }
  return records({ answer: [...answer.values()] });
}
