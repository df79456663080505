import type { Answer, Consistency } from './answer.js';
import type { CatalogError } from './catalog-error.js';
import type { Snapshot } from './model.js';
import { backoffMs } from './next-index.js';

export interface EntryQuery {
  readonly signal: AbortSignal;
  readonly consistency: Consistency;
  readonly blocking?: { readonly index: string; readonly waitMs: number } | undefined;
}

/** What an entry holds and where from. */
export interface EntrySource<T> {
  /** What `dependsOn` calls it. */
  readonly key: string;
  /** Completes "Cannot read ...". */
  readonly what: string;
  /** True while something else says that there are rows, so that an answer without any contradicts it. */
  readonly isListed: () => boolean;
  /** False for rows whose changes the aggregates do not tell of. */
  readonly isVouchable: boolean;
  /** May give `known` again when nothing has changed. */
  readonly read: (query: EntryQuery, known?: T) => Promise<Answer<T>>;
}

/**
 * - `fresh`: as good as just read
 * - `recent`: to be read again, but for less than a second; good enough for an answer
 * - `due`: to be read again before an answer, if that is quick
 */
export type Freshness = 'fresh' | 'recent' | 'due';

/** How long rows count as fresh that nothing tells the changes of. */
const TIMED_FRESH_MS = 5_000;
/** How long an answer without rows is doubted that contradicts what else is known. */
const DOUBT_MS = 60_000;
/** Every entry is read again after this long (plus up to a sixth): wake-ups can be lost (http-api A1.7). */
const RECONCILE_MS = 60_000;
const RECENT_MS = 1_000;
const LONG_AGO = 0;

/** The rows of one name, and all that decides whether they may still be served. */
export class Entry<T> {
  readonly source: EntrySource<T>;
  readonly #reconcileMs: number;
  /** When somebody last asked for it. */
  askedAt = LONG_AGO;
  /** When its rows were last given out, to be used without anybody asking again; undefined once they were called back. */
  exposedAt: number | undefined;
  /** The read under way. */
  flight: Promise<void> | undefined;
  /** The last read may have come from a server that lags behind. */
  isDoubtful = false;
  #answer: Answer<T> | undefined;
  #validatedAt = LONG_AGO;
  #marks = 0;
  #markedAt = LONG_AGO;
  #dirtySince: number | undefined;
  #failure: CatalogError | undefined;
  #failures = 0;
  #retryAt = LONG_AGO;
  #doubtedSince: number | undefined;

  constructor(source: EntrySource<T>, random: () => number) {
    this.source = source;
    this.#reconcileMs = RECONCILE_MS * (1 + random() / 6);
  }

  /** What was read last; undefined before the first time. */
  get answer(): Answer<T> | undefined {
    return this.#answer;
  }

  /** Why the last read failed; undefined once one succeeded again. */
  get failure(): CatalogError | undefined {
    return this.#failure;
  }

  /** How often something spoke of a change: a read sent before a mark does not clear it. */
  get marks(): number {
    return this.#marks;
  }

  get markedAt(): number {
    return this.#markedAt;
  }

  get isDirty(): boolean {
    return this.#dirtySince !== undefined;
  }

  /** Something may have changed, at `at`. */
  mark(at: number): void {
    this.#marks += 1;
    this.#markedAt = at;
    this.#dirtySince ??= at;
    // What made a read fail may be over as well.
    this.#retryAt = LONG_AGO;
  }

  freshness(now: number, isVouching: boolean): Freshness {
    const since = this.#dueSince(isVouching);
    if (now < since) return 'fresh';
    return now - since < RECENT_MS ? 'recent' : 'due';
  }

  /** How long it has been waiting to be read again. */
  dueForMs(now: number, isVouching: boolean): number {
    return Math.max(0, now - this.#dueSince(isVouching));
  }

  /** Until when the rows were known to be right; `vouchedUntil` is when the aggregates last told of every change. */
  goodUntil(vouchedUntil: number): number {
    const vouched = this.source.isVouchable ? vouchedUntil : LONG_AGO;
    return this.#dirtySince ?? Math.max(this.#validatedAt, vouched);
  }

  mayRetry(now: number): boolean {
    return now >= this.#retryAt;
  }

  /** Whether to keep the rows there are although a read now brought none. Not for ever: the doubt may be wrong. */
  doubtsEmptiness(now: number): boolean {
    if (!this.source.isListed()) return false;
    this.#doubtedSince ??= now;
    return now - this.#doubtedSince < DOUBT_MS;
  }

  /** A read brought rows, so there is nothing to doubt. */
  believe(): void {
    this.#doubtedSince = undefined;
  }

  /** Takes over what a read brought that was sent when there were `marks`. */
  accept(answer: Answer<T>, { marks, now }: { readonly marks: number; readonly now: number }): void {
    this.#answer = answer;
    this.#validatedAt = now;
    this.#dirtySince = marks === this.#marks ? undefined : this.#markedAt;
    this.#failure = undefined;
    this.#failures = 0;
    this.#retryAt = LONG_AGO;
  }

  /** Takes over rows that came unasked; whether something else changed as well is as unknown as before. */
  replace(snapshot: Snapshot<T>): void {
    if (this.#answer === undefined) return;
    this.#answer = { ...this.#answer, ...snapshot };
  }

  /** The rows stay as they are; the next read waits a little longer after each failure. */
  fail(error: CatalogError, { now, random }: { readonly now: number; readonly random: () => number }): void {
    this.#failure = error;
    this.#failures += 1;
    this.#retryAt = now + backoffMs(this.#failures, random);
  }

  #dueSince(isVouching: boolean): number {
    const freshMs = isVouching && this.source.isVouchable ? this.#reconcileMs : TIMED_FRESH_MS;
    return Math.min(this.#dirtySince ?? Number.POSITIVE_INFINITY, this.#validatedAt + freshMs);
  }
}
