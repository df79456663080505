import { Rcode } from '../wire/constants.js';
import type { EdnsOptionValue } from '../wire/edns.js';
import type { ResourceRecord } from '../wire/rdata.js';

/** What a question came to, before it becomes a message. */
export type Outcome = RecordsOutcome | FailedOutcome | { readonly kind: BareKind };

/** Outcomes with no records of their own; `no-data` and `no-such-name` get the zone's SOA in the reply. */
type BareKind = 'no-data' | 'no-such-name' | 'not-implemented' | 'refused' | 'malformed' | 'bad-version';

export interface RecordsOutcome {
  readonly kind: 'records';
  /** May be empty: a few names are answered with nothing, or with additional records alone, and no SOA. */
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Host names whose addresses belong into the reply as well. */
  readonly chase: readonly Chase[];
}

export interface FailedOutcome {
  readonly kind: 'failed';
  /** `unreachable`: nobody could be asked; `error`: somebody was asked and could not say; `internal`: our own fault. */
  readonly reason: 'unreachable' | 'error' | 'internal';
  readonly cause: Error;
  /** What the one who was asked said of the reason (RFC 8914 options); takes the place of our own words. */
  readonly extendedErrors?: readonly EdnsOptionValue[];
}

/** A host name to be looked up, inside our zones or upstream, and what to do with the records found. */
export interface Chase {
  readonly target: string;
  /** The types to ask for outside our zones; inside, one ANY lookup gives them all. */
  readonly types: readonly number[];
  readonly into: 'answer' | 'additional';
  /**
   * For a service's host name, the service's TTL: of what is found inside our zones addresses are kept, under this TTL.
   * Undefined for a node's: whatever is found is kept as it is (dns-behaviour 13.4).
   */
  readonly serviceTtlSeconds: number | undefined;
}

/** A records outcome from the sections that are not empty. */
export function records(sections: Partial<Omit<RecordsOutcome, 'kind'>>): RecordsOutcome {
  return { kind: 'records', answer: [], authority: [], additional: [], chase: [], ...sections };
}

export function rcodeFor(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'records':
    case 'no-data':
      return Rcode.NOERROR;
    case 'no-such-name':
      return Rcode.NXDOMAIN;
    case 'not-implemented':
      return Rcode.NOTIMP;
    case 'refused':
      return Rcode.REFUSED;
    case 'malformed':
      return Rcode.FORMERR;
    case 'bad-version':
      return Rcode.BADVERS;
    case 'failed':
      return Rcode.SERVFAIL;
  }
}
