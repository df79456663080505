import type { LookupKind } from '../query/lookup.js';
import type { Zone } from '../query/zones.js';
import { EdnsOption, ExtendedError, Rcode } from '../wire/constants.js';
import type { Edns, EdnsOptionValue } from '../wire/edns.js';
import { encodeExtendedError } from '../wire/extended-error.js';
import type { Message } from '../wire/message.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { soaRecord } from './apex.js';
import { type Outcome, type RecordsOutcome, rcodeFor, records } from './outcome.js';
import type { AnswerPolicy } from './policy.js';

/** What may be remembered of an answer that nobody can confirm just now (RFC 8767 section 4 recommends it). */
const STALE_TTL_SECONDS = 30;

export interface ReplyFacts {
  /** Undefined for names that are not ours. */
  readonly zone: Zone | undefined;
  readonly policy: AnswerPolicy;
  /** Unix time, the serial of a SOA record. */
  readonly nowSeconds: number;
  /** Whether this client's questions about other names would be forwarded. */
  readonly recursionAvailable: boolean;
  /** The kind of lookup that gave the outcome, if there was one. */
  readonly lookupKind: LookupKind | undefined;
  /** The rows were the last ones known, not the current ones. */
  readonly isStale: boolean;
}

/** The reply that tells an outcome, of whatever size; its host names are to be chased before. */
export function messageFor(query: Message, outcome: Outcome, facts: ReplyFacts): Message {
  const { answer, authority, additional } = sectionsOf(outcome, facts);
  const keep = facts.isStale ? withCappedTtl : (section: readonly ResourceRecord[]) => section;
  return {
    id: query.id,
    isResponse: true,
    opcode: query.opcode,
    authoritative: facts.zone !== undefined,
    truncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: facts.recursionAvailable && outcome.kind !== 'refused',
    authenticData: false,
    checkingDisabled: query.checkingDisabled,
    rcode: rcodeFor(outcome),
    questions: query.questions,
    answer: keep(answer),
    authority: keep(authority),
    additional: keep(additional),
    edns: query.edns && ednsFor(query.edns, outcome, facts),
  };
}

/** Negative answers carry the SOA, by which resolvers know how long to remember them (RFC 2308). */
function sectionsOf(outcome: Outcome, { zone, policy, nowSeconds }: ReplyFacts): RecordsOutcome {
  if (outcome.kind === 'records') return outcome;
  const isNegative = outcome.kind === 'no-data' || outcome.kind === 'no-such-name';
  return isNegative && zone !== undefined
    ? records({ authority: [soaRecord({ zone, policy, nowSeconds })] })
    : records({});
}

function withCappedTtl(section: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return section.map((found) => ({ ...found, ttlSeconds: Math.min(found.ttlSeconds, STALE_TTL_SECONDS) }));
}

/** RFC 6891 section 7: a query with OPT gets one, about our own limits, whatever else the reply says. */
function ednsFor(asked: Edns, outcome: Outcome, facts: ReplyFacts): Edns {
  const isForSubnet = facts.lookupKind === 'prepared-query' && rcodeFor(outcome) === Rcode.NOERROR;
  const subnet = outcome.kind === 'malformed' ? [] : clientSubnet(asked, isForSubnet);
  return {
    udpPayloadBytes: facts.policy.udpPayloadMaxBytes,
    version: 0,
    dnssecOk: asked.dnssecOk,
    options: [...subnet, ...extendedErrors(outcome, facts.isStale)],
  };
}

/** The client's subnet as it was sent, and for how much of it the answer holds (RFC 7871 section 7.2.1). */
function clientSubnet({ options }: Edns, isForSubnet: boolean): readonly EdnsOptionValue[] {
  const asked = options.find(({ code }) => code === EdnsOption.CLIENT_SUBNET);
  if (asked === undefined || asked.data.length < 4) return [];
  const data = Uint8Array.from(asked.data);
  // Family, source prefix, scope prefix, address.
  data[3] = isForSubnet ? (data[2] ?? 0) : 0;
  return [{ code: EdnsOption.CLIENT_SUBNET, data }];
}

function extendedErrors(outcome: Outcome, isStale: boolean): readonly EdnsOptionValue[] {
  if (outcome.kind === 'failed') {
    if (outcome.extendedErrors !== undefined && outcome.extendedErrors.length > 0) return outcome.extendedErrors;
    switch (outcome.reason) {
      case 'unreachable':
        return [encodeExtendedError({ infoCode: ExtendedError.NO_REACHABLE_AUTHORITY, text: 'backend unreachable' })];
      case 'error':
        return [encodeExtendedError({ infoCode: ExtendedError.NETWORK_ERROR, text: 'backend error' })];
      case 'internal':
        return [];
    }
  }
  return isStale ? [encodeExtendedError({ infoCode: ExtendedError.STALE_ANSWER, text: 'backend unreachable' })] : [];
}
