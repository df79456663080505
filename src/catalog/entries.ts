import { CatalogError } from './catalog-error.js';
import { Entry, type EntrySource } from './entry.js';
import { EntryReader, type ReaderParts } from './entry-reader.js';
import { EntryTable } from './entry-table.js';
import { RereadQueue } from './reread-queue.js';

/** The rows of a name, and whether they are the last of a backend that cannot be asked. */
export interface Found<T> {
  readonly value: T;
  readonly isStale: boolean;
}

export interface EntriesOptions<T> extends ReaderParts<T> {
  /** The nodes that the rows are on, in lower case, each once. */
  readonly nodesOf: (value: T) => readonly string[];
  /** Whether busy names get a blocking query of their own. */
  readonly isWatchable: boolean;
}

/** A re-read that somebody waits for may take this long before the old rows are good enough after all. */
const PATIENCE_MS = 50;
/** Entries asked within this time are read again without being asked; longer than rows are in use unasked. */
const BUSY_MS = 90_000;
/** With more to read again than the backend should bear, rows that are in no line may be known to be old for this long. */
const MAX_POSTPONED_MS = 5_000;
/** How long answers may be made of a denial that may be over already. */
const DENIED_MS = 50;
/** After this whoever was given rows has made of them what they wanted to. */
const SETTLED_MS = 1_000;

/**
 * The names of one datacenter that anybody asked for, with their rows: bounded, single flight, as fresh as the aggregates
 * can tell, and served stale while the backend is away.
 */
export class Entries<T> {
  readonly #options: EntriesOptions<T>;
  readonly #table: EntryTable<T>;
  /** Being read for the first time. */
  readonly #loading = new Map<string, Entry<T>>();
  readonly #reader: EntryReader<T>;
  readonly #queue: RereadQueue<Entry<T>>;

