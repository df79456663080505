/** Which zone's names stand in a reply, and the names of a zone that own no records. */
import { EdnsOption, Rcode } from '../../../../../src/wire/constants.js';
import { lowerName } from '../../../../../src/wire/name.js';
import type { Rdata, ResourceRecord } from '../../../../../src/wire/rdata.js';
import { type SentReply, withParts } from '../../ask/reply.js';
import type { Allowance } from '../allowance.js';
import type { NameParts } from '../name-parts.js';
import { negative, primaryOf, ZONE_TYPES } from '../rewriting.js';

export const MATCHED_ZONE: Allowance = {
  row: 'C028',
  what: "names that are made up end in the zone that was asked (C029: not for 1.8.7), the SOA is that zone's (D9)",
  expect: (theirs, { asked, parts, configuration }) => {
    const { zone } = parts;
    const primary = primaryOf(configuration.zones);
    if (zone === undefined || zone === 'arpa.' || zone === primary) return undefined;
    const madeUp = (name: string): string => {
      const rest = cut(name, primary);
      const isMadeUp = name === primary || /^(ns|hostmaster)\.$|(^|\.)(node|addr)\.[^.]+\.$/.test(rest);
      return isMadeUp && name !== asked.name ? `${rest}${zone}` : name;
    };
    return inAllSections(theirs, (record) => ({
      ...record,
      name: madeUp(record.name),
      data: inData(record.data, madeUp),
    }));
  },
};

/** What stands before the zone; empty when the name is not below it. */
function cut(name: string, zone: string): string {
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length) : '';
}

function inData(data: Rdata, change: (name: string) => string): Rdata {
  switch (data.kind) {
    case 'SRV':
    case 'NS':
      return { ...data, target: change(data.target) };
    case 'SOA':
      return { ...data, soa: { ...data.soa, mname: change(data.soa.mname), rname: change(data.soa.rname) } };
    default:
      return data;
  }
}

function inAllSections(reply: SentReply, change: (record: ResourceRecord) => ResourceRecord): SentReply {
  const { answer, authority, additional } = reply.message;
  return withParts(reply, {
    answer: answer.map(change),
    authority: authority.map(change),
    additional: additional.map(change),
  });
}

const DATACENTERS = ['dc1', 'dc2'];

export const NON_TERMINALS: Allowance = {
  row: 'D6',
  what: 'names that only have names below them exist',
  expect: (theirs, exchange) => {
    const { parts, asked } = exchange;
    if (parts.zone === undefined || parts.zone === 'arpa.' || ZONE_TYPES.includes(asked.type)) return undefined;
    if (theirs.message.rcode !== Rcode.NXDOMAIN) return undefined;
    if (!isNonTerminal(parts)) return undefined;
    const exists = negative(theirs, exchange);
    return parts.kind === 'query' && parts.left.length > 0 ? withFullScope(exists) : exists;
  },
};

/** Of a query that exists, the whole of the client's subnet is the scope (12.5). */
function withFullScope(reply: SentReply): SentReply {
  const { edns } = reply.message;
  const options = edns?.options.map(({ code, data }) => ({
    code,
    data: code === EdnsOption.CLIENT_SUBNET ? data.map((byte, at) => (at === 3 ? (data[2] ?? 0) : byte)) : data,
  }));
  return withParts(reply, { edns: edns && { ...edns, options: options ?? [] } });
}

export const NAME_OF_NS: Allowance = {
  row: 'D7',
  what: 'ns.DOMAIN exists; without `advertise` it has no addresses',
  expect: (theirs, exchange) => {
    const { parts, asked } = exchange;
    const isNs = parts.zone !== 'arpa.' && parts.zone !== undefined && parts.relative.join('.') === 'ns';
    if (!isNs || ZONE_TYPES.includes(asked.type) || theirs.message.rcode !== Rcode.NXDOMAIN) return undefined;
    return negative(theirs, exchange);
  },
};

/** By the words of D6: the apex, kinds, suffixes, and a single `_label` before `service`, `query` or a suffix. */
function isNonTerminal({ relative, kind, left, suffixes }: NameParts): boolean {
  const isProtocol = left.length === 1 && left[0]?.startsWith('_') === true;
  switch (kind) {
    case undefined: {
      const [first = '', ...rest] = relative;
      return isSuffix(relative) || (first.startsWith('_') && isWholeSuffix(rest));
    }
    case 'service':
      return (left.length === 0 || isProtocol) && isWholeSuffix(suffixes);
    case 'query':
      return (left.length === 0 || isProtocol) && suffixes.length < 2 && isWholeSuffix(suffixes);
    case 'addr':
      return left.length === 0;
    case 'virtual':
      return left.length === 0 && (suffixes.length === 1 || (isWholeSuffix(suffixes) && !suffixes.includes('dc')));
    default:
      return left.length === 0 && isWholeSuffix(suffixes);
  }
}

/** A suffix, or what is left of one without its first label. */
function isSuffix(labels: readonly string[]): boolean {
  const lacksFirst = labels.length % 2 === 1 && ['dc', 'peer', 'port'].includes(labels[0] ?? '');
  return isWholeSuffix(labels) || (lacksFirst && isWholeSuffix(['dc1', ...labels]));
}

function isWholeSuffix(labels: readonly string[]): boolean {
  if (labels.length === 0) return true;
  if (labels.length === 1) return DATACENTERS.includes(labels[0] ?? '');
  if (labels.length % 2 === 1) return false;
  const keywords = labels.filter((_, index) => index % 2 === 1);
  const values = labels.filter((_, index) => index % 2 === 0);
  if (keywords.some((keyword) => !['dc', 'peer', 'port'].includes(keyword))) return false;
  if (new Set(keywords).size < keywords.length || (keywords.includes('dc') && keywords.includes('peer'))) return false;
  return keywords.every((keyword, index) => keyword !== 'dc' || DATACENTERS.includes(values[index] ?? ''));
}

export const SELF_REFERENCE: Allowance = {
  row: 'D23',
  what: 'a host name that is the name asked for is found out in any letter case',
  expect: async (theirs, { asked, askConsul }) => {
    const lower = lowerName(asked.name);
    const pointsAtItself = theirs.message.answer.some(
      ({ data }) => (data.kind === 'CNAME' || data.kind === 'SRV') && lowerName(data.target) === lower,
    );
    if (!pointsAtItself || lower === asked.name) return undefined;
    // Over TCP, where its limit for small replies takes nothing away.
    return askConsul({ name: lower, transport: 'tcp' });
  },
};
