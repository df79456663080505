import type { Clock } from '../clock.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Consistency } from './answer.js';
import type { ConsulClient } from './client.js';
import type { HotNames } from './hot-names.js';
import type { Slots } from './slots.js';
import type { Timers } from './timers.js';
import type { TokenBucket } from './token-bucket.js';

/** What can change under way. */
export interface CatalogSettings {
  /** How long to go on with the last rows while the backend cannot be asked; 0 turns that off. */
  readonly staleMaxAgeMs: number;
  /** Whose addresses reverse lookups find. */
  readonly reverseScope: 'nodes' | 'all';
  /** How long a prepared query's result is used again; undefined means a second, or its own TTL if that is shorter. */
  readonly queryMaxAgeMs: number | undefined;
}

interface FixedOptions {
  /** The datacenter that lookups without one mean, in lower case. */
  readonly datacenter: string;
  /** Whether that one may be another than the backend's own, so that requests have to name it. */
  readonly namesDatacenter: boolean;
  /** Longest wait of a blocking query. */
  readonly pollWaitMs: number;
  /** For reads of one name. */
  readonly consistency: Consistency;
  /** Answers leave warnings out, so it always matters when a check turns to one. */
  readonly onlyPassing: boolean;
  /** Most names with a blocking query of their own. */
  readonly maxWatches: number;
  readonly serviceCacheEntries: number;
  readonly negativeCacheEntries: number;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface CatalogCacheOptions extends FixedOptions, CatalogSettings {}

/** What all parts of one cache share. */
export interface CatalogParts extends FixedOptions {
  /** To be asked for each time. */
  readonly settings: () => CatalogSettings;
  readonly client: ConsulClient;
  /** Reads of single names under way. */
  readonly reads: Slots;
  /** Reads of names that are known already. */
  readonly rereads: TokenBucket;
  readonly hotNames: HotNames;
  readonly timers: Timers;
  /** Aborted when the cache is closed. */
  readonly signal: AbortSignal;
  /** Announces that what depends on this entry has to be asked for again. */
  readonly announce: (entry: string) => void;
}

/** How long somebody may be kept waiting for a name's first rows (http-api A3.5.3). */
export const FIRST_READ_MS = 1_500;
