import { LRUCache } from 'lru-cache';
import { CatalogError, isOutage } from './catalog-error.js';
import type { Answer } from './client.js';
import type { Confidence } from './confidence.js';
import { withDeadline } from './deadline.js';
import { Entry, type EntrySource } from './entry.js';
import { NodeIndex } from './node-index.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';
import { RereadQueue } from './reread-queue.js';
import { sameContent } from './same-content.js';
import { Watch } from './watch.js';

/** The rows of a name, and whether they are the last of a backend that cannot be asked. */
export interface Found<T> {
  readonly value: T;
  readonly isStale: boolean;
}

export interface EntriesOptions<T> extends CatalogParts {
  /** How much the datacenter's backend is worth at the moment. */
  readonly confidence: Confidence;
  readonly isNegative: (value: T) => boolean;
  /** The nodes that the rows are on, in lower case, each once. */
  readonly nodesOf: (value: T) => readonly string[];
  /** Whether busy names get a blocking query of their own. */
  readonly isWatchable: boolean;
  readonly onUnknownDatacenter: () => void;
}

/** A re-read that somebody waits for may take this long before the old rows are good enough after all. */
const PATIENCE_MS = 50;
const REREAD_MS = 10_000;
/** Entries asked within this time are read again without being asked; longer than any compiled answer lives. */
const BUSY_MS = 90_000;
/** With more to read again than the backend should bear, rows may be known to be old for this long. */
const MAX_POSTPONED_MS = 5_000;
/** A follower may lag behind the server that told of a change (http-api A2). */
const RECHECK_MS = 1_000;

/** How long answers may be made of a denial that may be over already. */
const DENIED_MS = 50;

interface LoadOptions {
  readonly isUrgent: boolean;
  readonly isRecheck: boolean;
}

/**
 * The names of one datacenter that anybody asked for, with their rows: bounded, single flight, as fresh as the aggregates
 * can tell, and served stale while the backend is away.
 */
export class Entries<T> {
  readonly #options: EntriesOptions<T>;
  readonly #positive: LRUCache<string, Entry<T>>;
  /** Apart, so that questions for names that do not exist cannot push out those that do. */
  readonly #negative: LRUCache<string, Entry<T>>;
  readonly #loading = new Map<string, Entry<T>>();
  readonly #nodes = new NodeIndex<Entry<T>>();
  readonly #queue: RereadQueue<Entry<T>>;

