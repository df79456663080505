import type { Answer } from './answer.js';
import { CatalogError, isOutage } from './catalog-error.js';
import type { Confidence } from './confidence.js';
import { withDeadline } from './deadline.js';
import type { Entry } from './entry.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';
import { sameContent } from './same-content.js';
import { Watch } from './watch.js';

export interface ReaderParts<T> extends CatalogParts {
  /** How much the datacenter's backend is worth at the moment. */
  readonly confidence: Confidence;
  readonly isNegative: (value: T) => boolean;
  readonly onUnknownDatacenter: () => void;
}

export interface EntryReaderOptions<T> extends ReaderParts<T> {
  /** The entry has other rows than before. */
  readonly onNews: (entry: Entry<T>) => void;
  /** The entry has the rows it had, but can be read again. */
  readonly onRecovered: (entry: Entry<T>) => void;
  /** A read failed; for an entry with rows, the first one that did. */
  readonly onTrouble: (entry: Entry<T>) => void;
  /** The entry is to be read once more: what was read may be out of date already. */
  readonly onDoubt: (entry: Entry<T>) => void;
}

const REREAD_MS = 10_000;
/** A follower may lag behind the server that told of a change (http-api A2). */
const RECHECK_MS = 1_000;

/** Brings rows into entries: by single reads, one at a time for each, and by blocking queries. */
export class EntryReader<T> {
  readonly #options: EntryReaderOptions<T>;

  constructor(options: EntryReaderOptions<T>) {
    this.#options = options;
  }

  /** Reads the entry, once for all that want it. Never rejects: what goes wrong is the entry's `failure`. */
  load(entry: Entry<T>, { isUrgent }: { isUrgent: boolean }): Promise<void> {
    entry.flight ??= this.#loadNow(entry, isUrgent).finally(() => {
      entry.flight = undefined;
      // Something changed while it was read.
      if (entry.isDirty && entry.failure === undefined) this.#options.onDoubt(entry);
    });
    return entry.flight;
  }

  /** Keeps the entry current from `answer` on. The caller closes it. */
  watch(entry: Entry<T>, answer: Answer<T>): Watch<T> {
    const { pollWaitMs, consistency, clock, random, log, confidence, onNews } = this.#options;
    return new Watch<T>({
      what: entry.source.what,
      read: entry.source.read,
      isSame: sameContent,
      onAnswer: ({ snapshot }) => {
        confidence.succeeded();
        if (!this.#isNews(entry, snapshot.value)) return;
        entry.replace(snapshot);
        onNews(entry);
      },
      onFailure: () => {},
      waitMs: pollWaitMs,
      consistency,
      mayFallBackToStale: false,
      startIndex: answer.index,
      isMinor: true,
      clock,
      random,
      log,
    });
  }

  async #loadNow(entry: Entry<T>, isUrgent: boolean): Promise<void> {
    const { clock, confidence, reads, consistency, signal } = this.#options;
    const { what, read } = entry.source;
    // A change from now on may be missing in the answer.
    const { marks } = entry;
    const isRecheck = entry.isDoubtful && !entry.isDirty;
    entry.isDoubtful = false;
    try {
      const answer = await withDeadline(
        (ending) =>
          reads.run(() => read({ signal: ending, consistency }, entry.answer?.value), { signal: ending, isUrgent }),
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
    const { clock, consistency, onNews, onRecovered } = this.#options;
    const now = clock.now();
    const { answer: before, failure } = entry;
    const isNews = this.#isNews(entry, answer.value);
    // Equal rows stay the very same, and so does what others keep of them.
    entry.accept(isNews || before === undefined ? answer : { ...answer, value: before.value }, { marks, now });
    if (isNews) onNews(entry);
    else if (failure !== undefined) onRecovered(entry);
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
    const { clock, confidence, random, signal, onTrouble, onUnknownDatacenter } = this.#options;
    if (signal.aborted) return;
    const error =
      thrown instanceof CatalogError
        ? thrown
        : new CatalogError('bad-response', `Cannot read ${entry.source.what}: unexpected error`, { cause: thrown });
    const hasRows = entry.answer !== undefined;
    // That others wait as well says nothing about rows that are known.
    if (!hasRows || error.code !== 'overloaded') {
      const isNews = entry.failure === undefined;
      entry.fail(error, { now: clock.now(), random });
      if (isNews || !hasRows) onTrouble(entry);
    }
    if (isOutage(error)) confidence.failed(error);
    if (error.code === 'unknown-datacenter') onUnknownDatacenter();
  }

  /** A follower may have answered that had not heard of the change yet. */
  #recheckLater(entry: Entry<T>): void {
    const { marks } = entry;
    const { timers, onDoubt } = this.#options;
    timers.after(RECHECK_MS, () => {
      if (entry.marks !== marks) return;
      entry.isDoubtful = true;
      onDoubt(entry);
    });
  }
}
