import { Rcode, RecordType } from '../wire/constants.js';
import type { Message } from '../wire/message.js';
import type { ResourceRecord } from '../wire/rdata.js';

export interface LifetimeLimits {
  /** Longest life of an answer. */
  readonly maxTtlSeconds: number;
  /** Longest life of "no such name" and "no such data". */
  readonly maxNegativeTtlSeconds: number;
}

/**
 * How long a reply may be kept, in whole seconds; 0 for not at all.
 *
 * That is the smallest TTL in it, whatever the section, so that no record is ever served past its own. A negative
 * reply without SOA is not kept (RFC 2308 section 5).
 */
export function lifetimeSeconds(reply: Message, limits: LifetimeLimits): number {
  if (reply.truncated) return 0;
  const negative = isNegative(reply);
  if (negative && !reply.authority.some(({ data }) => data.kind === 'SOA')) return 0;
  let seconds = negative ? limits.maxNegativeTtlSeconds : limits.maxTtlSeconds;
  for (const section of [reply.answer, reply.authority, reply.additional]) {
    for (const record of section) seconds = Math.min(seconds, ttlIn(reply, record));
  }
  return seconds;
}

/** The TTL that counts for a record: for the SOA of a negative reply at most its MINIMUM (RFC 2308 section 5). */
export function ttlIn(reply: Message, { ttlSeconds, data }: ResourceRecord): number {
  return data.kind === 'SOA' && isNegative(reply) ? Math.min(ttlSeconds, data.soa.minimumSeconds) : ttlSeconds;
}

/** Whether there is no such name, or nothing of the type asked for, not even at the end of a chain of CNAMEs. */
function isNegative({ rcode, questions: [question], answer }: Message): boolean {
  if (rcode !== Rcode.NOERROR || question === undefined) return true;
  return !answer.some(({ type }) => type === question.type || question.type === RecordType.ANY);
}