  constructor(options: EntriesOptions<T>) {
    this.#options = options;
    const createTable = (max: number) =>
      new LRUCache<string, Entry<T>>({
        max,
        dispose: (entry, _key, reason) => {
          if (reason === 'evict') this.#letGo(entry);
        },
      });
    this.#positive = createTable(options.serviceCacheEntries);
    this.#negative = createTable(options.negativeCacheEntries);
    this.#queue = new RereadQueue({
      reread: (entry) => this.#load(entry, { isUrgent: false, isRecheck: false }),
      isDue: (entry) => entry.isDirty && entry.flight === undefined && options.confidence.downBy === undefined,
      budget: options.rereads,
      clock: options.clock,
      signal: options.signal,
    });
  }

  get positiveCount(): number {
    return this.#positive.size;
  }

  get negativeCount(): number {
    return this.#negative.size;
  }

  /** The rows behind a key: at once when they are known well enough. Throws or rejects with a `CatalogError`. */
  read(key: string, createSource: () => EntrySource<T>): Found<T> | Promise<Found<T>> {
    const { clock, confidence, random } = this.#options;
    const now = clock.now();
    const known = this.#positive.get(key) ?? this.#negative.get(key) ?? this.#loading.get(key);
    const entry = known ?? new Entry<T>(createSource(), random);
    entry.askedAt = now;
    if (entry.answer === undefined) return this.#readFirst(entry);
    const freshness = entry.freshness(now, confidence.isVouching);
    if (freshness === 'fresh') return this.#found(entry);
    if (confidence.downBy !== undefined || entry.failure !== undefined) {
      if (entry.flight === undefined && entry.mayRetry(now) && confidence.mayRead()) {
        void this.#load(entry, { isUrgent: false, isRecheck: false });
      }
      return this.#found(entry);
    }
    if (freshness === 'due') return this.#revalidate(entry);
    this.#queue.add(entry);
    return this.#found(entry);
  }

  /** As `read`, but believes no denial from before and keeps none for long: the name may have come this very moment. */
  async readDenied(key: string, createSource: () => EntrySource<T>): Promise<Found<T>> {
    const denied = this.#negative.peek(key);
    if (denied !== undefined && denied.flight === undefined) this.#negative.delete(key);
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
    for (const entry of this.#negative.values()) {
      entry.mark(since);
      this.#conceal(entry);
    }
    // Most recently asked first.
    for (const entry of this.#positive.values()) {
      entry.mark(since);
      if (now - entry.askedAt < BUSY_MS) busy.push(entry);
      else this.#conceal(entry);
    }
    this.#queue.replace(busy);
  }

  /** Something about a node changed that matters to those rows on it that `concerns` picks. */
  markOnNode(node: string, concerns: (value: T) => boolean): void {
    const now = this.#options.clock.now();
    for (const entry of this.#loading.values()) entry.mark(now);
    for (const entry of this.#nodes.on(node)) {
      if (entry.answer === undefined || !concerns(entry.answer.value)) continue;
      entry.mark(now);
      if (now - entry.askedAt < BUSY_MS) this.#queue.add(entry);
      else this.#conceal(entry);
    }
  }

  /** The name is gone. */
  forget(key: string): void {
    for (const table of [this.#positive, this.#negative]) {
      const entry = table.peek(key);
      if (entry === undefined) continue;
      table.delete(key);
      this.#letGo(entry);
    }
  }

  /** All names are gone. */
  forgetAll(): void {
    for (const table of [this.#positive, this.#negative]) {
      for (const entry of table.values()) this.#letGo(entry);
      table.clear();
    }
  }

  /** To be called about once a second: what was given out and needs another look is called back. */
  sweep(): void {
    for (const table of [this.#positive, this.#negative]) {
      for (const entry of table.values()) if (entry.isExposed && this.#needsLook(entry)) this.#conceal(entry);
    }
  }

  async #readFirst(entry: Entry<T>): Promise<Found<T>> {
    const { clock, confidence } = this.#options;
    if (entry.flight === undefined) {
      if (!entry.mayRetry(clock.now())) throw this.#unavailable(entry, entry.failure);
      if (!confidence.mayRead()) throw this.#unavailable(entry, confidence.downBy);
      this.#loading.set(entry.source.key, entry);
    }
    await this.#load(entry, { isUrgent: true, isRecheck: false });
    return this.#found(entry);
  }

  async #revalidate(entry: Entry<T>): Promise<Found<T>> {
    const { clock, confidence, rereads, metrics, signal } = this.#options;
    const dueForMs = entry.dueForMs(clock.now(), confidence.isVouching);
    if (entry.flight === undefined && !rereads.take() && dueForMs < MAX_POSTPONED_MS) {
      metrics.postponedRereads.inc();
      return this.#found(entry);
    }
    const load = this.#load(entry, { isUrgent: true, isRecheck: false });
    await Promise.race([load, clock.sleep(PATIENCE_MS, { signal })]);
    return this.#found(entry);
  }

  /** What the entry holds, if that may still be served. */
  #found(entry: Entry<T>): Found<T> {
    const { confidence, staleMaxAgeMs, clock, metrics } = this.#options;
    const { answer } = entry;
    if (answer === undefined) throw this.#unavailable(entry, entry.failure);
    const isStale = this.#isStale(entry);
    if (isStale) {
      const ageMs = clock.now() - entry.goodUntil(confidence.vouchedUntil);
      if (this.#options.isNegative(answer.value) || ageMs >= staleMaxAgeMs) {
        throw this.#unavailable(entry, entry.failure ?? confidence.downBy);
      }
      metrics.staleReads.inc();
    } else if (this.#options.isWatchable && !this.#options.isNegative(answer.value)) {
      this.#options.hotNames.touch(entry.source.key, () => this.#createWatch(entry, answer));
    }
    entry.isExposed = true;
    return { value: answer.value, isStale };
  }

  #isStale(entry: Entry<T>): boolean {
    const { confidence, clock } = this.#options;
    if (entry.failure !== undefined || confidence.isCutOff) return true;
    return confidence.downBy !== undefined && entry.freshness(clock.now(), confidence.isVouching) !== 'fresh';
  }

  #needsLook(entry: Entry<T>): boolean {
    const { confidence, clock, staleMaxAgeMs } = this.#options;
    const now = clock.now();
    if (this.#isStale(entry)) {
      // The datacenter's key tells when a cut-off begins and ends; nothing tells that of an entry's own trouble.
      return !confidence.isCutOff || now - entry.goodUntil(confidence.vouchedUntil) >= staleMaxAgeMs;
    }
    const freshness = entry.freshness(now, confidence.isVouching);
    // What is dirty for less than a second is being read again already.
    return freshness === 'due' || (freshness === 'recent' && !entry.isDirty);
  }

  /** Reads the entry, once for all that want it. Never rejects: what goes wrong is the entry's `failure`. */
  #load(entry: Entry<T>, options: LoadOptions): Promise<void> {
    entry.flight ??= this.#loadNow(entry, options).finally(() => {
      entry.flight = undefined;
      this.#loading.delete(entry.source.key);
    });
    return entry.flight;
  }

  async #loadNow(entry: Entry<T>, { isUrgent, isRecheck }: LoadOptions): Promise<void> {
    const { clock, confidence, reads, consistency, signal } = this.#options;
    const { what, read } = entry.source;
    let marks = entry.marks;
    try {
      const answer = await withDeadline(
        (ending) =>
          reads.run(
            () => {
              marks = entry.marks;
              return read({ signal: ending, consistency });
            },
            { signal: ending, isUrgent },
          ),
        { ms: entry.answer === undefined ? FIRST_READ_MS : REREAD_MS, signal, clock, what },
      );
      confidence.succeeded();
      this.#accept(entry, { answer, marks, isRecheck });
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  #accept(
    entry: Entry<T>,
    { answer, marks, isRecheck }: { readonly answer: Answer<T>; readonly marks: number; readonly isRecheck: boolean },
  ): void {
    const { clock, consistency } = this.#options;
    const now = clock.now();
    const wasFailing = entry.failure !== undefined;
    const before = entry.answer;
    const isChanged = this.#isNews(entry, answer.value);
    // Equal rows stay the very same, and so does what others keep of them.
    entry.accept(isChanged || before === undefined ? answer : { ...answer, value: before.value }, { marks, now });
    if (isChanged || this.#tableFor(entry).peek(entry.source.key) !== entry) this.#place(entry, answer.value);
    if (isChanged || wasFailing) this.#announce(entry);
    else if (consistency === 'stale' && !isRecheck && now - entry.markedAt < RECHECK_MS) this.#recheckLater(entry);
  }

  /** Whether rows are to take the place of those there are. */
  #isNews(entry: Entry<T>, value: T): boolean {
    const { clock, confidence, isNegative } = this.#options;
    const before = entry.answer;
    if (before === undefined) return true;
    if (isNegative(value) && !isNegative(before.value)) {
      // Consul hides rows from a token that may not see them; that is no reason to deny the name at once.
      return !confidence.isHoldingBack && !entry.doubtsEmptiness(clock.now());
    }
    entry.believe();
    return !sameContent(before.value, value);
  }

  #fail(entry: Entry<T>, thrown: unknown): void {
    const { clock, confidence, random, signal, onUnknownDatacenter } = this.#options;
    const error =
      thrown instanceof CatalogError
        ? thrown
        : new CatalogError('bad-response', `Cannot read ${entry.source.what}: unexpected error`, { cause: thrown });
    if (signal.aborted) return;
    const isNews = entry.failure === undefined;
    // That others wait as well says nothing about rows that are known.
    if (error.code !== 'overloaded' || entry.answer === undefined) {
      entry.fail(error, { now: clock.now(), random });
      if (isNews) this.#conceal(entry);
      // Kept, so that a name that fails is not asked for again at once.
      if (entry.answer === undefined) this.#negative.set(entry.source.key, entry);
    }
    if (isOutage(error)) confidence.failed(error);
    if (error.code === 'unknown-datacenter') onUnknownDatacenter();
  }

  /** A follower may have answered that had not heard of the change yet. */
  #recheckLater(entry: Entry<T>): void {
    const { marks } = entry;
    this.#options.timers.after(RECHECK_MS, () => {
      if (entry.marks === marks) void this.#load(entry, { isUrgent: false, isRecheck: true });
    });
  }

  #createWatch(entry: Entry<T>, answer: Answer<T>): Watch<T> {
    const { pollWaitMs, consistency, clock, random, log, confidence } = this.#options;
    return new Watch<T>({
      what: entry.source.what,
      read: entry.source.read,
      isSame: sameContent,
      onAnswer: ({ snapshot }) => {
        confidence.succeeded();
        if (!this.#isNews(entry, snapshot.value)) return;
        entry.replace(snapshot);
        this.#place(entry, snapshot.value);
        this.#announce(entry);
      },
      onFailure: () => {},
      waitMs: pollWaitMs,
      consistency,
      mayFallBackToStale: false,
      startIndex: answer.index,
      clock,
      random,
      log,
    });
  }

  #tableFor(entry: Entry<T>): LRUCache<string, Entry<T>> {
    const isNegative = entry.answer === undefined || this.#options.isNegative(entry.answer.value);
    return isNegative ? this.#negative : this.#positive;
  }

  /** Puts the entry where it belongs after its rows changed. */
  #place(entry: Entry<T>, value: T): void {
    const { key } = entry.source;
    const table = this.#tableFor(entry);
    (table === this.#positive ? this.#negative : this.#positive).delete(key);
    table.set(key, entry);
    this.#nodes.set(entry, this.#options.nodesOf(value));
    if (table === this.#negative) this.#options.hotNames.drop(key);
  }

  #conceal(entry: Entry<T>): void {
    if (entry.isExposed) this.#announce(entry);
  }

  #announce(entry: Entry<T>): void {
    entry.isExposed = false;
    this.#options.announce(entry.source.key);
  }

  #letGo(entry: Entry<T>): void {
    this.#nodes.delete(entry);
    this.#options.hotNames.drop(entry.source.key);
    this.#conceal(entry);
  }

  #unavailable(entry: Entry<T>, cause: CatalogError | undefined): CatalogError {
    if (cause === undefined)
      return new CatalogError('closed', `Cannot read ${entry.source.what}: the cache was closed`);
    return new CatalogError(cause.code, `Cannot read ${entry.source.what}: nothing recent is known`, { cause });
  }
}
