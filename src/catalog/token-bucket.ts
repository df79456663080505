import type { Clock } from '../clock.js';

export interface TokenBucketOptions {
  /** Most tokens there can be, and how many there are at first. */
  readonly burst: number;
  /** A token comes back this often. */
  readonly refillMs: number;
  readonly clock: Clock;
}

/** Bounds how often something happens: each time costs a token, and tokens come back at a fixed pace. */
export class TokenBucket {
  readonly #burst: number;
  readonly #clock: Clock;
  #refillMs: number;
  #tokens: number;
  #countedAt: number;

  constructor({ burst, refillMs, clock }: TokenBucketOptions) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#clock = clock;
    this.#tokens = burst;
    this.#countedAt = clock.now();
  }

  /** The pace from now on. */
  set refillMs(refillMs: number) {
    this.#count();
    this.#refillMs = refillMs;
  }

  /** Takes a token; false when there is none. */
  take(): boolean {
    this.#count();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How long until there is a token: 0 when there is one. */
  waitMs(): number {
    this.#count();
    return this.#tokens >= 1 ? 0 : Math.ceil((1 - this.#tokens) * this.#refillMs);
  }

  #count(): void {
    const now = this.#clock.now();
    // The wall clock may be set back; time then stands still here rather than run backwards.
    const passed = Math.max(0, now - this.#countedAt);
    this.#tokens = Math.min(this.#burst, this.#tokens + passed / this.#refillMs);
    this.#countedAt = now;
  }
}
