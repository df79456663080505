import { LRUCache } from 'lru-cache';
import type { AlarmClock } from '../clock.js';
import type { AgentRequest } from './endpoint.js';
import type { Predicate } from './filter/evaluate.js';
import { filterOf } from './filter/filter.js';
import type { Schema } from './filter/schema.js';
import { HttpError } from './http-error.js';
import { type Writable, writeJson } from './json/write.js';
import type { Ledger } from './ledger.js';
import { checkDatacenter, parseQueryOptions, type QueryOptions } from './query-options.js';
import { type Reply, textReply, writtenReply } from './reply.js';
import { type View, waitPast } from './wait.js';

/** A random share of the wait is added, so that polls which started together do not end together. */
const JITTER_SHARE = 1 / 16;

export interface ReadParts {
  readonly ledger: Ledger;
  readonly datacenter: string;
  readonly clock: AlarmClock;
}

interface ReadOptions {
  /** Catalog, health and query answers tell the consistency that they had. */
  readonly showsConsistency?: boolean;
  /** What `?filter=` may select; without it the parameter is passed over. */
  readonly filter?: Schema;
  /** `?index=` is passed over. */
  readonly neverBlocks?: boolean;
  /** `?cached` is understood. */
  readonly isCacheable?: boolean;
  readonly reply?: (value: Writable, headers: Reply['headers']) => Reply;
}

/** Answers reads, which may block until something has changed (http-api A1, B2.2). */
export class Reader {
  readonly #parts: ReadParts;
  /** Targets read with `?cached` before: their next answer is a hit. */
  readonly #cachedTargets = new LRUCache<string, true>({ max: 1000 });
  /** What was written lately, by state and target: one change may have thousands of equal reads to answer. */
  readonly #written = new LRUCache<string, string>({ max: 16 });

  constructor(parts: ReadParts) {
    this.#parts = parts;
  }

  /** `look` says what there is at this moment; its value is computed when it is sent, of the rows to `keep`. */
  async answer(
    request: AgentRequest,
    look: (keep: Predicate) => View<Writable>,
    options: ReadOptions = {},
  ): Promise<Reply> {
    const { ledger, datacenter, clock } = this.#parts;
    const wanted = parseQueryOptions(request.query, request.header('cache-control'));
    try {
      checkDatacenter(request.query.get('dc'), datacenter);
      const keep = options.filter === undefined ? () => true : filterOf(request.query, options.filter);
      const view =
        wanted.index === 0 || options.neverBlocks
          ? look(keep)
          : await waitPast(() => look(keep), wanted.index, {
              waits: ledger.waits,
              waitMs: wanted.waitMs * (1 + Math.random() * JITTER_SHARE),
              asker: request.asker,
              clock,
            });
      const headers = this.#headers(request, view.index, wanted, options);
      if (options.reply !== undefined) return options.reply(view.value(), headers);
      return writtenReply(this.#write(request.target, view), headers);
    } catch (error) {
      if (!(error instanceof HttpError) || error.status !== 500) throw error;
      return textReply(error.status, error.message, readHeaders(1, false));
    }
  }

  /** Everything that a view shows is in the ledger's keeping, so that its index stands for the state. */
  #write(target: string, view: View<Writable>): string {
    const key = `${this.#parts.ledger.index} ${target}`;
    const text = this.#written.get(key) ?? writeJson(view.value());
    this.#written.set(key, text);
    return text;
  }

  #headers(request: AgentRequest, index: number, wanted: QueryOptions, options: ReadOptions): Reply['headers'] {
    return {
      ...readHeaders(index, true),
      ...(options.showsConsistency ? { 'X-Consul-Effective-Consistency': wanted.consistency } : {}),
      ...(options.isCacheable && wanted.isCached ? this.#cacheHeaders(request) : {}),
    };
  }

  #cacheHeaders(request: AgentRequest): Reply['headers'] {
    if (this.#cachedTargets.get(request.target)) return { 'X-Cache': 'HIT', Age: '0' };
    this.#cachedTargets.set(request.target, true);
    return { 'X-Cache': 'MISS' };
  }
}

function readHeaders(index: number, isLeaderKnown: boolean): Reply['headers'] {
  return {
    'X-Consul-Index': String(Math.max(1, index)),
    'X-Consul-Knownleader': String(isLeaderKnown),
    'X-Consul-Lastcontact': '0',
  };
}
