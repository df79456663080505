import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';

export interface HotNamesOptions {
  /** How many watches there may be at this moment. */
  readonly limit: () => number;
  readonly clock: Clock;
}

interface Hot {
  readonly watch: Closable;
  readonly startedAt: number;
  askedAt: number;
}

const IDLE_MS = 5 * 60_000;
/** A watch is worth its start only if it lasts a little: with more busy names than places they would only take turns. */
const KEEP_MS = 10_000;

/** Which names have a blocking query of their own: those asked most recently (http-api A3.5.4). */
export class HotNames implements Closable {
  readonly #options: HotNamesOptions;
  /** Least recently asked first. */
  readonly #hot = new Map<string, Hot>();
  readonly #ending = new Set<Promise<void>>();

  constructor(options: HotNamesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#hot.size;
  }

  /** Somebody asked for this name, which is known to exist. */
  touch(key: string, start: () => Closable): void {
    const now = this.#options.clock.now();
    const known = this.#hot.get(key);
    if (known !== undefined) {
      known.askedAt = now;
      this.#hot.delete(key);
      this.#hot.set(key, known);
      return;
    }
    this.#shrinkTo(this.#options.limit());
    if (this.#hot.size >= this.#options.limit() && !this.#giveWay(now)) return;
    this.#hot.set(key, { watch: start(), startedAt: now, askedAt: now });
  }

  /** This name has no watch any more. */
  drop(key: string): void {
    const hot = this.#hot.get(key);
    if (hot === undefined) return;
    this.#hot.delete(key);
    const ended = hot.watch.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** No name has a watch any more, until it is asked for again. */
  dropAll(): void {
    for (const key of [...this.#hot.keys()]) this.drop(key);
  }

  /** Ends the watches of names that nobody asks for, and those there is no room for any more. */
  sweep(): void {
    const now = this.#options.clock.now();
    for (const [key, { askedAt }] of this.#hot) {
      if (now - askedAt < IDLE_MS) break;
      this.drop(key);
    }
    this.#shrinkTo(this.#options.limit());
  }

  async close(): Promise<void> {
    this.dropAll();
    await Promise.all(this.#ending);
  }

  #giveWay(now: number): boolean {
    const [least] = this.#hot;
    if (least === undefined || now - least[1].startedAt < KEEP_MS) return false;
    this.drop(least[0]);
    return true;
  }

  #shrinkTo(limit: number): void {
    for (const key of this.#hot.keys()) {
      if (this.#hot.size <= limit) return;
      this.drop(key);
    }
  }
}
