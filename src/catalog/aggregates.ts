import type { Closable } from '../lifecycle.js';
import { type CheckTable, changedChecks, checkTableOf, onlyIn, sameKeys } from './aggregate-diff.js';
import type { Answer, ReadQuery } from './answer.js';
import { isOutage } from './catalog-error.js';
import type { Confidence } from './confidence.js';
import type { NodeCheck } from './decode.js';
import { HoldBack, type HoldBackOptions } from './hold-back.js';
import type { Node } from './model.js';
import { NodeTable } from './node-table.js';
import type { CatalogParts } from './parts.js';
import { sameContent } from './same-content.js';
import { Watch, type WatchEvent, type WatchOptions } from './watch.js';

/** What the aggregates tell of. */
export interface AggregateEvents {
  /** These service names, in lower case, came and went. */
  readonly onNames: (came: readonly string[], gone: readonly string[]) => void;
  /** These nodes, in lower case, came, went or changed. */
  readonly onNodes: (names: readonly string[]) => void;
  /** These checks turned critical or warning, or ceased to be so. */
  readonly onChecks: (checks: readonly NodeCheck[]) => void;
  /** Some service may have changed since then, and nothing says which. */
  readonly onAnything: (since: number) => void;
}

/**
 * - `current`: a blocking query is being held, a change would be heard of at once
 * - `kept`: between two of them, so at most seconds old
 * - `unknown`: not read yet, or the last read failed
 */
export type Currency = 'current' | 'kept' | 'unknown';

type AnyWatch = Pick<Watch<unknown>, 'current' | 'failure' | 'isTimed' | 'isHeld' | 'resume' | 'startOver' | 'close'>;

export interface AggregatesOptions extends CatalogParts {
  /** Undefined means the backend's own. */
  readonly remote: string | undefined;
  readonly confidence: Confidence;
  readonly events: AggregateEvents;
}

/**
 * The blocking queries over the whole of one datacenter that together tell of every change that DNS can see, at a cost
 * that does not grow with the number of names asked for (http-api A3.5).
 */
export class Aggregates implements Closable {
  readonly #options: AggregatesOptions;
  readonly #names: HoldBack<ReadonlySet<string>>;
  readonly #nodes: HoldBack<NodeTable>;
  readonly #serviceWatch: Watch<ReadonlySet<string>>;
  readonly #nodeWatch: Watch<readonly Node[]>;
  readonly #watches: AnyWatch[];
  readonly #held = new Set<string>();
  #watchesWarnings = false;
  #isClosed = false;
  #stillToLoad: Set<AnyWatch>;
  #onLoaded: () => void = () => {};

  /** Resolves when every aggregate was read, or failed, once. */
  readonly loaded: Promise<void>;

