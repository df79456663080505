import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { Answer, Consistency } from './answer.js';
import { CatalogError, isOutage } from './catalog-error.js';
import { withDeadline } from './deadline.js';
import type { Snapshot } from './model.js';
import { backoffMs, nextIndex } from './next-index.js';
import { TokenBucket } from './token-bucket.js';

export interface WatchQuery {
  readonly signal: AbortSignal;
  readonly consistency: Consistency;
  readonly blocking: { readonly index: string; readonly waitMs: number } | undefined;
}

export interface WatchEvent<T> {
  readonly snapshot: Snapshot<T>;
  /** Undefined the first time. */
  readonly previous: Snapshot<T> | undefined;
  /** The content differs from the previous snapshot's. */
  readonly isChanged: boolean;
  /** The index differs, or there is none to go by: something may have changed, be it visible here or not. */
  readonly isMoved: boolean;
  /** The read before this one failed. */
  readonly isRecovery: boolean;
}

export interface WatchOptions<T> {
  /** Completes "Cannot read ..."; also the name in the log. */
  readonly what: string;
  readonly read: (query: WatchQuery) => Promise<Answer<T>>;
  readonly isSame: (one: T, other: T) => boolean;
  readonly onAnswer: (event: WatchEvent<T>) => void;
  /** Called for every read that failed, after `failure` was set. */
  readonly onFailure: (error: CatalogError) => void;
  /** Longest wait of one blocking query. */
  readonly waitMs: number;
  readonly consistency: Consistency;
  /** Ask any server while there is no leader. */
  readonly mayFallBackToStale: boolean;
  /** Wait for something past this index at once, for what was there is known. */
  readonly startIndex: string | undefined;
  /** One of many: that it works again is worth a line for debugging only. */
  readonly isMinor: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** The server adds up to a sixteenth to the wait, and holds a call for 7 s while there is no leader. */
const GRACE_MS = 10_000;
const BURST = 2;
const PACE_MS = 1_000;
/** While the backend answers 429 or 503. */
const SLOW_PACE_MS = 15_000;
/** For what a retry is not likely to change: 403, 404, 400. */
const REFUSED_RETRY_MS = 30_000;
/** Where blocking does not work. */
const TIMED_POLL_MS = 5_000;
/** How many timed polls before blocking is tried again. */
const TIMED_POLLS = 12;
const QUICK_MS = 1_000;
/** Within this time even a large catalog's names are answered when they have changed already (http-api A3.3). */
const HELD_AFTER_MS = 500;
const STARTING_OVER = new CatalogError('closed', 'Cannot go on waiting: what comes next is read anew');

/**
 * Keeps one URL's content current by blocking queries, for as long as it is open (http-api A1.5).
 *
 * What was read last stays; a failure only marks it. An endpoint that does not block is polled every 5 s instead.
 */
export class Watch<T> implements Closable {
  readonly #options: WatchOptions<T>;
  readonly #bucket: TokenBucket;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #current: Snapshot<T> | undefined;
  #failure: CatalogError | undefined;
  #failures = 0;
  /** What to wait past; undefined asks for an immediate answer. */
  #index: string | undefined;
  #madeBy: string | undefined;
  #consistency: Consistency;
  /** When the blocking query under way was sent. */
  #sentAt: number | undefined;
  #quickReturns = 0;
  #timedPollsLeft = 0;
  #wakeUp = new AbortController();
  /** Breaks the read under way. */
  #polling = new AbortController();

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    this.#consistency = options.consistency;
    this.#index = options.startIndex;
    this.#bucket = new TokenBucket({ burst: BURST, refillMs: PACE_MS, clock: options.clock });
    this.#ended = this.#run();
  }

  get current(): Snapshot<T> | undefined {
    return this.#current;
  }

  /** Why the last read failed; undefined once one succeeded again. */
  get failure(): CatalogError | undefined {
    return this.#failure;
  }

  /**
   * True while a blocking query is being held, so that a change would be heard of at once. One that was sent just now may
   * be answered just now, for a change that came before it.
   */
  get isHeld(): boolean {
    return this.#sentAt !== undefined && this.#options.clock.now() - this.#sentAt >= HELD_AFTER_MS;
  }

  /** True while the endpoint is polled on a timer, for want of an index. */
  get isTimed(): boolean {
    return this.#timedPollsLeft > 0;
  }

