/**
 * Consul's query-name grammar (dns-behaviour 4): `LEFT.KEYWORD.SUFFIXES.DOMAIN`. Names on the way down to such a name
 * exist as well and own nothing, as resolvers that minimise the qname expect (RFC 8020, RFC 9156).
 */
import { RecordType } from '../wire/constants.js';
import { addressOfHexLabel, addressOfReverse } from '../wire/ip.js';
import type { Question } from '../wire/message.js';
import { labels } from '../wire/name.js';
import type { Locality, Lookup, ServiceView } from './lookup.js';
import { NO_SUFFIXES, parseBareSuffixes, parseSuffixes, type Suffixes } from './suffixes.js';
import { type Zone, type Zones, zoneOf } from './zones.js';

export type ParsedName =
  | { readonly kind: 'lookup'; readonly lookup: Lookup; readonly zone: Zone }
  /** Settled without the catalog. */
  | { readonly kind: Settled; readonly zone: Zone }
  | { readonly kind: 'not-ours' };

type Settled = 'no-data' | 'no-such-name' | 'not-implemented';

type Keyword = ServiceView | 'virtual' | 'node' | 'query' | 'addr';

interface Split {
  readonly left: readonly string[];
  readonly keyword: Keyword;
  readonly suffixes: readonly string[];
}

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map(
  (['service', 'connect', 'ingress', 'api-gateway', 'virtual', 'node', 'query', 'addr'] as const).map((keyword) => [
    keyword,
    keyword,
  ]),
);

/** What a question asks for. Never throws, whatever the name and the type. */
export function parseName({ name, type }: Pick<Question, 'name' | 'type'>, zones: Zones): ParsedName {
  const zone = zoneOf(zones, name);
  if (zone === undefined) return { kind: 'not-ours' };
  if (type === RecordType.AXFR) return { kind: 'not-implemented', zone };
  const found = zone.kind === 'reverse' ? parseReverse(name) : parseBelow(zone, name, type);
  return typeof found === 'string' ? { kind: found, zone } : { kind: 'lookup', lookup: found, zone };
}

function parseReverse(name: string): Lookup | Settled {
  const address = addressOfReverse(name);
  return address === undefined ? 'no-such-name' : { kind: 'reverse', address };
}

function parseBelow(zone: Zone, name: string, type: number): Lookup | Settled {
  if (type === RecordType.SOA || type === RecordType.NS) return { kind: 'apex', part: 'zone' };
  const parts = labels(name);
  const relative = parts.slice(0, parts.length - labels(zone.name).length).map(spellingOf);
  if (relative.length === 0) return 'no-data';
  if (relative.length === 1 && relative[0] === 'ns') return { kind: 'apex', part: 'ns' };
  const split = splitAtKeyword(relative, type);
  if (split === undefined) return nonTerminal(parseBareSuffixes(relative));
  const suffixes = suffixesOf(split);
  if (split.left.length === 0) return nonTerminal(suffixes);
  return (suffixes && lookupOf(split, suffixes)) ?? 'no-such-name';
}

const NEEDS_ESCAPE = /[.();@"\\]|[^!-~]/g;

/**
 * A label as Consul looks it up: in lower case, and with everything escaped that a zone file would escape (RFC 1035
 * section 5.1). So a dot within a label parts nothing, and names with spaces or accents are not found by DNS.
 */
export function spellingOf(label: string): string {
  return label.replace(NEEDS_ESCAPE, escaped).toLowerCase();
}

function escaped(byte: string): string {
  return `\\${/[ -~]/.test(byte) ? byte : String(byte.charCodeAt(0)).padStart(3, '0')}`;
}

/** Finds the rightmost keyword, so that a service may be called `node`; for SRV, `_tcp` means `_tcp.service`. */
function splitAtKeyword(relative: readonly string[], type: number): Split | undefined {
  for (let at = relative.length - 1; at >= 0; at -= 1) {
    const label = relative[at] ?? '';
    const keyword = KEYWORDS.get(label);
    if (keyword !== undefined) return { left: relative.slice(0, at), keyword, suffixes: relative.slice(at + 1) };
    if (type === RecordType.SRV && label.startsWith('_')) {
      return { left: relative.slice(0, at + 1), keyword: 'service', suffixes: relative.slice(at + 1) };
    }
  }
  return undefined;
}

function nonTerminal(suffixes: Suffixes | undefined): Lookup | Settled {
  if (suffixes === undefined) return 'no-such-name';
  return suffixes.datacenter === undefined ? 'no-data' : { kind: 'non-terminal', datacenter: suffixes.datacenter };
}

/** The suffixes by the keyword's own rules; undefined when it does not allow them. */
function suffixesOf({ keyword, suffixes: labels }: Split): Suffixes | undefined {
  if (keyword === 'addr') return NO_SUFFIXES;
  if (keyword === 'query' && labels.length > 1) return undefined;
  const suffixes = parseSuffixes(labels);
  if (keyword !== 'virtual') return suffixes;
  // Virtual addresses are unique within a datacenter only: what stands alone is a peer, and `.dc` is refused.
  if (labels.length === 1) return { ...NO_SUFFIXES, peer: labels[0] };
  return suffixes?.datacenter === undefined ? suffixes : undefined;
}

function lookupOf({ left, keyword }: Split, suffixes: Suffixes): Lookup | undefined {
  const locality = { datacenter: suffixes.datacenter, peer: suffixes.peer };
  const last = left.at(-1) ?? '';
  switch (keyword) {
    case 'service':
      return serviceLookup(left, suffixes.portName, locality);
    case 'connect':
    case 'ingress':
    case 'api-gateway':
      // Tags and ports are for plain services; a peer is accepted and passed over (dns-behaviour 5.2).
      return {
        kind: 'service',
        view: keyword,
        service: last,
        tag: undefined,
        portName: undefined,
        locality: { ...locality, peer: undefined },
      };
    case 'node':
      return { kind: 'node', node: left.join('.'), locality };
    case 'query':
      return queryLookup(left, suffixes.datacenter);
    case 'virtual':
      return left.length > 2 ? undefined : { kind: 'virtual', service: last, portName: left.at(-2), locality };
    case 'addr':
      return left.length > 1 ? undefined : addressLookup(last);
  }
}

/** `tag.service`, or the RFC 2782 form `_service._tag`, in which `_tcp` is no tag; a tag may hold dots. */
function serviceLookup(left: readonly string[], portName: string | undefined, locality: Locality): Lookup | undefined {
  const [first = '', second = ''] = left;
  const isRfc2782 = left.length === 2 && first.startsWith('_') && second.startsWith('_');
  const service = isRfc2782 ? first.slice(1) : (left.at(-1) ?? '');
  const tag = isRfc2782 ? second.slice(1) : left.slice(0, -1).join('.');
  const hasTag = left.length > 1 && !(isRfc2782 && tag === 'tcp');
  if (service === '') return undefined;
  return { kind: 'service', view: 'service', service, tag: hasTag ? tag : undefined, portName, locality };
}

/** `a.b`, or the RFC 2782 form `_a.b._tcp`. */
function queryLookup(left: readonly string[], datacenter: string | undefined): Lookup | undefined {
  const isRfc2782 = left.length > 1 && left[0]?.startsWith('_') && left.at(-1)?.startsWith('_');
  const query = isRfc2782 ? left.slice(0, -1).join('.').slice(1) : left.join('.');
  return query === '' ? undefined : { kind: 'prepared-query', query, datacenter };
}

function addressLookup(label: string): Lookup | undefined {
  const spelled = addressOfHexLabel(label);
  return spelled && { kind: 'address', label, ...spelled };
}
