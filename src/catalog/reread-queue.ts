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

/** Leaves half of the places that reads have to those that somebody waits for. */
const MAX_PARALLEL = 8;

/** Reads entries again in the background: those marked one by one first, then the rest, most recently asked first. */
export class RereadQueue<E> {
  readonly #options: RereadQueueOptions<E>;
  readonly #marked = new Set<E>();
  #rest: readonly E[] = [];
  #next = 0;
  #running = 0;
  #isPumping = false;

  constructor(options: RereadQueueOptions<E>) {
    this.#options = options;
  }

  add(entry: E): void {
    this.#marked.add(entry);
    void this.#pump();
  }

  /** Everything may have changed: these are to be read, in this order, in place of what was waiting before. */
  replace(entries: readonly E[]): void {
    this.#marked.clear();
    this.#rest = entries;
    this.#next = 0;
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const { budget, clock, signal, isDue } = this.#options;
    try {
      while (this.#running < MAX_PARALLEL && !signal.aborted) {
        const entry = this.#take();
        if (entry === undefined) return;
        if (!isDue(entry)) continue;
        while (!budget.take()) await clock.sleep(budget.waitMs(), { signal });
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

  #take(): E | undefined {
    const [marked] = this.#marked;
    if (marked !== undefined) {
      this.#marked.delete(marked);
      return marked;
    }
    const entry = this.#rest[this.#next];
    this.#next += 1;
    return entry;
  }
}
