import { LRUCache } from 'lru-cache';
import { CatalogError, isOutage } from './catalog-error.js';
import type { Confidence } from './confidence.js';
import { withDeadline } from './deadline.js';
import type { Found } from './entries.js';
import type { MaybePromise } from './maybe-promise.js';
import type { QueryResult } from './model.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';
import { Slots } from './slots.js';

export interface PreparedQueriesOptions extends CatalogParts {
  /** Queries run on the agent that we ask, whatever datacenter they are for. */
  readonly confidence: Confidence;
}

export interface QueryRead {
  /** Name or ID, in lower case. */
  readonly query: string;
  readonly datacenter: string | undefined;
  /** Results may depend on it, so it is part of what they are kept under. */
  readonly sourceAddress: string;
}

interface Result {
  readonly value: QueryResult | undefined;
  readonly readAt: number;
  readonly freshUntil: number;
}

const FRESH_MS = 1_000;
const PARALLEL_EXECUTIONS = 8;
const MAX_WAITING = 256;
const LONG_AGO = 0;

/** Results of prepared queries: used again for a second, or as long as told; one execution for all who ask the same. */
export class PreparedQueries {
  readonly #options: PreparedQueriesOptions;
  readonly #results: LRUCache<string, Result>;
  readonly #running = new Map<string, Promise<Result>>();
  /** Of their own, for anybody can make up names of queries. */
  readonly #executions = new Slots({ limit: PARALLEL_EXECUTIONS, maxWaiting: MAX_WAITING });

  constructor(options: PreparedQueriesOptions) {
    this.#options = options;
    this.#results = new LRUCache({
      max: options.serviceCacheEntries,
      dispose: (_result, key, reason) => {
        if (reason === 'evict') options.announce(key);
      },
    });
  }

  /** What the rows of such a read depend on. */
  keyOf({ query, datacenter = '', sourceAddress }: QueryRead): string {
    return `query@${encodeURIComponent(datacenter)}@${sourceAddress}/${query}`;
  }

  /** The result; its value is undefined when there is no such query. Throws or rejects with a `CatalogError`. */
  read(read: QueryRead): MaybePromise<Found<QueryResult | undefined>> {
    const { clock, confidence } = this.#options;
    const key = this.keyOf(read);
    const known = this.#results.get(key);
    if (known !== undefined && clock.now() < known.freshUntil) return { value: known.value, isStale: false };
    const { downBy } = confidence;
    if (!this.#running.has(key) && !confidence.mayRead()) return this.#stale(known, { read, cause: downBy });
    const running = this.#run(key, read);
    if (downBy !== undefined && known !== undefined) {
      running.catch(() => {});
      return this.#stale(known, { read, cause: downBy });
    }
    return running.then(
      ({ value }) => ({ value, isStale: false }),
      (cause: unknown) => this.#stale(known, { read, cause }),
    );
  }

  /** What is known is for outages only: who asks has changed and may get other results, or they are to be younger. */
  startOver(): void {
    for (const [key, result] of [...this.#results.entries()]) {
      this.#results.set(key, { ...result, freshUntil: LONG_AGO });
      this.#options.announce(key);
    }
  }

  #run(key: string, read: QueryRead): Promise<Result> {
    const running = this.#running.get(key) ?? this.#execute(key, read).finally(() => this.#running.delete(key));
    this.#running.set(key, running);
    return running;
  }

  async #execute(key: string, { query, datacenter, sourceAddress }: QueryRead): Promise<Result> {
    const { announce, client, clock, confidence, consistency, settings, signal, timers } = this.#options;
    const what = `prepared query "${query}"`;
    try {
      const { value } = await withDeadline(
        (ending) =>
          this.#executions.run(
            () => client.executeQuery(query, { signal: ending, consistency, datacenter, sourceAddress }),
            {
              signal: ending,
              isUrgent: true,
            },
          ),
        { ms: FIRST_READ_MS, signal, clock, what },
      );
      confidence.succeeded();
      const readAt = clock.now();
      const freshMs = settings().queryMaxAgeMs ?? Math.min(FRESH_MS, (value?.ttlSeconds ?? 1) * 1_000);
      const result = { value, readAt, freshUntil: readAt + freshMs };
      this.#results.set(key, result);
      timers.after(freshMs, () => announce(key));
      return result;
    } catch (error) {
      if (error instanceof CatalogError && isOutage(error) && !signal.aborted) confidence.failed(error);
      throw error;
    }
  }

  /** The last result, if it may still be served. */
  #stale(
    known: Result | undefined,
    { read, cause }: { readonly read: QueryRead; readonly cause: unknown },
  ): Found<QueryResult | undefined> {
    const { announce, clock, settings, metrics, timers } = this.#options;
    const code = cause instanceof CatalogError ? cause.code : 'bad-response';
    const isServable = known?.value !== undefined && known.value.instances.length > 0 && code !== 'unknown-datacenter';
    if (!isServable || clock.now() - known.readAt >= settings().staleMaxAgeMs) {
      throw new CatalogError(code, `Cannot run prepared query "${read.query}": nothing recent is known`, { cause });
    }
    metrics.staleReads.inc();
    const key = this.keyOf(read);
    timers.after(FRESH_MS, () => announce(key));
    return { value: known.value, isStale: true };
  }
}
