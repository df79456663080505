import { formatRecursor, type Recursor } from './recursor.js';

/** How much the latest exchange counts in a score: three timeouts in a row make a good recursor a failing one. */
const WEIGHT = 1 / 4;
const FAILING_SCORE = 1 / 2;
const PROBE_INTERVAL_MS = 1_000;

interface Standing {
  score: number;
  askedAtMs: number;
}

/**
 * How well each recursor has answered lately.
 *
 * A score is the part of `recursor_timeout` that answers take, smoothed over the last few exchanges: 0 is immediate, 1
 * is never. No answer at all counts as 1 however soon the network said so; any answer counts by its time, SERVFAIL
 * included, because that is about the question. Above one half the recursor is failing: it goes behind the others, and
 * is sent one question a second beside them, whose answer nobody waits for, so that it finds its way back.
 */
export class RecursorHealth {
  readonly #standings = new Map<string, Standing>();

  /** From 0, the best and the first guess, to 1. */
  score(recursor: Recursor): number {
    return this.#standings.get(formatRecursor(recursor))?.score ?? 0;
  }

  isFailing(recursor: Recursor): boolean {
    return this.score(recursor) > FAILING_SCORE;
  }

  /** Whether a failing recursor should be sent a question again. */
  isDue(recursor: Recursor, nowMs: number): boolean {
    // A clock set back must not end the probing.
    return Math.abs(nowMs - this.#standingOf(recursor).askedAtMs) >= PROBE_INTERVAL_MS;
  }

  asked(recursor: Recursor, nowMs: number): void {
    this.#standingOf(recursor).askedAtMs = nowMs;
  }

  /** `share`: the part of the timeout that the answer took; 1 stands for no answer. */
  finished(recursor: Recursor, share: number): void {
    const standing = this.#standingOf(recursor);
    standing.score += (Math.min(Math.max(share, 0), 1) - standing.score) * WEIGHT;
  }

  /** Forgets all recursors but these. */
  keepOnly(recursors: readonly Recursor[]): void {
    const kept = new Set(recursors.map(formatRecursor));
    for (const key of this.#standings.keys()) if (!kept.has(key)) this.#standings.delete(key);
  }

  #standingOf(recursor: Recursor): Standing {
    const key = formatRecursor(recursor);
    const known = this.#standings.get(key);
    if (known !== undefined) return known;
    const fresh = { score: 0, askedAtMs: 0 };
    this.#standings.set(key, fresh);
    return fresh;
  }
}