  /**
   * Reads again, now that somebody else found the backend to be back after an outage that began at `downSince`.
   *
   * A watch that slept through the outage has an index of before, and the backend may have been started anew: waiting for
   * what comes after that index would miss all that happens until the new one's has grown past it.
   */
  resume(downSince: number): void {
    if (isOutage(this.#failure)) {
      if (this.#failure?.code !== 'rate-limited') this.#wakeUp.abort();
    } else if (this.#current !== undefined && this.#current.fetchedAt < downSince) {
      this.#index = undefined;
      this.#polling.abort(STARTING_OVER);
    }
  }

  /** Reads again at once, waiting past nothing: who asks has changed, so the answer may be another one. */
  startOver(): void {
    this.#index = undefined;
    this.#polling.abort(STARTING_OVER);
    this.#wakeUp.abort();
  }

  async close(): Promise<void> {
    const closed = new CatalogError('closed', `Cannot read ${this.#options.what}: its watch was closed`);
    this.#closing.abort(closed);
    this.#polling.abort(closed);
    this.#wakeUp.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    // Whoever constructs a watch has it in hand before its first event.
    await Promise.resolve();
    while (!this.#closing.signal.aborted) {
      try {
        await this.#poll();
        await this.#pause(this.isTimed ? TIMED_POLL_MS : this.#bucket.waitMs());
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        if (error !== STARTING_OVER) await this.#pause(this.#fail(error));
      }
    }
  }

  async #poll(): Promise<void> {
    const { waitMs, clock, read, what } = this.#options;
    this.#bucket.take();
    const sentIndex = this.isTimed ? undefined : this.#index;
    const sentAt = clock.now();
    this.#sentAt = sentIndex === undefined ? undefined : sentAt;
    const polling = new AbortController();
    this.#polling = polling;
    try {
      const answer = await withDeadline(
        (signal) =>
          read({
            signal,
            consistency: this.#consistency,
            blocking: sentIndex === undefined ? undefined : { index: sentIndex, waitMs },
          }),
        { ms: waitMs + waitMs / 16 + GRACE_MS, signal: polling.signal, clock, what },
      );
      this.#sentAt = undefined;
      polling.signal.throwIfAborted();
      this.#noteBlocking(answer, { sentIndex, tookMs: clock.now() - sentAt });
      this.#accept(answer);
    } finally {
      this.#sentAt = undefined;
    }
  }

  /** Sees whether the endpoint holds queries back at all; one that does not would be asked without a pause. */
  #noteBlocking(answer: Answer<T>, { sentIndex, tookMs }: { sentIndex: string | undefined; tookMs: number }): void {
    if (this.#timedPollsLeft > 0) this.#timedPollsLeft -= 1;
    if (answer.index === undefined) {
      this.#timedPollsLeft = TIMED_POLLS;
      return;
    }
    const isQuick = sentIndex !== undefined && tookMs < QUICK_MS && answer.index === sentIndex;
    this.#quickReturns = isQuick ? this.#quickReturns + 1 : 0;
    if (this.#quickReturns < 2) return;
    this.#quickReturns = 0;
    this.#timedPollsLeft = TIMED_POLLS;
  }

  #accept(answer: Answer<T>): void {
    const previous = this.#current;
    const isRecovery = this.#failure !== undefined;
    const isMoved = answer.index === undefined || this.isTimed || answer.index !== previous?.index;
    const isChanged = previous === undefined || !this.#options.isSame(previous.value, answer.value);
    this.#index = this.#indexAfter(answer);
    this.#madeBy = answer.madeBy;
    this.#consistency = this.#consistencyAfter(answer);
    this.#failure = undefined;
    this.#failures = 0;
    this.#bucket.refillMs = PACE_MS;
    // Equal content stays the very same value, so that nobody has to compare it again.
    const value = isChanged ? answer.value : previous.value;
    const snapshot = { index: answer.index, value, fetchedAt: answer.fetchedAt };
    this.#current = snapshot;
    if (isRecovery) this.#logRecovery();
    this.#options.onAnswer({ snapshot, previous, isChanged, isMoved, isRecovery });
  }

  #logRecovery(): void {
    const { what, isMinor, log } = this.#options;
    if (isMinor) log.debug('watch works again', { what });
    else log.info('watch works again', { what });
  }

  #indexAfter({ index, madeBy }: Answer<T>): string | undefined {
    if (index === undefined) return undefined;
    // Indexes of a streaming and of an ordinary answer do not compare: begin with the new one.
    return nextIndex(madeBy === this.#madeBy ? this.#index : undefined, index);
  }

  #consistencyAfter({ hasLeader }: Answer<T>): Consistency {
    const { consistency, mayFallBackToStale } = this.#options;
    return hasLeader || !mayFallBackToStale ? consistency : 'stale';
  }

  /** Takes note of a failure; returns how long to wait before the next read. */
  #fail(thrown: unknown): number {
    const { what, log, random, mayFallBackToStale } = this.#options;
    const error =
      thrown instanceof CatalogError
        ? thrown
        : new CatalogError('bad-response', `Cannot read ${what}: unexpected error`, { cause: thrown });
    const isNews = error.code !== this.#failure?.code;
    this.#failure = error;
    this.#failures += 1;
    // Who comes back after a broken connection may have started anew, and an old index would wait for nothing.
    if (error.code === 'unreachable') this.#index = undefined;
    if (error.code === 'no-leader' && mayFallBackToStale) this.#consistency = 'stale';
    const retryInMs = this.#retryDelay(error, random);
    // What keeps several watches from reading is told once, by those who ask.
    if (isNews) log.debug('watch failed', { what, code: error.code, error: error.message, retryInMs });
    this.#options.onFailure(error);
    return retryInMs;
  }

  #retryDelay(error: CatalogError, random: () => number): number {
    switch (error.code) {
      case 'rate-limited':
        this.#bucket.refillMs = SLOW_PACE_MS;
        return Math.max(this.#bucket.waitMs(), backoffMs(this.#failures, random));
      case 'unknown-token':
      case 'permission-denied':
      case 'not-found':
      case 'bad-request':
      case 'unknown-datacenter':
        return REFUSED_RETRY_MS;
      case 'unreachable':
      case 'timeout':
      case 'no-leader':
      case 'server-error':
      case 'bad-response':
      case 'overloaded':
      case 'closed':
        return backoffMs(this.#failures, random);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    this.#wakeUp = new AbortController();
    if (this.#closing.signal.aborted) return;
    await this.#options.clock.sleep(ms, { signal: this.#wakeUp.signal }).catch(() => {});
  }
}
