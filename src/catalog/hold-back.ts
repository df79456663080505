import type { Clock } from '../clock.js';

export interface HoldBackOptions<T> {
  /** Whether a value that comes after another looks like that of a token which may not see the rows any more. */
  readonly isSuspect: (next: T, previous: T) => boolean;
  /** A value to go by from now on. */
  readonly onAccept: (value: T, previous: T | undefined) => void;
  /** Called when the first suspect value comes in and when the matter is settled. */
  readonly onHold: (isHolding: boolean) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const HOLD_MS = 60_000;

/**
 * Keeps the last good value for up to a minute when the next one looks wrong.
 *
 * Consul answers a token without rights with empty lists, not with an error (http-api A1.7). Taking that for the truth
 * would make every name disappear.
 */
export class HoldBack<T> {
  readonly #options: HoldBackOptions<T>;
  #accepted: T | undefined;
  #suspect: T | undefined;
  #holdId = 0;

  constructor(options: HoldBackOptions<T>) {
    this.#options = options;
  }

  /** The value to go by; undefined before the first. */
  get value(): T | undefined {
    return this.#accepted;
  }

  offer(value: T): void {
    if (this.#accepted !== undefined && this.#options.isSuspect(value, this.#accepted)) {
      const isFirst = this.#suspect === undefined;
      this.#suspect = value;
      if (isFirst) void this.#holdFor();
      return;
    }
    this.#settle(value);
  }

  async #holdFor(): Promise<void> {
    this.#holdId += 1;
    const id = this.#holdId;
    this.#options.onHold(true);
    try {
      await this.#options.clock.sleep(HOLD_MS, { signal: this.#options.signal });
    } catch {
      return;
    }
    if (this.#suspect !== undefined && id === this.#holdId) this.#settle(this.#suspect);
  }

  #settle(value: T): void {
    const previous = this.#accepted;
    const wasHolding = this.#suspect !== undefined;
    this.#suspect = undefined;
    this.#accepted = value;
    if (wasHolding) this.#options.onHold(false);
    this.#options.onAccept(value, previous);
  }
}
