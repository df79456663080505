import type { Instance } from '../catalog/model.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { textStrings } from '../wire/rdata-codec.js';
import { type Owner, record } from './record.js';

/** One TXT record per entry of a node's or a service's metadata (dns-behaviour 6.4). */
export function metaRecords(owner: Owner, meta: Readonly<Record<string, string>>): readonly ResourceRecord[] {
  return Object.entries(meta).map(([key, value]) => textRecord(owner, metaText(key, value)));
}

/** The metadata of all instances of a service, each entry once. */
export function serviceMetaRecords(owner: Owner, instances: readonly Instance[]): readonly ResourceRecord[] {
  const texts = instances.flatMap(({ meta }) => Object.entries(meta).map(([key, value]) => metaText(key, value)));
  return [...new Set(texts)].map((text) => textRecord(owner, text));
}

/** `key=value` by RFC 1464: a backquote escapes what would end the key. Keys `rfc1035-...` stand for plain text. */
export function metaText(key: string, value: string): string {
  if (/^rfc1035-/i.test(key)) return value;
  const escapedKey = key.replace(/[`=]|^ +| +$/g, (match) => match.replace(/./g, '`$&'));
  return `${escapedKey}=${value.replaceAll('`', '``')}`;
}

function textRecord(owner: Owner, text: string): ResourceRecord {
  return record(owner, { kind: 'TXT', strings: textStrings(text) });
}
