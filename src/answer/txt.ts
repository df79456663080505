import type { ResourceRecord } from '../wire/rdata.js';
import { textStrings } from '../wire/rdata-codec.js';
import { type Owner, record } from './record.js';

type Meta = Readonly<Record<string, string>>;

/** One TXT record per entry of the metadata of nodes or services, equal ones once (dns-behaviour 6.4). */
export function metaRecords(owner: Owner, metas: readonly Meta[]): readonly ResourceRecord[] {
  const texts = metas.flatMap((meta) => Object.entries(meta).map(([key, value]) => metaText(key, value)));
  return [...new Set(texts)].map((text) => record(owner, { kind: 'TXT', strings: textStrings(text) }));
}

/** `key=value` by RFC 1464: a backquote escapes what would end the key. Keys `rfc1035-...` stand for plain text. */
export function metaText(key: string, value: string): string {
  if (/^rfc1035-/i.test(key)) return value;
  const escapedKey = key.replace(/[`=]|^ +| +$/g, (match) => match.replace(/./g, '`$&'));
  return `${escapedKey}=${value.replaceAll('`', '``')}`;
}
