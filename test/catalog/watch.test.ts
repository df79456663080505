import { afterEach, describe, expect, test } from 'vitest';
import type { Answer } from '../../src/catalog/answer.js';
import { CatalogError, type CatalogErrorCode } from '../../src/catalog/catalog-error.js';
import { sameContent } from '../../src/catalog/same-content.js';
import { Watch, type WatchEvent, type WatchOptions, type WatchQuery } from '../../src/catalog/watch.js';
import { TestClock } from '../support/test-clock.js';
import { TestLog } from './setup.js';

interface Read {
  readonly query: WatchQuery;
  readonly at: number;
  readonly answer: (value: string, answer?: Partial<Answer<string>>) => Promise<void>;
  readonly fail: (code: CatalogErrorCode) => Promise<void>;
}

/** A watch of one text whose backend is this test. */
class Scripted {
  readonly clock = new TestClock();
  readonly log = new TestLog();
  readonly reads: Read[] = [];
  readonly events: WatchEvent<string>[] = [];
  readonly failures: CatalogErrorCode[] = [];
  readonly watch: Watch<string>;

  constructor(changes: Partial<WatchOptions<string>> = {}) {
    this.watch = new Watch<string>({
      what: 'the text',
      read: (query) => this.#read(query),
      isSame: sameContent,
      onAnswer: (event) => this.events.push(event),
      onFailure: ({ code }) => this.failures.push(code),
      waitMs: 60_000,
      consistency: 'default',
      mayFallBackToStale: true,
      startIndex: undefined,
      isMinor: false,
      clock: this.clock,
      random: () => 0.5,
      log: this.log,
      ...changes,
    });
  }

  /** The read under way. */
  async read(): Promise<Read> {
    await this.clock.advance(0);
    const read = this.reads.at(-1);
    if (read === undefined) throw new Error('Nothing was read');
    return read;
  }

  #read(query: WatchQuery): Promise<Answer<string>> {
    return new Promise((resolve, reject) => {
      query.signal.addEventListener('abort', () => reject(query.signal.reason));
      const settle = (end: () => void): Promise<void> => {
        end();
        return this.clock.advance(0);
      };
      this.reads.push({
        query,
        at: this.clock.now(),
        answer: (value, answer = {}) =>
          settle(() =>
            resolve({ value, index: '10', fetchedAt: this.clock.now(), hasLeader: true, madeBy: '', ...answer }),
          ),
        fail: (code) => settle(() => reject(new CatalogError(code, `Cannot read the text: ${code}`))),
      });
    });
  }
}

const opened: Scripted[] = [];

function start(changes: Partial<WatchOptions<string>> = {}): Scripted {
  const scripted = new Scripted(changes);
  opened.push(scripted);
  return scripted;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ watch }) => watch.close()));
});

