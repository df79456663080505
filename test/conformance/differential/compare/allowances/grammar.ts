/** Name forms that current Consul has and 1.8.7 has not. */
import { Rcode, RecordType } from '../../../../../src/wire/constants.js';
import { escapeLabel, labels } from '../../../../../src/wire/name.js';
import { withParts } from '../../ask/reply.js';
import { namesOfServices } from '../../catalog/rich-catalog.js';
import type { Allowance, Equivalence } from '../allowance.js';
import { negative, ZONE_TYPES } from '../rewriting.js';

const PAIRING_KINDS = ['service', 'node', 'connect', 'ingress'];

export const SUFFIX_PAIRS: Equivalence = {
  row: 'C040',
  what: 'X.dc names a datacenter (C089: X.port a port, of no account for addresses; 5.2: X.peer is passed over for mesh)',
  instead: ({ asked, parts }) => {
    const { kind = '', suffixes, pairs, left } = parts;
    if (ZONE_TYPES.includes(asked.type) || suffixes.length < 2 || pairs === undefined) return undefined;
    if (!PAIRING_KINDS.includes(kind) || left.length === 0) return undefined;
    const isPlain = kind === 'service' || kind === 'node';
    // No instance here has named ports, and 1.8.7 knows no peers: both are NXDOMAIN, as the unknown form is for 1.8.7.
    if ((isPlain && pairs.has('peer')) || (kind === 'service' && pairs.has('port') && asked.type === RecordType.SRV)) {
      return undefined;
    }
    const all = labels(asked.name);
    const datacenter = pairs.get('dc') ?? [];
    return named([
      ...all.slice(0, parts.relative.length - suffixes.length),
      ...[datacenter].flat(),
      ...all.slice(parts.relative.length),
    ]);
  },
};

export const QUERY_WITH_PROTOCOL: Equivalence = {
  row: 'C056',
  what: '_NAME._tcp.query is the query NAME (C057: not for 1.8.7)',
  instead: ({ asked, parts }) => {
    const { kind, left, suffixes } = parts;
    const isForm = left.length > 1 && left[0]?.startsWith('_') && left.at(-1)?.startsWith('_');
    if (kind !== 'query' || !isForm || ZONE_TYPES.includes(asked.type) || suffixes.length > 1) return undefined;
    const all = labels(asked.name);
    const name = all
      .slice(0, left.length - 1)
      .join('.')
      .slice(1);
    return name === '' ? undefined : named([...name.split('.'), ...all.slice(left.length)]);
  },
};

export const DELEGATION_SIGNER: Equivalence = {
  row: 'D10',
  what: 'DS inside our zones is not forwarded: it is a type without records',
  instead: ({ asked, parts, configuration }) =>
    asked.type === RecordType.DS && parts.zone !== undefined && configuration.hasRecursors
      ? { type: RecordType.MX }
      : undefined,
};

export const VIRTUAL: Allowance = {
  row: 'C087',
  what: '.virtual is a kind (C088: not for 1.8.7); unknown services are NXDOMAIN (D22), those without a VIP empty',
  expect: (theirs, exchange) => {
    const { asked, parts } = exchange;
    const { kind, left, suffixes, pairs } = parts;
    // A port may be named, and is of no account.
    const isLocal = suffixes.length === 0 || (suffixes.length === 2 && pairs?.has('port') === true);
    if (kind !== 'virtual' || left.length === 0 || !isLocal || ZONE_TYPES.includes(asked.type)) return undefined;
    if (left.length > 2) return negative(theirs, exchange, Rcode.NXDOMAIN);
    // Names with other bytes are never found (4.3.6).
    const isKnown = namesOfServices('dc1').some((name) => /^[\w-]+$/.test(name) && name.toLowerCase() === left.at(-1));
    return isKnown
      ? withParts(theirs, { rcode: Rcode.NOERROR, answer: [], authority: [], additional: [] })
      : negative(theirs, exchange, Rcode.NXDOMAIN);
  },
};

export const API_GATEWAY: Allowance = {
  row: '20.1',
  what: 'api-gateway is a kind (not for 1.8.7, which takes it for a datacenter), of which 1.8.7 has none to tell',
  expect: (theirs, exchange) => {
    const { asked, parts } = exchange;
    const isOne = parts.kind === 'api-gateway' && parts.left.length > 0 && !ZONE_TYPES.includes(asked.type);
    return isOne ? negative(theirs, exchange, Rcode.NXDOMAIN) : undefined;
  },
};

/** In capitals, so that it is not by chance the host name that a service has for its address (7.1.5). */
function named(parts: readonly string[]): { readonly name: string } {
  return { name: `${parts.map((label) => escapeBytes(label).toUpperCase()).join('.')}.` };
}

/** One label from its bytes, one character each. */
function escapeBytes(label: string): string {
  return [...label].map((byte) => (byte > '~' ? `\\${byte.charCodeAt(0)}` : escapeLabel(byte))).join('');
}
