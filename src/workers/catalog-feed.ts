import { LRUCache } from 'lru-cache';
import type { CatalogSource } from '../catalog/source.js';

export interface FeedListener {
  /** What depends on this entry is not current any more. */
  readonly onChange: (entry: string) => void;
  /** Nothing is. */
  readonly onReplaced: () => void;
}

/** Announcements remembered one by one; of older ones it is only known that there were some. */
const MAX_REMEMBERED = 10_000;

/** The catalog of the moment and what it announces, with a memory of when it announced what. */
export class CatalogFeed {
  readonly #listeners = new Set<FeedListener>();
  /** By entry: the position of its last announcement. */
  readonly #announced = new LRUCache<string, number>({
    max: MAX_REMEMBERED,
    dispose: (position, _entry, reason) => {
      if (reason === 'evict') this.#forgottenUpTo = position;
    },
  });
  #catalog: CatalogSource;
  #stopListening: () => void;
  #position = 0;
  #replacedAt = 0;
  #forgottenUpTo = 0;

  constructor(catalog: CatalogSource) {
    this.#catalog = catalog;
    this.#stopListening = this.#listenTo(catalog);
  }

  get catalog(): CatalogSource {
    return this.#catalog;
  }

  /** Rises with every announcement. */
  get position(): number {
    return this.#position;
  }

  /** Goes on with another catalog. The catalogs stay their owner's to close. */
  use(catalog: CatalogSource): void {
    if (catalog === this.#catalog) return;
    this.#stopListening();
    this.#catalog = catalog;
    this.#position += 1;
    this.#replacedAt = this.#position;
    this.#stopListening = this.#listenTo(catalog);
    for (const { onReplaced } of this.#listeners) onReplaced();
  }

  /** Whether one of these entries was announced after that position. What is not remembered well counts as announced. */
  hasMoved(entries: readonly string[], since: number): boolean {
    if (this.#forgottenUpTo > since || this.wasReplaced(since)) return true;
    return entries.some((entry) => (this.#announced.peek(entry) ?? 0) > since);
  }

  /** Whether another catalog took over after that position. */
  wasReplaced(since: number): boolean {
    return this.#replacedAt > since;
  }

  /** Returns how to stop that. */
  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stopListening();
  }

  #listenTo(catalog: CatalogSource): () => void {
    return catalog.onChange((entry) => {
      this.#position += 1;
      this.#announced.set(entry, this.#position);
      for (const { onChange } of this.#listeners) onChange(entry);
    });
  }
}