describe('a loop of blocking queries', () => {
  test('reads at once, then waits past the index it got', async () => {
    const scripted = start();
    const first = await scripted.read();
    expect(first.query.blocking).toBeUndefined();
    await first.answer('one', { index: '7' });
    expect((await scripted.read()).query.blocking).toEqual({ index: '7', waitMs: 60_000 });
    expect(scripted.watch.current).toMatchObject({ value: 'one', index: '7' });
    expect(scripted.events).toMatchObject([{ isChanged: true, previous: undefined }]);
  });

  test('is held only a moment after it was sent: before, it may be answered for what happened earlier', async () => {
    const scripted = start();
    await scripted.clock.advance(1_000);
    expect(scripted.watch.isHeld).toBe(false);
    await (await scripted.read()).answer('one', { index: '7' });
    await scripted.clock.advance(499);
    expect(scripted.watch.isHeld).toBe(false);
    await scripted.clock.advance(1);
    expect(scripted.watch.isHeld).toBe(true);
    await (await scripted.read()).answer('two', { index: '8' });
    expect(scripted.watch.isHeld).toBe(false);
  });

  test('waits at once when it is told what is known already', async () => {
    const scripted = start({ startIndex: '7' });
    expect((await scripted.read()).query.blocking).toEqual({ index: '7', waitMs: 60_000 });
  });

  test('H001: a higher index with the same content is no change, and the next query waits past it', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await (await scripted.read()).answer('one', { index: '8' });
    expect(scripted.events.at(-1)).toMatchObject({ isChanged: false, isMoved: true });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('8');
  });

  test('H070: starting over breaks the wait off and waits past nothing', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    const waiting = await scripted.read();
    scripted.watch.startOver();
    const anew = await scripted.read();
    expect(waiting.query.signal.aborted).toBe(true);
    expect(anew.query.blocking).toBeUndefined();
    await anew.answer('two', { index: '7' });
    expect(scripted.watch.current).toMatchObject({ value: 'two', index: '7' });
    expect(scripted.failures).toEqual([]);
  });

  test('H070: starting over ends the pause after a refusal', async () => {
    const scripted = start();
    await (await scripted.read()).fail('unknown-token');
    const before = scripted.reads.length;
    scripted.watch.startOver();
    await (await scripted.read()).answer('one');
    expect(scripted.reads.length).toBeGreaterThan(before);
    expect(scripted.watch).toMatchObject({ current: { value: 'one' }, failure: undefined });
  });

  test('H166: other content under the same index is a change', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await scripted.clock.advance(60_000);
    await (await scripted.read()).answer('two', { index: '7' });
    expect(scripted.events.at(-1)).toMatchObject({ isChanged: true, isMoved: false, snapshot: { value: 'two' } });
  });

  test('H002, H026: after a lower index the next query asks for an immediate answer', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '76' });
    await (await scripted.read()).answer('one', { index: '33' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking).toBeUndefined();
    await (await scripted.read()).answer('restored', { index: '33' });
    expect(scripted.watch.current?.value).toBe('restored');
  });

  test('equal content stays the very same value', async () => {
    const scripted = start();
    const read = await scripted.read();
    await read.answer('one', { index: '7' });
    const before = scripted.watch.current?.value;
    await (await scripted.read()).answer('one', { index: '8' });
    expect(scripted.watch.current?.value).toBe(before);
  });

  test('H056: when another kind of backend answers, its index counts, however low', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '100', madeBy: 'blocking-query' });
    await (await scripted.read()).answer('one', { index: '5', madeBy: 'streaming' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('5');
    await (await scripted.read()).answer('one', { index: '4', madeBy: 'streaming' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking).toBeUndefined();
  });
});

describe('how often', () => {
  test('H007, H080: under continuous change one query a second, after a burst of two', async () => {
    const scripted = start();
    for (let index = 1; index <= 30; index += 1) {
      await (await scripted.read()).answer(`text-${index}`, { index: String(index) });
      const before = scripted.reads.length;
      await scripted.clock.advance(1_000);
      expect(scripted.reads.length).toBeLessThanOrEqual(before + 1);
    }
    const gaps = scripted.reads.slice(1).map(({ at }, index) => at - (scripted.reads[index]?.at ?? 0));
    expect(gaps.slice(1).every((gap) => gap >= 1_000)).toBe(true);
  });

  test('A1.1, H007: an endpoint that returns at once with an unchanged index is polled every 5 s', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await (await scripted.read()).answer('one', { index: '7' });
    await scripted.clock.advance(1_000);
    await (await scripted.read()).answer('one', { index: '7' });
    expect(scripted.watch.isTimed).toBe(true);
    const before = scripted.reads.length;
    await scripted.clock.advance(4_999);
    expect(scripted.reads).toHaveLength(before);
    await scripted.clock.advance(1);
    const read = await scripted.read();
    expect(scripted.reads).toHaveLength(before + 1);
    expect(read.query.blocking).toBeUndefined();
  });

  test('and after a minute blocking is tried again', async () => {
    const scripted = start();
    for (let count = 0; count < 3; count += 1) {
      await (await scripted.read()).answer('one', { index: '7' });
      await scripted.clock.advance(1_000);
    }
    for (let count = 0; count < 12; count += 1) {
      await scripted.clock.advance(5_000);
      await (await scripted.read()).answer('one', { index: '7' });
    }
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('7');
  });

  test('H006: without an index it is polled every 5 s, and anything may have changed', async () => {
    const scripted = start();
    for (let count = 1; count <= 5; count += 1) {
      await (await scripted.read()).answer('one', { index: undefined });
      expect(scripted.events.at(-1)).toMatchObject({ isMoved: true });
      expect(scripted.reads).toHaveLength(count);
      await scripted.clock.advance(5_000);
    }
    expect(scripted.reads.every(({ query }) => query.blocking === undefined)).toBe(true);
  });
});

