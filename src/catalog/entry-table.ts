import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.js';
import { NodeIndex } from './node-index.js';

export interface EntryTableOptions<T> {
  readonly maxPositive: number;
  readonly maxNegative: number;
  readonly isNegative: (value: T) => boolean;
  /** The nodes that the rows are on, in lower case, each once. */
  readonly nodesOf: (value: T) => readonly string[];
  /** Called for an entry that had to make room. */
  readonly onEvicted: (entry: Entry<T>) => void;
}

/**
 * Entries by key, bounded, the least recently asked giving way.
 *
 * Those without rows are kept apart, so that questions for names that do not exist cannot push out those that do.
 */
export class EntryTable<T> {
  readonly #options: EntryTableOptions<T>;
  readonly #positive: LRUCache<string, Entry<T>>;
  readonly #negative: LRUCache<string, Entry<T>>;
  readonly #nodes = new NodeIndex<Entry<T>>();

  constructor(options: EntryTableOptions<T>) {
    this.#options = options;
    const createCache = (max: number) =>
      new LRUCache<string, Entry<T>>({
        max,
        dispose: (entry, _key, reason) => {
          if (reason !== 'evict') return;
          this.#nodes.delete(entry);
          options.onEvicted(entry);
        },
      });
    this.#positive = createCache(options.maxPositive);
    this.#negative = createCache(options.maxNegative);
  }

  get positiveCount(): number {
    return this.#positive.size;
  }

  get negativeCount(): number {
    return this.#negative.size;
  }

  /** Those with rows, most recently asked first. */
  positive(): Iterable<Entry<T>> {
    return this.#positive.values();
  }

  /** Those without, and those that could not be read yet. */
  negative(): Iterable<Entry<T>> {
    return this.#negative.values();
  }

  /** The entries with rows on this node. */
  onNode(node: string): Iterable<Entry<T>> {
    return this.#nodes.on(node);
  }

  /** Finding an entry counts as asking for it. */
  find(key: string): Entry<T> | undefined {
    return this.#positive.get(key) ?? this.#negative.get(key);
  }

  has(key: string): boolean {
    return this.#positive.has(key) || this.#negative.has(key);
  }

  /** Without counting as a question. */
  peek(key: string): Entry<T> | undefined {
    return this.#positive.peek(key) ?? this.#negative.peek(key);
  }

  /** Without counting as a question; only an entry without rows. */
  peekNegative(key: string): Entry<T> | undefined {
    return this.#negative.peek(key);
  }

  /** Puts the entry where its rows say that it belongs. */
  put(entry: Entry<T>): void {
    const { key } = entry.source;
    const { answer } = entry;
    const isNegative = answer === undefined || this.#options.isNegative(answer.value);
    (isNegative ? this.#positive : this.#negative).delete(key);
    (isNegative ? this.#negative : this.#positive).set(key, entry);
    this.#nodes.set(entry, answer === undefined ? [] : this.#options.nodesOf(answer.value));
  }

  /** The entry that was there. */
  delete(key: string): Entry<T> | undefined {
    const entry = this.peek(key);
    if (entry === undefined) return undefined;
    this.#positive.delete(key);
    this.#negative.delete(key);
    this.#nodes.delete(entry);
    return entry;
  }
}
