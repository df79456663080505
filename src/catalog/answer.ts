import type { Snapshot } from './model.js';

/** Which server may answer: the leader, any, or the leader after asking its peers. */
export type Consistency = 'default' | 'stale' | 'consistent';

/** What every read may say. */
export interface ReadQuery {
  readonly signal: AbortSignal;
  readonly consistency: Consistency;
  /** Undefined means the backend's own. */
  readonly datacenter: string | undefined;
  /** Hold the answer back until the data is past this index, for `waitMs` at most. */
  readonly blocking?: { readonly index: string; readonly waitMs: number } | undefined;
  readonly peer?: string | undefined;
}

/** A snapshot and what the backend said about it (http-api A2). */
export interface Answer<T> extends Snapshot<T> {
  /** False only when the answering server said that it has no leader. */
  readonly hasLeader: boolean;
  /** How the backend made the answer; indexes of different kinds do not compare. */
  readonly madeBy: string;
}