describe('patience', () => {
  test('H012: an answer at 17/16 of the wait, and 10 s of grace, is in time', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await scripted.clock.advance(63_750 + 9_999);
    await (await scripted.read()).answer('one', { index: '7' });
    expect(scripted.failures).toEqual([]);
    expect(scripted.reads).toHaveLength(3);
  });

  test('H013: a query that is never answered is given up, and asked again with the same index', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    const lost = await scripted.read();
    await scripted.clock.advance(63_750 + 10_000);
    expect(lost.query.signal.aborted).toBe(true);
    expect(scripted.failures).toEqual(['timeout']);
    await scripted.clock.advance(200);
    expect(await scripted.read()).not.toBe(lost);
    expect((await scripted.read()).query.blocking?.index).toBe('7');
  });
});

describe('after a failure', () => {
  test('H008: the index stays, and so does what was read', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await (await scripted.read()).fail('server-error');
    expect(scripted.watch.current?.value).toBe('one');
    expect(scripted.watch.failure?.code).toBe('server-error');
    await scripted.clock.advance(15_000);
    expect((await scripted.read()).query.blocking?.index).toBe('7');
  });

  test('H025: after a broken connection the next query asks for an immediate answer, and equal content is no change', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '700' });
    await (await scripted.read()).fail('unreachable');
    await scripted.clock.advance(15_000);
    expect((await scripted.read()).query.blocking).toBeUndefined();
    await (await scripted.read()).answer('one', { index: '5' });
    expect(scripted.events.at(-1)).toMatchObject({ isChanged: false, isRecovery: true });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('5');
  });

  test('H016, H017: without a leader it tries again by the back-off, which starts over after a success', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    // Half of min(15 s, 100 ms * 2^n), for `random` is 0.5 here.
    for (const delayMs of [100, 200, 400, 800, 1_600, 3_200, 6_400, 7_500, 7_500]) {
      await (await scripted.read()).fail('no-leader');
      const before = scripted.reads.length;
      await scripted.clock.advance(delayMs - 1);
      expect(scripted.reads).toHaveLength(before);
      await scripted.clock.advance(1);
      expect(scripted.reads).toHaveLength(before + 1);
    }
    await (await scripted.read()).answer('one', { index: '8' });
    await scripted.clock.advance(1_000);
    await (await scripted.read()).fail('no-leader');
    const before = scripted.reads.length;
    await scripted.clock.advance(100);
    expect(scripted.reads).toHaveLength(before + 1);
  });

  test.each(['unknown-token', 'permission-denied', 'not-found', 'bad-request'] as const)(
    'H018, H023: %s is not asked again for 30 s, and logged once',
    async (code) => {
      const scripted = start();
      for (let count = 1; count <= 4; count += 1) {
        await (await scripted.read()).fail(code);
        await scripted.clock.advance(29_999);
        expect(scripted.reads).toHaveLength(count);
        await scripted.clock.advance(1);
      }
      expect(scripted.log.count('watch failed')).toBe(1);
      await (await scripted.read()).fail('no-leader');
      expect(scripted.log.count('watch failed')).toBe(2);
      await scripted.clock.advance(15_000);
      await (await scripted.read()).answer('one');
      expect(scripted.log.count('watch works again')).toBe(1);
    },
  );

  test('H019: 429 and 503 slow it down to one query in 15 s, until one succeeds', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '7' });
    await (await scripted.read()).fail('rate-limited');
    await scripted.clock.advance(15_000);
    for (let count = 0; count < 3; count += 1) {
      const read = await scripted.read();
      await read.fail('rate-limited');
      await scripted.clock.advance(14_999);
      expect(scripted.reads.at(-1)).toBe(read);
      await scripted.clock.advance(1);
      expect(scripted.reads.at(-1)).not.toBe(read);
    }
    await (await scripted.read()).answer('one', { index: '8' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('8');
  });

  test('an outage ends early when somebody else finds the backend to be back, a refusal does not', async () => {
    const scripted = start({ random: () => 0.99 });
    for (let count = 0; count < 8; count += 1) {
      await (await scripted.read()).fail('unreachable');
      await scripted.clock.advance(15_000);
    }
    await (await scripted.read()).fail('unreachable');
    const before = scripted.reads.length;
    scripted.watch.resume(scripted.clock.now());
    await scripted.read();
    expect(scripted.reads).toHaveLength(before + 1);
    await (await scripted.read()).fail('permission-denied');
    scripted.watch.resume(scripted.clock.now());
    await scripted.clock.advance(1_000);
    expect(scripted.reads).toHaveLength(before + 1);
  });

  test('a wait from before an outage is broken off, for its index may be that of another Consul (H025, H026)', async () => {
    const scripted = start();
    await (await scripted.read()).answer('one', { index: '700' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.blocking?.index).toBe('700');
    scripted.watch.resume(scripted.clock.now());
    const next = await scripted.read();
    expect(next.query.blocking).toBeUndefined();
    await next.answer('two', { index: '12' });
    expect(scripted.events.at(-1)).toMatchObject({ snapshot: { value: 'two', index: '12' }, isRecovery: false });
    expect(scripted.failures).toEqual([]);
  });

  test('a wait that began after an outage goes on, and a pause of a loop that works lasts', async () => {
    const scripted = start();
    const downSince = scripted.clock.now();
    await (await scripted.read()).answer('one', { index: '7' });
    await (await scripted.read()).answer('two', { index: '8' });
    scripted.watch.resume(downSince);
    await scripted.read();
    expect(scripted.reads).toHaveLength(2);
  });
});

