import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rows } from '../../src/catalog/source.js';
import { CatalogFeed } from '../../src/workers/catalog-feed.js';
import { CatalogSession } from '../../src/workers/catalog-session.js';
import type { CatalogReply, CatalogRequest } from '../../src/workers/messages.js';
import { RemoteCatalog } from '../../src/workers/remote-catalog.js';
import { TestClock } from '../support/test-clock.js';
import { BACKEND, entryOf, service, VersionedCatalog, versionsIn } from './versioned-catalog.js';

const NAMES = ['web', 'db'] as const;
const ENTRIES = [...NAMES.map(entryOf), BACKEND];
/** More than one catalog counts. */
const GENERATION = 1_000_000;

type Step =
  | { readonly kind: 'change'; readonly entry: string }
  | { readonly kind: 'read'; readonly name: string }
  | { readonly kind: 'slow'; readonly isSlow: boolean }
  | { readonly kind: 'to-primary' | 'to-worker' | 'settle' | 'turn' | 'replace' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), entry: fc.constantFrom(...ENTRIES) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), name: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('slow' as const), isSlow: fc.boolean() }) },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constantFrom('to-primary' as const, 'to-worker' as const, 'settle' as const, 'turn' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const) }) },
);

/** A primary and a worker, with all the messages between them in the test's hand. */
class Pair {
  readonly #toPrimary: CatalogRequest[] = [];
  /** With the version of what they drop, as it was when that was said. */
  readonly #toWorker: { readonly message: CatalogReply; readonly version: number }[] = [];
  /** The version that the worker has heard of, for each entry. */
  readonly #heard = new Map<string, number>();
  readonly #feed: CatalogFeed;
  readonly #session: CatalogSession;
  readonly #remote = new RemoteCatalog({ send: (message) => this.#toPrimary.push(message), clock: new TestClock() });
  #catalog = new VersionedCatalog();

  constructor() {
    this.#feed = new CatalogFeed(this.#catalog);
    this.#session = new CatalogSession(this.#feed, (message) => {
      const version = message.kind === 'dropped' ? this.#catalog.versionOf(message.entry) : 0;
      this.#toWorker.push({ message: structuredClone(message), version });
    });
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'change':
        return this.#catalog.change(step.entry);
      case 'read': {
        const rows = this.read(step.name);
        if (rows instanceof Promise) rows.catch(() => undefined);
        else this.#expectFresh(rows);
        return;
      }
      case 'slow':
        this.#catalog.isSlow = step.isSlow;
        return;
      case 'settle':
        return this.#catalog.settle();
      case 'to-primary': {
        const message = this.#toPrimary.shift();
        if (message !== undefined) this.#session.receive(message);
        return;
      }
      case 'to-worker':
        return this.#deliver();
      case 'turn':
        return turn();
      case 'replace':
        return this.#replace();
    }
  }

  /** Lets everything that is under way come to its end. */
  async calm(): Promise<void> {
    this.#catalog.isSlow = false;
    for (let isCalm = false; !isCalm; ) {
      this.#catalog.settleAll();
      await turn();
      isCalm = this.#toPrimary.length + this.#toWorker.length === 0;
      while (this.#toPrimary.length > 0) await this.take({ kind: 'to-primary' });
      while (this.#toWorker.length > 0) this.#deliver();
    }
  }

  read(name: string): Rows | Promise<Rows> {
    return this.#remote.read(service(name), { signal: new AbortController().signal, sourceAddress: '127.0.0.1' });
  }

  current(name: string): Rows {
    return this.#catalog.rows(name);
  }

  close(): Promise<void> {
    this.#session.close();
    return this.#remote.close();
  }

  #deliver(): void {
    const next = this.#toWorker.shift();
    if (next === undefined) return;
    if (next.message.kind === 'dropped') this.#heard.set(next.message.entry, next.version);
    this.#remote.receive(next.message);
  }

  #replace(): void {
    const old = this.#catalog;
    const first = Math.floor(old.versionOf(BACKEND) / GENERATION + 1) * GENERATION;
    this.#catalog = new VersionedCatalog(first);
    this.#feed.use(this.#catalog);
    old.settleAll(new Error('This catalog was closed'));
  }

  #expectFresh(rows: Rows): void {
    for (const [entry, version] of versionsIn(rows)) {
      expect(version, entry).toBeGreaterThanOrEqual(this.#heard.get(entry) ?? 0);
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('whatever the order of changes, reads and messages, no rows outlive the news of their change', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const pair = new Pair();
      await pair.take({ kind: 'slow', isSlow: true });
      try {
        for (const one of steps) await pair.take(one);
        await pair.calm();
        for (const name of NAMES) {
          const rows = pair.read(name);
          await pair.calm();
          // Nobody said anything in the meantime, so these are the rows of the moment.
          expect(await rows).toEqual(pair.current(name));
        }
      } finally {
        await pair.close();
      }
    }),
    { numRuns: 200 },
  );
});
