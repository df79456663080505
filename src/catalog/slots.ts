import { CatalogError } from './catalog-error.js';

export interface SlotsOptions {
  /** How many may run at once; can be changed later. */
  readonly limit: number;
  /** How many may wait; one more is refused at once. */
  readonly maxWaiting: number;
}

interface Waiter {
  readonly start: () => void;
}

/** Lets a bounded number of tasks run at once; the others wait in line, urgent ones in front. */
export class Slots {
  #limit: number;
  #running = 0;
  readonly #maxWaiting: number;
  readonly #urgent = new Set<Waiter>();
  readonly #ordinary = new Set<Waiter>();

  constructor({ limit, maxWaiting }: SlotsOptions) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#startNext();
  }

  get running(): number {
    return this.#running;
  }

  /** Runs the task when there is room. Rejects with the signal's reason when that is aborted while it still waits. */
  async run<T>(
    task: () => Promise<T>,
    options: { readonly signal: AbortSignal; readonly isUrgent: boolean },
  ): Promise<T> {
    options.signal.throwIfAborted();
    if (this.#running < this.#limit) this.#running += 1;
    else await this.#wait(options.isUrgent ? this.#urgent : this.#ordinary, options.signal);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  #wait(line: Set<Waiter>, signal: AbortSignal): Promise<void> {
    if (this.#urgent.size + this.#ordinary.size >= this.#maxWaiting) {
      throw new CatalogError('overloaded', `Cannot ask the backend: ${this.#maxWaiting} requests are waiting already`);
    }
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        line.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener('abort', abort);
          resolve();
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      line.add(waiter);
    });
  }

  #startNext(): void {
    while (this.#running < this.#limit) {
      const line = this.#urgent.size > 0 ? this.#urgent : this.#ordinary;
      const [next] = line;
      if (next === undefined) return;
      line.delete(next);
      this.#running += 1;
      next.start();
    }
  }
}