describe('H051: consistency', () => {
  test('falls back to stale without a leader, and returns with it', async () => {
    const scripted = start();
    expect((await scripted.read()).query.consistency).toBe('default');
    await (await scripted.read()).fail('no-leader');
    await scripted.clock.advance(15_000);
    expect((await scripted.read()).query.consistency).toBe('stale');
    await (await scripted.read()).answer('one', { hasLeader: false, index: '7' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.consistency).toBe('stale');
    await (await scripted.read()).answer('one', { hasLeader: true, index: '8' });
    await scripted.clock.advance(1_000);
    expect((await scripted.read()).query.consistency).toBe('default');
  });

  test('C176: stays with the leader where stale answers are not wanted', async () => {
    const scripted = start({ mayFallBackToStale: false });
    await (await scripted.read()).fail('no-leader');
    await scripted.clock.advance(15_000);
    expect((await scripted.read()).query.consistency).toBe('default');
  });
});

describe('H078: closing', () => {
  test.each(['while it waits', 'while it backs off', 'before it began'])('ends the loop %s', async (when) => {
    const scripted = start();
    if (when === 'while it waits') await (await scripted.read()).answer('one', { index: '7' });
    if (when === 'while it backs off') await (await scripted.read()).fail('unreachable');
    if (when !== 'before it began') await scripted.clock.advance(0);
    await scripted.watch.close();
    await scripted.watch.close();
    const before = scripted.reads.length;
    await scripted.clock.advance(120_000);
    expect(scripted.reads).toHaveLength(before);
    expect(scripted.clock.sleeping).toBe(0);
  });
});
