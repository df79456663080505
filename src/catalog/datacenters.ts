import { LRUCache } from 'lru-cache';
import { CatalogError, isOutage } from './catalog-error.js';
import { withDeadline } from './deadline.js';
import type { MaybePromise } from './maybe-promise.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';

const FRESH_MS = 30_000;
const REFRESH_EVERY_MS = 1_000;
const UNKNOWN_MS = 10_000;
const MAX_UNKNOWN = 1_000;

/** Which datacenters there are, as far as the backend says, and which names turned out to be none. */
export class Datacenters {
  /** What rows made from the list depend on. */
  readonly listKey = 'datacenters';
  readonly #options: CatalogParts;
  /** Names of no datacenter, with the time until which that counts. */
  readonly #unknown = new LRUCache<string, number>({
    max: MAX_UNKNOWN,
    dispose: (_until, name, reason) => {
      if (reason !== 'set') this.#options.announce(this.keyOf(name));
    },
  });
  #list: readonly string[] | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #isExposed = false;

  constructor(options: CatalogParts) {
    this.#options = options;
  }

  /** What an answer depends on that says there is no such datacenter. */
  keyOf(name: string): string {
    return `datacenter/${name}`;
  }

  /** All known datacenters, in lower case, our own always among them. */
  list(): MaybePromise<readonly string[]> {
    const give = (): readonly string[] => {
      this.#isExposed = true;
      return [...new Set([this.#options.datacenter, ...(this.#list ?? [])])];
    };
    if (this.#isFresh()) return give();
    return this.#refresh().then(give, (error: unknown) => {
      if (this.#list === undefined) throw error;
      return give();
    });
  }

  /** Whether there is such a datacenter. When that cannot be found out, a read in it has to show. */
  isKnown(name: string): MaybePromise<boolean> {
    const now = this.#options.clock.now();
    if ((this.#unknown.get(name) ?? 0) > now) return false;
    if (this.#list?.includes(name)) {
      if (!this.#isFresh()) this.#refresh().catch(() => {});
      return true;
    }
    if (this.#list !== undefined && now - this.#readAt < REFRESH_EVERY_MS) return this.#deny(name);
    return this.#refresh().then(
      () => this.#list?.includes(name) || this.#deny(name),
      (error: unknown) => {
        if (isOutage(error)) throw error;
        return true;
      },
    );
  }

  /** A read in it showed that there is no such datacenter. */
  noteUnknown(name: string): void {
    this.#unknown.set(name, this.#options.clock.now() + UNKNOWN_MS);
  }

  /** To be called about once a second. */
  sweep(): void {
    const now = this.#options.clock.now();
    for (const [name, until] of this.#unknown.entries()) if (until <= now) this.#unknown.delete(name);
    if (!this.#isExposed || this.#isFresh()) return;
    this.#isExposed = false;
    this.#options.announce(this.listKey);
  }

  #isFresh(): boolean {
    return this.#options.clock.now() - this.#readAt < FRESH_MS;
  }

  #deny(name: string): false {
    this.noteUnknown(name);
    return false;
  }

  #refresh(): Promise<void> {
    const { clock } = this.#options;
    const failure = this.#failure;
    if (failure !== undefined && clock.now() - failure.at < REFRESH_EVERY_MS) return Promise.reject(failure.error);
    this.#refreshing ??= this.#read()
      .catch((error: unknown) => {
        this.#failure = { error, at: clock.now() };
        throw error;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    const { client, clock, signal } = this.#options;
    const what = 'the datacenters';
    const { value } = await withDeadline((ending) => client.datacenters({ signal: ending }), {
      ms: FIRST_READ_MS,
      signal,
      clock,
      what,
    });
    if (value.length === 0) throw new CatalogError('bad-response', `Cannot read ${what}: the list is empty`);
    this.#list = value.map((name) => name.toLowerCase());
    this.#readAt = clock.now();
    this.#failure = undefined;
  }
}
