import type { Clock } from '../clock.js';

/**
 * Things to do a little later, given up together.
 *
 * Each has a signal of its own: listeners on one signal are searched one after the other, which thousands would feel.
 */
export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<AbortController>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  after(ms: number, action: () => void): void {
    const pending = new AbortController();
    this.#pending.add(pending);
    this.#clock.sleep(ms, { signal: pending.signal }).then(
      () => {
        this.#pending.delete(pending);
        action();
      },
      () => {},
    );
  }

  /** Nothing that is still to be done is done. */
  clear(): void {
    for (const pending of this.#pending) pending.abort(CLEARED);
    this.#pending.clear();
  }
}

const CLEARED = new Error('No longer wanted');