  constructor(options: EntriesOptions<T>) {
    this.#options = options;
    this.#table = new EntryTable({
      ...options,
      maxPositive: options.serviceCacheEntries,
      maxNegative: options.negativeCacheEntries,
      onEvicted: (entry) => this.#letGo(entry),
    });
    this.#reader = new EntryReader({
      ...options,
      onNews: (entry) => {
        this.#put(entry);
        this.#announce(entry);
      },
      onRecovered: (entry) => this.#announce(entry),
      onDoubt: (entry) => this.#queue.add(entry),
      onTrouble: (entry) => {
        this.#conceal(entry);
        // Kept, so that a name that fails is not asked for again at once.
        if (entry.answer === undefined) this.#put(entry);
      },
    });
    this.#queue = new RereadQueue({
      reread: (entry) => this.#reader.load(entry, { isUrgent: false }),
      isDue: (entry) => this.#isDue(entry),
      budget: options.rereads,
      clock: options.clock,
      signal: options.signal,
    });
  }

  get positiveCount(): number {
    return this.#table.positiveCount;
  }

  get negativeCount(): number {
    return this.#table.negativeCount;
  }

  /** How many wait to be read again. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** True when a read of this key would find something, or join another. */
  knows(key: string): boolean {
    return this.#table.has(key) || this.#loading.has(key);
  }

  /** The rows behind a key: at once when they are known well enough. Throws or rejects with a `CatalogError`. */
  read(key: string, createSource: () => EntrySource<T>): Found<T> | Promise<Found<T>> {
    const { clock, confidence, metrics, random } = this.#options;
    const now = clock.now();
    const entry = this.#table.find(key) ?? this.#loading.get(key) ?? new Entry<T>(createSource(), random);
    entry.askedAt = now;
    if (entry.answer === undefined) return this.#readFirst(entry);
    const freshness = entry.freshness(now, confidence.isVouching);
    if (freshness === 'fresh') return this.#found(entry);
    if (confidence.downBy !== undefined || entry.failure !== undefined) {
      if (entry.flight === undefined && entry.mayRetry(now) && confidence.mayRead()) {
        void this.#reader.load(entry, { isUrgent: false });
      }
      return this.#found(entry);
    }
    if (freshness === 'due' && this.#isWorthWaiting(entry)) return this.#revalidate(entry);
    if (freshness === 'due') metrics.postponedRereads.inc();
    this.#queue.add(entry);
    return this.#found(entry);
  }

  /** As `read`, but believes no denial from before and keeps none for long: the name may have come this very moment. */
  async readDenied(key: string, createSource: () => EntrySource<T>): Promise<Found<T>> {
    const denied = this.#table.peekNegative(key);
    if (denied !== undefined && denied.flight === undefined) this.#table.delete(key);
    const found = await this.read(key, createSource);
    const { announce, isNegative, timers } = this.#options;
    if (isNegative(found.value)) timers.after(DENIED_MS, () => announce(key));
    return found;
  }

  /** Anything may have changed since then. Busy names are read again at once, the others when somebody asks. */
  markAll(since: number): void {
    const now = this.#options.clock.now();
    const busy: Entry<T>[] = [];
    for (const entry of this.#loading.values()) entry.mark(since);
    for (const entry of this.#table.negative()) {
      entry.mark(since);
      this.#conceal(entry);
    }
    // Most recently asked first.
    for (const entry of this.#table.positive()) {
      entry.mark(since);
      if (now - entry.askedAt < BUSY_MS) busy.push(entry);
    }
    this.#queue.addAll(busy);
  }

  /** Something changed that matters to this key's rows if `concerns` says so. */
  mark(key: string, concerns: (value: T) => boolean): void {
    const entry = this.#table.peek(key);
    if (entry?.answer !== undefined && concerns(entry.answer.value)) this.#markChanged(entry);
  }

  /** Something about a node changed that matters to those rows on it that `concerns` picks. */
  markOnNode(node: string, concerns: (value: T) => boolean): void {
    for (const entry of this.#loading.values()) entry.mark(this.#options.clock.now());
    for (const entry of this.#table.onNode(node)) {
      if (entry.answer !== undefined && concerns(entry.answer.value)) this.#markChanged(entry);
    }
  }

  /** The name is gone. */
  forget(key: string): void {
    const entry = this.#table.delete(key);
    if (entry !== undefined) this.#letGo(entry);
  }

  /** All names are gone. */
  forgetAll(): void {
    for (const { source } of [...this.#table.positive(), ...this.#table.negative()]) this.forget(source.key);
  }

  /** To be called about once a second: what was given out and needs another look is called back. */
  sweep(): void {
    for (const entries of [this.#table.positive(), this.#table.negative()]) {
      for (const entry of entries) if (entry.exposedAt !== undefined && this.#needsLook(entry)) this.#announce(entry);
    }
  }

  #markChanged(entry: Entry<T>): void {
    const now = this.#options.clock.now();
    entry.mark(now);
    if (entry.answer === undefined || this.#options.isNegative(entry.answer.value)) this.#conceal(entry);
    else if (now - entry.askedAt < BUSY_MS) this.#queue.addFirst(entry);
  }

  #isDue(entry: Entry<T>): boolean {
    const { clock, confidence } = this.#options;
    if (entry.flight !== undefined || confidence.downBy !== undefined) return false;
    return entry.isDirty || entry.isDoubtful || entry.freshness(clock.now(), confidence.isVouching) !== 'fresh';
  }

  /**
   * Whether somebody who asks for rows that are due had better wait a little for new ones: not when nothing says that they
   * are wrong, nor when they are in the line already. A name in the line is busy; were each of its questions to wait, or to
   * be let through, there would be as many reads as names (churn guard, http-api A3.5.6).
   */
  #isWorthWaiting(entry: Entry<T>): boolean {
    if (entry.flight !== undefined) return true;
    if (this.#queue.has(entry)) return false;
    return entry.isDirty || !this.#options.confidence.isVouching || !entry.source.isVouchable;
  }

  async #readFirst(entry: Entry<T>): Promise<Found<T>> {
    const { clock, confidence } = this.#options;
    if (entry.flight === undefined) {
      if (!entry.mayRetry(clock.now())) throw this.#unavailable(entry, entry.failure);
      if (!confidence.mayRead()) throw this.#unavailable(entry, confidence.downBy);
      this.#loading.set(entry.source.key, entry);
    }
    await this.#reader.load(entry, { isUrgent: true });
    this.#loading.delete(entry.source.key);
    return this.#found(entry);
  }

  async #revalidate(entry: Entry<T>): Promise<Found<T>> {
    const { clock, confidence, rereads, metrics, signal } = this.#options;
    const dueForMs = entry.dueForMs(clock.now(), confidence.isVouching);
    if (entry.flight === undefined && !rereads.take() && dueForMs < MAX_POSTPONED_MS) {
      metrics.postponedRereads.inc();
      this.#queue.add(entry);
      return this.#found(entry);
    }
    const load = this.#reader.load(entry, { isUrgent: true });
    await Promise.race([load, clock.sleep(PATIENCE_MS, { signal })]);
    return this.#found(entry);
  }

  /** What the entry holds, if that may still be served. */
  #found(entry: Entry<T>): Found<T> {
    const { confidence, settings, clock, metrics } = this.#options;
    const { answer } = entry;
    if (answer === undefined) throw this.#unavailable(entry, entry.failure);
    const isStale = this.#isStale(entry);
    if (isStale) {
      const ageMs = clock.now() - entry.goodUntil(confidence.vouchedUntil);
      if (this.#options.isNegative(answer.value) || ageMs >= settings().staleMaxAgeMs) {
        throw this.#unavailable(entry, entry.failure ?? confidence.downBy);
      }
      metrics.staleReads.inc();
    } else if (this.#options.isWatchable && !this.#options.isNegative(answer.value)) {
      this.#options.hotNames.touch(entry.source.key, () => this.#reader.watch(entry, answer));
    }
    entry.exposedAt = clock.now();
    return { value: answer.value, isStale };
  }

  #isStale(entry: Entry<T>): boolean {
    const { confidence, clock } = this.#options;
    if (entry.failure !== undefined || confidence.isCutOff) return true;
    return confidence.downBy !== undefined && entry.freshness(clock.now(), confidence.isVouching) !== 'fresh';
  }

  #needsLook(entry: Entry<T>): boolean {
    const { confidence, clock, settings } = this.#options;
    const now = clock.now();
    if (this.#isStale(entry)) {
      // The datacenter's key tells when a cut-off begins and ends; nothing tells that of an entry's own trouble.
      return !confidence.isCutOff || now - entry.goodUntil(confidence.vouchedUntil) >= settings().staleMaxAgeMs;
    }
    // What is in the line, or dirty for less than a second, is being read again already.
    if (entry.flight !== undefined || this.#queue.has(entry)) return false;
    const freshness = entry.freshness(now, confidence.isVouching);
    return freshness === 'due' || (freshness === 'recent' && !entry.isDirty);
  }

  #put(entry: Entry<T>): void {
    this.#table.put(entry);
    if (entry.answer !== undefined && this.#options.isNegative(entry.answer.value)) {
      this.#options.hotNames.drop(entry.source.key);
    }
  }

  #conceal(entry: Entry<T>): void {
    if (entry.exposedAt !== undefined) this.#announce(entry);
  }

  #announce(entry: Entry<T>): void {
    // Who has just got the rows may keep an answer only after this; the next sweep sees to that.
    const isSettled = entry.exposedAt === undefined || this.#options.clock.now() - entry.exposedAt >= SETTLED_MS;
    if (isSettled) entry.exposedAt = undefined;
    this.#options.announce(entry.source.key);
  }

  #letGo(entry: Entry<T>): void {
    this.#options.hotNames.drop(entry.source.key);
    this.#queue.delete(entry);
    this.#conceal(entry);
  }

  #unavailable(entry: Entry<T>, cause: CatalogError | undefined): CatalogError {
    if (cause === undefined)
      return new CatalogError('closed', `Cannot read ${entry.source.what}: the cache was closed`);
    return new CatalogError(cause.code, `Cannot read ${entry.source.what}: nothing recent is known`, { cause });
  }
}
