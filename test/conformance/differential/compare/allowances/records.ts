/** Records in the sections: repeated ones, those of services, and those from upstream. */
import { CLASSIC_UDP_BYTES, Rcode, RecordType } from '../../../../../src/wire/constants.js';
import { equalNames, isSubdomain, lowerName } from '../../../../../src/wire/name.js';
import type { ResourceRecord } from '../../../../../src/wire/rdata.js';
import { rr } from '../../../../support/records.js';
import { type SentReply, withParts } from '../../ask/reply.js';
import { RECURSOR_RECORDS } from '../../recursor-data.js';
import type { Allowance, Exchange } from '../allowance.js';
import { recordLine } from '../canonical.js';
import { negative, ZONE_TYPES } from '../rewriting.js';

export const REPEATED: Allowance = {
  row: 'D18',
  what: 'no record stands twice',
  expect: (theirs) => {
    const { answer, additional } = theirs.message;
    return withParts(theirs, { answer: once(answer), additional: once(additional) });
  },
};

function once(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return [...new Map(records.map((record) => [recordLine(record).toLowerCase(), record])).values()];
}

export const ZERO_LIMIT: Allowance = {
  row: 'D3',
  what: 'udp_answer_limit: 0 means no limit (20.1: NODATA in 1.8.7)',
  expect: async (theirs, { asked, configuration, askConsul }) => {
    const isSmall = asked.transport === 'udp' && (asked.edns?.udpPayloadBytes ?? 0) <= CLASSIC_UDP_BYTES;
    const { rcode, answer } = theirs.message;
    if (!isSmall || configuration.agent.dns_config?.['udp_answer_limit'] !== 0) return undefined;
    if (rcode !== Rcode.NOERROR || answer.length > 0 || ZONE_TYPES.includes(asked.type)) return undefined;
    return askConsul({ transport: 'tcp' });
  },
};

const SERVICE_KINDS = ['service', 'connect', 'ingress', 'query'];

export const SERVICE_TEXT: Allowance = {
  row: 'D15',
  what: 'TXT of a service is NODATA',
  expect: (theirs, exchange) => {
    const { asked, parts } = exchange;
    if (asked.type !== RecordType.TXT || !SERVICE_KINDS.includes(parts.kind ?? '')) return undefined;
    const { answer, rcode } = theirs.message;
    const isAddresses = answer.every(({ type }) => type === RecordType.A || type === RecordType.AAAA);
    return rcode === Rcode.NOERROR && answer.length > 0 && isAddresses ? negative(theirs, exchange) : undefined;
  },
};

export const TTL_KEYS: Allowance = {
  row: 'D23',
  what: 'keys of service_ttl are names, whatever their letter case',
  expect: (theirs, { asked, parts, configuration }) => {
    const keys = Object.keys(configuration.agent.dns_config?.['service_ttl'] ?? {});
    if (ZONE_TYPES.includes(asked.type)) return undefined;
    const isIt = parts.kind !== 'node' && parts.left.some((label) => label.replace(/^_/, '') === 'caps-svc');
    if (!isIt || !keys.includes('Caps-Svc')) return undefined;
    const { answer, additional } = theirs.message;
    const nine = (record: ResourceRecord) => (record.type === RecordType.SOA ? record : { ...record, ttlSeconds: 9 });
    return withParts(theirs, { answer: answer.map(nine), additional: additional.map(nine) });
  },
};

const UPSTREAM = RECURSOR_RECORDS.map(rr);

export const CHASED_UPSTREAM: Allowance = {
  row: 'D11',
  what: 'host names outside are asked for the type of the question, and keep their TTLs',
  expect: (theirs, exchange) => {
    const { asked, parts, configuration } = exchange;
    if (!configuration.hasRecursors || parts.zone === undefined || !theirs.message.authoritative) return undefined;
    const isOutside = (name: string): boolean =>
      !configuration.zones.some((zone) => isSubdomain(lowerName(name), zone));
    const inAnswer = theirs.message.answer.filter(({ name }) => !isOutside(name));
    const inAdditional = theirs.message.additional.filter(({ name }) => !isOutside(name));
    const targets = (records: readonly ResourceRecord[], kind: 'CNAME' | 'SRV'): readonly string[] =>
      records.flatMap(({ data }) => (data.kind === kind && isOutside(data.target) ? [data.target] : []));
    const types = typesAskedFor(asked.type);
    const behind = (target: string) => (types.length === 0 ? [] : upstream(target, types));
    const answer = [...inAnswer, ...targets(inAnswer, 'CNAME').flatMap(behind)];
    const additional = [
      ...inAdditional,
      ...[...targets(inAnswer, 'SRV'), ...targets(inAdditional, 'CNAME')].flatMap(behind),
    ];
    return countedDown(withParts(theirs, { answer, additional }), exchange);
  },
};

export const FORWARDED: Allowance = {
  row: 'D13',
  what: 'forwarded answers are cached, so their TTLs count down and their owner is spelled as in the question',
  expect: (theirs, exchange) => {
    const { asked, parts, configuration } = exchange;
    const isForwarded = configuration.hasRecursors && (parts.zone === undefined || !theirs.message.authoritative);
    if (!isForwarded) return undefined;
    const respelled = (record: ResourceRecord) =>
      equalNames(record.name, asked.name) ? { ...record, name: asked.name } : record;
    const { answer, authority } = theirs.message;
    const spelled = { answer: answer.map(respelled), authority: authority.map(respelled) };
    return countedDown(withParts(theirs, spelled), exchange);
  },
};

function typesAskedFor(type: number): readonly number[] {
  // Who asks for the CNAME has it already (RFC 1034 section 4.3.2).
  if (type === RecordType.CNAME) return [];
  return type === RecordType.SRV || type === RecordType.ANY ? [RecordType.A, RecordType.AAAA] : [type];
}

/** What the recursors give for a name, with the aliases on the way. */
function upstream(name: string, types: readonly number[]): readonly ResourceRecord[] {
  const own = UPSTREAM.filter((record) => equalNames(record.name, name));
  const alias = own.find(({ data }) => data.kind === 'CNAME');
  if (alias?.data.kind === 'CNAME') return [{ ...alias, name }, ...upstream(alias.data.target, types)];
  return own.filter(({ type }) => types.includes(type)).map((record) => ({ ...record, name }));
}

/** Nothing can have been in a cache of ours for longer. */
const STARTED_AT = Date.now();

/** Where ours has the very same record with less time left, as a cache gives it, that is the time. */
function countedDown(theirs: SentReply, { ours }: Exchange): SentReply {
  const withTtl = (section: 'answer' | 'authority' | 'additional') =>
    theirs.message[section].map((record) => {
      const own = ours?.message[section].find((candidate) => isSameButTtl(candidate, record));
      const spentSeconds = own === undefined ? 0 : record.ttlSeconds - own.ttlSeconds;
      const isCountedDown = spentSeconds > 0 && spentSeconds <= Math.ceil((Date.now() - STARTED_AT) / 1000);
      return own !== undefined && isCountedDown && own.ttlSeconds > 0
        ? { ...record, ttlSeconds: own.ttlSeconds }
        : record;
    });
  return withParts(theirs, {
    answer: withTtl('answer'),
    authority: withTtl('authority'),
    additional: withTtl('additional'),
  });
}

function isSameButTtl(one: ResourceRecord, other: ResourceRecord): boolean {
  return recordLine({ ...one, ttlSeconds: 0 }) === recordLine({ ...other, ttlSeconds: 0 });
}
