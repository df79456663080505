import { setMaxListeners } from 'node:events';
import { LRUCache } from 'lru-cache';
import { CatalogError } from '../catalog/catalog-error.js';
import type { Rows } from '../catalog/source.js';
import type { CatalogFeed } from './catalog-feed.js';
import type { CatalogReply, CatalogRequest, Wanted } from './messages.js';

/** Entries that one worker is told the changes of: more than it keeps rows and compiled answers of. */
const MAX_INTERESTS = 100_000;
/** A name's first read announces it, so it is the second attempt that holds. */
const ATTEMPTS = 3;

/**
 * The primary's end of one worker's `RemoteCatalog`.
 *
 * Rows are sent if nothing they depend on was announced since they were read, and from then on each announcement that
 * concerns them is passed on: so what a worker holds is never older than the last message that it got.
 */
export class CatalogSession {
  readonly #feed: CatalogFeed;
  readonly #send: (message: CatalogReply) => void;
  /** Entries that something at the worker may depend on. Taking one out tells the worker. */
  readonly #interests: LRUCache<string, true>;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;

  constructor(feed: CatalogFeed, send: (message: CatalogReply) => void) {
    // Every read that waits listens for the end.
    setMaxListeners(0, this.#closing.signal);
    this.#feed = feed;
    this.#send = send;
    this.#interests = new LRUCache({
      max: MAX_INTERESTS,
      dispose: (_value, entry, reason) => {
        if (reason !== 'set') send({ kind: 'dropped', entry });
      },
    });
    this.#unsubscribe = feed.subscribe({
      onChange: (entry) => this.#interests.delete(entry),
      onReplaced: () => this.#interests.clear(),
    });
  }

  receive(message: CatalogRequest): void {
    switch (message.kind) {
      case 'read':
        void this.#answer(message.read, message.wanted);
        return;
      case 'used':
        for (const wanted of message.wanted) void this.#touch(wanted);
    }
  }

  /** The worker is gone: nobody waits for its rows any more. */
  close(): void {
    this.#closing.abort(new CatalogError('closed', 'Cannot read the catalog: the worker that asked has ended'));
    this.#unsubscribe();
  }

  async #answer(read: number, wanted: Wanted): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const since = this.#feed.position;
      try {
        const found = this.#read(wanted);
        const rows = found instanceof Promise ? await found : found;
        const isOld = this.#feed.hasMoved(rows.dependsOn, since);
        if (isOld && attempt < ATTEMPTS) continue;
        // No waiting from here on: what is announced now comes after the rows.
        for (const entry of rows.dependsOn) this.#interests.set(entry, true);
        this.#send({ kind: 'rows', read, rows });
        if (isOld) for (const entry of rows.dependsOn) this.#interests.delete(entry);
        return;
      } catch (error) {
        // The catalog may have been replaced, and this one closed, while somebody waited for it.
        if (this.#feed.wasReplaced(since) && attempt < ATTEMPTS) continue;
        const code = error instanceof CatalogError ? error.code : 'internal';
        this.#send({ kind: 'no-rows', read, code, message: error instanceof Error ? error.message : String(error) });
        return;
      }
    }
  }

  /** The worker answered from rows that it has. To the catalog it is as if it had asked. */
  async #touch(wanted: Wanted): Promise<void> {
    try {
      await this.#read(wanted);
    } catch {
      // Whoever really asks will hear of it.
    }
  }

  #read({ lookup, sourceAddress }: Wanted): Rows | Promise<Rows> {
    return this.#feed.catalog.read(lookup, { signal: this.#closing.signal, sourceAddress });
  }
}
