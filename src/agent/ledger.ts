import { WaitLists } from './wait.js';

/** A write under way. */
export interface Write {
  /** The index that everything changed by this write carries. */
  readonly index: number;
  /** Notes that the thing behind a key changed: its waiters are woken when the write is done. */
  touch(...keys: readonly string[]): void;
}

/** A real server has written its own rows by the time it answers; the number is what clients see at the start (B2.2). */
const FIRST_INDEX = 10;

/** The one rising index. A write that touches nothing leaves it where it was and wakes nobody. */
export class Ledger {
  readonly waits = new WaitLists();
  #index = FIRST_INDEX;
  #open: { readonly write: Write; readonly touched: Set<string> } | undefined;

  get index(): number {
    return this.#index;
  }

  /** Runs a change and then wakes who waits for what it touched. A write inside a write belongs to the outer one. */
  write<T>(change: (write: Write) => T): T {
    if (this.#open !== undefined) return change(this.#open.write);
    const touched = new Set<string>();
    const write = {
      index: this.#index + 1,
      touch: (...keys: readonly string[]) => {
        for (const key of keys) touched.add(key);
      },
    };
    this.#open = { write, touched };
    try {
      return change(write);
    } finally {
      this.#open = undefined;
      if (touched.size > 0) {
        this.#index = write.index;
        this.waits.wake(touched);
      }
    }
  }
}
