import type { Clock } from '../clock.js';

/** Counts what is under way, so that closing can wait for the last of it. */
export class InFlight {
  #count = 0;
  #onNone: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onNone?.();
  }

  /** Resolves when nothing is under way any more, or after `ms`. */
  async drained(ms: number, clock: Clock): Promise<void> {
    if (this.#count === 0) return;
    const none = new AbortController();
    this.#onNone = () => none.abort();
    await clock.sleep(ms, { signal: none.signal }).catch(() => undefined);
  }
}
