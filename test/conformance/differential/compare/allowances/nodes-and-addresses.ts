/** Lookups of nodes, of `addr` names and of reverse names. */
import { Rcode, RecordType } from '../../../../../src/wire/constants.js';
import { formatIp, parseIp, reverseName } from '../../../../../src/wire/ip.js';
import { equalNames, escapeLabel } from '../../../../../src/wire/name.js';
import type { ResourceRecord } from '../../../../../src/wire/rdata.js';
import { withParts } from '../../ask/reply.js';
import { RICH_NODES, RICH_SERVICES } from '../../catalog/rich-catalog.js';
import type { Allowance, Exchange } from '../allowance.js';
import { negative, primaryOf, ZONE_TYPES } from '../rewriting.js';

const NODE_TYPES: readonly number[] = [RecordType.A, RecordType.AAAA, RecordType.ANY, RecordType.TXT];

export const NODE_WITHOUT_RECORD: Allowance = {
  row: 'D8',
  what: 'a node without such a record is NODATA, an unknown one NXDOMAIN, an alias a CNAME, for every type',
  expect: async (theirs, exchange) => {
    const { asked, parts, askConsul } = exchange;
    const { message } = theirs;
    if (parts.kind !== 'node' || parts.left.length === 0 || ZONE_TYPES.includes(asked.type)) return undefined;
    if (message.rcode !== Rcode.NOERROR || message.answer.length > 0 || message.authority.length > 0) return undefined;
    if (NODE_TYPES.includes(asked.type)) return negative(theirs, exchange);
    const known = await askConsul({ type: RecordType.ANY });
    if (known === undefined || known.message.rcode !== Rcode.NOERROR) return negative(theirs, exchange, Rcode.NXDOMAIN);
    const isAlias = known.message.answer.some(({ type, name }) => type === RecordType.CNAME && name === asked.name);
    if (!isAlias) return negative(theirs, exchange);
    const answer = known.message.answer.filter(({ name, type }) => type !== RecordType.TXT || name !== asked.name);
    return withParts(known, { answer });
  },
};

export const ADDR_OF_OTHER_FAMILY: Allowance = {
  row: 'C084',
  what: 'an addr name gives its record as additional when another type was asked (C085: as answer in 1.8.7)',
  expect: (theirs, { asked, parts }) => {
    const [record] = theirs.message.answer;
    if (parts.kind !== 'addr' || record === undefined || ZONE_TYPES.includes(asked.type)) return undefined;
    if (asked.type === RecordType.ANY || asked.type === record.type) return undefined;
    return withParts(theirs, { answer: [], additional: theirs.message.answer });
  },
};

export const ADDR_OF_ODD_LENGTH: Allowance = {
  row: '20.1',
  what: 'an addr label that is no address is NXDOMAIN, however long (empty in 1.8.7 unless of 8, 9, 32 or 33 digits)',
  expect: (theirs, exchange) => {
    const { left, kind } = exchange.parts;
    const [{ length } = ''] = left;
    const { rcode, answer, authority } = theirs.message;
    const isEmpty = rcode === Rcode.NOERROR && answer.length === 0 && authority.length === 0;
    return kind === 'addr' && left.length === 1 && ![8, 9, 32, 33].includes(length) && isEmpty
      ? negative(theirs, exchange, Rcode.NXDOMAIN)
      : undefined;
  },
};

export const ADDR_SPELLING: Allowance = {
  row: 'D25',
  what: 'the owner of an addr record has the spelling of the question',
  expect: (theirs, { asked, parts }) => {
    if (parts.kind !== 'addr') return undefined;
    const respelled = (record: ResourceRecord): ResourceRecord =>
      record.name.startsWith(`${parts.left[0]}.addr.`) ? { ...record, name: asked.name } : record;
    const { answer, additional } = theirs.message;
    return withParts(theirs, { answer: answer.map(respelled), additional: additional.map(respelled) });
  },
};

export const ALIAS_TO_AN_ADDRESS: Allowance = {
  row: 'D24',
  what: 'a host name that took the place of an IP address is the alias, not that address',
  expect: (theirs) => {
    const better = (record: ResourceRecord): ResourceRecord => {
      const { data } = record;
      const node = data.kind === 'CNAME' && RICH_NODES.find(({ Address }) => data.target === `${Address}.`);
      const host = node && Object.values(node.TaggedAddresses ?? {}).find((tagged) => parseIp(tagged) === undefined);
      return host ? { ...record, data: { kind: 'CNAME', target: `${host}.` } } : record;
    };
    return withParts(theirs, {
      answer: theirs.message.answer.map(better),
      additional: theirs.message.additional.map(better),
    });
  },
};

export const REVERSE: Allowance = {
  row: 'D14',
  what: 'all names of an address, for PTR and ANY alone, with node_ttl (C100: NXDOMAIN for none; 1.8.7: SERVFAIL)',
  expect: (reply, exchange) => {
    const { asked, parts, configuration } = exchange;
    if (parts.zone !== 'arpa.') return undefined;
    // What a recursor said of EDNS is not what we say of our own.
    const theirs = reply.message.authoritative ? reply : withParts(reply, { edns: undefined });
    const ra = { recursionAvailable: configuration.hasRecursors === true };
    if (asked.type === RecordType.AXFR) {
      return withParts(negative(theirs, exchange, Rcode.NOTIMP), { ...ra, authority: [] });
    }
    const names = ownersOf(asked.name, exchange);
    if (names.length === 0) {
      if (theirs.message.rcode !== Rcode.SERVFAIL || configuration.hasRecursors) return undefined;
      return withParts(negative(theirs, exchange, Rcode.NXDOMAIN), { recursionAvailable: false });
    }
    const found = theirs.message.answer[0]?.data;
    // What Consul found has to be among them.
    if (found !== undefined && (found.kind !== 'PTR' || !names.some((name) => equalNames(name, found.target))))
      return undefined;
    if (asked.type !== RecordType.PTR && asked.type !== RecordType.ANY)
      return withParts(negative(theirs, exchange), ra);
    const ttlSeconds = configuration.agent.dns_config?.['node_ttl'] === '7s' ? 7 : 0;
    const answer = names.map((target) => ({
      ...{ name: asked.name, type: RecordType.PTR, class: 1, ttlSeconds },
      data: { kind: 'PTR' as const, target },
    }));
    return withParts(theirs, {
      ...ra,
      rcode: Rcode.NOERROR,
      authoritative: true,
      answer,
      authority: [],
      additional: [],
    });
  },
};

/** By the catalog as it was registered: the names of the nodes and services with this very address. */
function ownersOf(qname: string, { configuration }: Exchange): readonly string[] {
  const domain = primaryOf(configuration.zones);
  const isIt = (address: string): boolean => {
    const ip = parseIp(address);
    return ip !== undefined && equalNames(reverseName(formatIp(ip.bytes)) ?? '', qname);
  };
  const nodes = RICH_NODES.filter(({ Datacenter, Address }) => Datacenter === 'dc1' && isIt(Address)).map(
    ({ Node }) => Node,
  );
  const services = RICH_SERVICES.filter(
    ({ Datacenter, Service }) => Datacenter === 'dc1' && isIt(Service.Address ?? ''),
  ).map(({ Service }) => Service.Service);
  return [
    ...nodes.map((name) => `${name.split('.').map(escapeLabel).join('.')}.node.dc1.${domain}`),
    ...new Set(services.map((name) => `${escapeLabel(name)}.service.dc1.${domain}`)),
  ];
}
