import type { Clock } from '../clock.js';
import type { TokenBucket } from './token-bucket.js';

export interface RereadQueueOptions<E> {
  readonly reread: (entry: E) => Promise<void>;
  /** False for an entry that needs no reading any more, or that is being read already. */
  readonly isDue: (entry: E) => boolean;
  /** What each read costs (churn guard, http-api A3.5.6). */
  readonly budget: TokenBucket;
  readonly clock: Clock;
  /** Ends the queue. */
  readonly signal: AbortSignal;
}

/**
 * Leaves most of the places that reads have to those that somebody waits for. And what comes back at once is decoded in one
 * go, while packets wait: four answers take about a millisecond.
 */
const MAX_PARALLEL = 4;

/**
 * Reads entries again in the background: first those that are known to have changed, then the rest, each in the order in
 * which they came. Whoever waits keeps the place in the line, so with more entries than the budget allows for, each has
 * its turn.
 */
export class RereadQueue<E> {
  readonly #options: RereadQueueOptions<E>;
  readonly #first = new Set<E>();
  readonly #rest = new Set<E>();
  #running = 0;
  #isPumping = false;

  constructor(options: RereadQueueOptions<E>) {
    this.#options = options;
  }

  /** How many wait for their turn. */
  get length(): number {
    return this.#first.size + this.#rest.size;
  }

  /** True while the entry waits for its turn. */
  has(entry: E): boolean {
    return this.#first.has(entry) || this.#rest.has(entry);
  }

  /** This entry before those that only may have changed. */
  addFirst(entry: E): void {
    this.#rest.delete(entry);
    this.#first.add(entry);
    void this.#pump();
  }

  add(entry: E): void {
    this.addAll([entry]);
  }

  addAll(entries: Iterable<E>): void {
    for (const entry of entries) if (!this.#first.has(entry)) this.#rest.add(entry);
    void this.#pump();
  }

  /** Nobody wants this entry any more. */
  delete(entry: E): void {
    this.#first.delete(entry);
    this.#rest.delete(entry);
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { budget, clock, signal, isDue } = this.#options;
    try {
      while (this.#running < MAX_PARALLEL && !signal.aborted) {
        const entry = this.#next();
        if (entry === undefined) return;
        if (!isDue(entry)) {
          this.delete(entry);
          continue;
        }
        if (!budget.take()) {
          // It stays in the line: another may be the first by then.
          await clock.sleep(budget.waitMs(), { signal });
          continue;
        }
        this.delete(entry);
        this.#running += 1;
        void this.#options.reread(entry).finally(() => {
          this.#running -= 1;
          void this.#pump();
        });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#isPumping = false;
    }
  }

  #next(): E | undefined {
    const [next] = this.#first.size > 0 ? this.#first : this.#rest;
    return next;
  }
}
