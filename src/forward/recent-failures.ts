import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { ForwardError } from './error.js';

/** RFC 9520 section 3.2 wants at least 1 s, RFC 2308 section 7 at most 5 minutes. */
const FAILURE_MS = 5_000;
const MAX_FAILURES = 1_000;

/** Questions that nobody could answer a moment ago: clients that ask again at once are not sent upstream again. */
export class RecentFailures {
  readonly #clock: Clock;
  readonly #failures = new LRUCache<string, { readonly error: ForwardError; readonly atMs: number }>({
    max: MAX_FAILURES,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, error: ForwardError): void {
    this.#failures.set(key, { error, atMs: this.#clock.now() });
  }

  find(key: string): ForwardError | undefined {
    const failure = this.#failures.get(key);
    if (failure === undefined) return undefined;
    const ageMs = this.#clock.now() - failure.atMs;
    return ageMs >= 0 && ageMs < FAILURE_MS ? failure.error : undefined;
  }

  clear(): void {
    this.#failures.clear();
  }
}