  constructor(options: AggregatesOptions) {
    this.#options = options;
    const { client, events } = options;
    this.#names = this.#holdBack('services', {
      isSuspect: (next, previous) =>
        (next.size === 0 && previous.size > 0) || (previous.has('consul') && !next.has('consul')),
      onAccept: (next, previous) => {
        if (previous === undefined) this.#noteBlanks('services', !next.has('consul'));
        else events.onNames(onlyIn(next, previous), onlyIn(previous, next));
      },
    });
    this.#nodes = this.#holdBack('nodes', {
      isSuspect: (next, previous) => next.size === 0 && previous.size > 0,
      onAccept: (next, previous) => {
        if (previous === undefined) this.#noteBlanks('nodes', next.size === 0);
        else events.onNodes(next.changedSince(previous));
      },
    });
    this.#serviceWatch = this.#watch('services', (query) => client.serviceNames(query), {
      isSame: sameKeys,
      onAnswer: (event) => this.#onServices(event),
    });
    this.#nodeWatch = this.#watch('nodes', (query) => client.nodes(query), {
      isSame: sameContent,
      onAnswer: ({ snapshot, isChanged }) => {
        if (isChanged) this.#nodes.offer(new NodeTable(snapshot.value));
      },
    });
    this.#watches = [this.#serviceWatch, this.#nodeWatch, this.#watchChecks('critical')];
    if (options.onlyPassing) this.#addWarnings();
    this.#stillToLoad = new Set(this.#watches);
    this.loaded = new Promise((resolve) => {
      this.#onLoaded = resolve;
    });
  }

  get watchCount(): number {
    return this.#watches.length;
  }

  /** All service names, in lower case; undefined before they are known. */
  get names(): ReadonlySet<string> | undefined {
    return this.#names.value;
  }

  /** All nodes; undefined before they are known. */
  get nodes(): NodeTable | undefined {
    return this.#nodes.value;
  }

  /** How good `names` are: a registration would be heard of at once, within seconds, or not at all. */
  get namesAre(): Currency {
    return currencyOf(this.#serviceWatch);
  }

  get nodesAre(): Currency {
    return currencyOf(this.#nodeWatch);
  }

  /**
   * From now on answers may depend on warnings. That is so for all of them where only what passes is answered, else for
   * those with a weight of its own for a warning (http-api A3.5.1); other catalogs are spared the blocking query.
   */
  watchWarnings(): void {
    if (this.#watchesWarnings || this.#isClosed) return;
    this.#addWarnings();
    // Until they are read nothing is vouched for; then all is looked at again that they may have changed meanwhile.
    this.#updateVouching();
  }

  /** The backend was found to be back after an outage that began at `downSince`. */
  resume(downSince: number): void {
    for (const watch of this.#watches) watch.resume(downSince);
  }

  /** Reads everything again: who asks has changed. */
  startOver(): void {
    for (const watch of this.#watches) watch.startOver();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#watches.map((watch) => watch.close()));
    this.#onLoaded();
  }

  #onServices({ snapshot, previous, isChanged, isMoved }: WatchEvent<ReadonlySet<string>>): void {
    if (isChanged) this.#names.offer(snapshot.value);
    // The index moves for changes that the names do not show, such as a port's.
    if (isMoved && previous !== undefined) this.#options.events.onAnything(this.#options.clock.now());
  }

  #addWarnings(): void {
    this.#watchesWarnings = true;
    this.#watches.push(this.#watchChecks('warning'));
  }

  #watchChecks(state: 'critical' | 'warning'): Watch<CheckTable> {
    const { client, events } = this.#options;
    const read = async (query: ReadQuery): Promise<Answer<CheckTable>> => {
      const answer = await client.checksWith(state, query);
      return { ...answer, value: checkTableOf(answer.value) };
    };
    return this.#watch(`${state} checks`, read, {
      isSame: sameKeys,
      onAnswer: ({ snapshot, previous, isChanged }) => {
        if (isChanged && previous !== undefined) events.onChecks(changedChecks(snapshot.value, previous.value));
      },
    });
  }

  #watch<T>(
    what: string,
    read: (query: ReadQuery) => Promise<Answer<T>>,
    handlers: Pick<WatchOptions<T>, 'isSame' | 'onAnswer'>,
  ): Watch<T> {
    const { remote, confidence, consistency, pollWaitMs, clock, random, log } = this.#options;
    const watch: Watch<T> = new Watch<T>({
      what: remote === undefined ? `the ${what}` : `the ${what} of "${remote}"`,
      read: (query) => read({ ...query, datacenter: remote }),
      isSame: handlers.isSame,
      onAnswer: (event) => {
        confidence.succeeded();
        handlers.onAnswer(event);
        this.#noteRead(watch);
      },
      onFailure: (error) => {
        this.#noteRead(watch);
        // Trouble that may be one endpoint's own counts as an outage for one of them only, lest they contradict each other.
        if (error.code === 'unreachable' || (what === 'services' && isOutage(error))) confidence.failed(error);
      },
      waitMs: pollWaitMs,
      consistency: 'default',
      mayFallBackToStale: consistency === 'stale',
      startIndex: undefined,
      isMinor: false,
      clock,
      random,
      log,
    });
    return watch;
  }

  /** Consul before 1.11 does not tell that it hides rows from a token; but itself it always lists. */
  #noteBlanks(what: string, areBlank: boolean): void {
    if (!areBlank) return;
    const advice = 'a token needs node:read and service:read on what is to be seen';
    this.#options.log.warn('the catalog does not even show Consul itself: the token may not see it', { what, advice });
  }

  #noteRead(watch: AnyWatch): void {
    if (this.#stillToLoad.delete(watch) && this.#stillToLoad.size === 0) this.#onLoaded();
    this.#updateVouching();
  }

  #updateVouching(): void {
    const { confidence, clock, events } = this.#options;
    const isVouching = this.#watches.every(isTelling);
    if (isVouching === confidence.isVouching) return;
    const since = confidence.vouchedUntil;
    confidence.isVouching = isVouching;
    // What happened in between is not known.
    if (isVouching) events.onAnything(since === 0 ? clock.now() : since);
  }

  #holdBack<T>(what: string, rules: Pick<HoldBackOptions<T>, 'isSuspect' | 'onAccept'>): HoldBack<T> {
    const { clock, signal, confidence, log, events } = this.#options;
    return new HoldBack<T>({
      ...rules,
      onHold: (isHolding) => {
        if (isHolding) this.#held.add(what);
        else this.#held.delete(what);
        confidence.isHoldingBack = this.#held.size > 0;
        if (isHolding) log.warn('the catalog turned suspiciously empty: keeping the last rows for a minute', { what });
        else events.onAnything(clock.now());
      },
      clock,
      signal,
    });
  }
}

/** True when the watch would tell of a change. */
function isTelling(watch: AnyWatch): boolean {
  return watch.current !== undefined && watch.failure === undefined && !watch.isTimed;
}

function currencyOf(watch: AnyWatch): Currency {
  if (watch.current === undefined || watch.failure !== undefined) return 'unknown';
  return watch.isHeld ? 'current' : 'kept';
}
