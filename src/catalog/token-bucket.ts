import type { Clock } from '../clock.js';

export interface TokenBucketOptions {
  /** Most tokens there can be, and how many there are at first. */
  readonly burst: number;
  /** A token comes back this often; a whole number. */
  readonly refillMs: number;
  readonly clock: Clock;
}

/** Bounds how often something happens: each time costs a token, and tokens come back at a fixed pace. */
export class TokenBucket {
  readonly #burst: number;
  readonly #clock: Clock;
  #refillMs: number;
  /** Time saved up; a token is worth `refillMs` of it. Whole numbers, so that nothing is lost by rounding. */
  #savedMs: number;
  #countedAt: number;

  constructor({ burst, refillMs, clock }: TokenBucketOptions) {
    this.#burst = burst;
    this.#clock = clock;
    this.#refillMs = refillMs;
    this.#savedMs = burst * refillMs;
    this.#countedAt = clock.now();
  }

  get refillMs(): number {
    return this.#refillMs;
  }

  /** The pace from now on; tokens that are there stay. */
  set refillMs(refillMs: number) {
    if (refillMs === this.#refillMs) return;
    this.#count();
    this.#savedMs = Math.floor(this.#savedMs / this.#refillMs) * refillMs;
    this.#refillMs = refillMs;
  }

  /** Takes a token; false when there is none. */
  take(): boolean {
    this.#count();
    if (this.#savedMs < this.#refillMs) return false;
    this.#savedMs -= this.#refillMs;
    return true;
  }

  /** How long until there is a token: 0 when there is one. */
  waitMs(): number {
    this.#count();
    return Math.max(0, this.#refillMs - this.#savedMs);
  }

  #count(): void {
    const now = this.#clock.now();
    // The wall clock may be set back; time then stands still here rather than run backwards.
    const passedMs = Math.max(0, now - this.#countedAt);
    this.#savedMs = Math.min(this.#burst * this.#refillMs, this.#savedMs + passedMs);
    this.#countedAt = now;
  }
}
