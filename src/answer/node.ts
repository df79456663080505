import type { Node } from '../catalog/model.js';
import { RecordType } from '../wire/constants.js';
import { cnameAnswer } from './address.js';
import { type Asked, nodeAddress } from './chosen-address.js';
import { type RecordsOutcome, records } from './outcome.js';
import { addressRecord, asksForFamily, type Owner } from './record.js';
import { metaRecords } from './txt.js';

export interface NodeOptions {
  readonly owner: Owner;
  /** Whether an address comes with the node's metadata as additional records. */
  readonly withMeta: boolean;
  readonly limit: number;
}

/**
 * A node's address, metadata, or for ANY both (dns-behaviour 5.3); undefined when it has nothing for this type. A node
 * whose address is a host name is an alias, so every other type gets the CNAME.
 */
export function nodeAnswer(
  node: Node,
  asked: Asked,
  { owner, withMeta, limit }: NodeOptions,
): RecordsOutcome | undefined {
  const { type } = asked;
  const meta = metaRecords(owner, [node.meta]);
  const found = type === RecordType.TXT ? undefined : nodeAddressAnswer(node, asked, owner);
  if (type === RecordType.TXT || type === RecordType.ANY) {
    const answer = [...(found?.answer ?? []), ...meta].slice(0, limit);
    return answer.length === 0 ? undefined : records({ answer, chase: found?.chase ?? [] });
  }
  const isForAddress = type === RecordType.A || type === RecordType.AAAA;
  return found && { ...found, additional: withMeta && isForAddress ? meta : [] };
}

/** A node's address alone, for types that take one; an alias for every type. */
export function nodeAddressAnswer(node: Node, asked: Asked, owner: Owner): RecordsOutcome | undefined {
  const address = nodeAddress(node, asked);
  if (address?.kind === 'host') {
    const outcome = cnameAnswer(owner, address.target, asked.type);
    return { ...outcome, chase: outcome.chase.map((chase) => ({ ...chase, serviceTtlSeconds: undefined })) };
  }
  if (address === undefined || !asksForFamily(asked.type, address.ip.family)) return undefined;
  return records({ answer: [addressRecord(owner, address.ip)] });
}
