import type { ResourceRecord } from '../wire/rdata.js';

/** What a lookup came to, before it becomes a message. */
export type Outcome =
  | RecordsOutcome
  | { readonly kind: 'no-data' | 'no-such-name' | 'not-implemented' }
  | { readonly kind: 'failed'; readonly cause: Error };

export interface RecordsOutcome {
  readonly kind: 'records';
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Host names whose addresses belong into the reply as well. */
  readonly chase: readonly Chase[];
}

/** A host name to be looked up, inside our zones or upstream, and what to do with the records found. */
export interface Chase {
  readonly target: string;
  /** The types to ask for outside our zones; inside, one ANY lookup gives them all. */
  readonly types: readonly number[];
  readonly into: 'answer' | 'additional';
  /** `addresses` keeps A, AAAA and CNAME; `all` keeps everything found (node lookups). */
  readonly keep: 'addresses' | 'all';
}
