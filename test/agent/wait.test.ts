import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Asker } from '../../src/agent/asker.js';
import { Ledger } from '../../src/agent/ledger.js';
import { type View, waitPast } from '../../src/agent/wait.js';
import { TestClock } from '../support/test-clock.js';

/** Something with an index of its own, which a write moves. */
class Counter {
  readonly ledger = new Ledger();
  readonly clock = new TestClock();
  readonly indexes = new Map<string, number>();
  looks = 0;

  touch(key: string): void {
    this.ledger.write((write) => {
      this.indexes.set(key, write.index);
      write.touch(key);
    });
  }

  wait(
    key: string,
    index: number,
    { waitMs = 60_000, asker = new Asker() } = {},
  ): View<string> | Promise<View<string>> {
    const look = (): View<string> => {
      this.looks += 1;
      const at = this.indexes.get(key) ?? 1;
      return { index: at, wakeOn: [key], value: () => `${key} at ${at}` };
    };
    return waitPast(look, index, { waits: this.ledger.waits, clock: this.clock, waitMs, asker });
  }
}

test('an index that is passed already is answered at once, without a promise', () => {
  const counter = new Counter();
  counter.touch('a');
  expect(counter.wait('a', 10)).toMatchObject({ index: 11 });
  expect(counter.clock.sleeping).toBe(0);
});

test('H139 a wait ends with the write that touches its key, and not before', async () => {
  const counter = new Counter();
  const wait = counter.wait('a', 1);
  counter.touch('b');
  expect(counter.looks).toBe(1);
  counter.touch('a');
  expect(await wait).toMatchObject({ index: 12 });
  expect((await wait).value()).toBe('a at 12');
  expect(counter.ledger.waits.waiting).toBe(0);
});

test('A1.2.5 an index larger than any waits its time out and then answers with what there is', async () => {
  const counter = new Counter();
  const wait = counter.wait('a', 999_999, { waitMs: 2000 });
  counter.touch('a');
  counter.touch('a');
  await counter.clock.advance(1999);
  expect(counter.ledger.waits.waiting).toBe(1);
  await counter.clock.advance(1);
  expect(await wait).toMatchObject({ index: 12 });
  expect(counter.ledger.waits.waiting).toBe(0);
});

test('a client that is gone ends its wait and leaves no timer', async () => {
  const counter = new Counter();
  const asker = new Asker();
  const wait = counter.wait('a', 1, { asker });
  asker.leave();
  expect(await wait).toMatchObject({ index: 1 });
  expect(counter.wait('a', 1, { asker })).toMatchObject({ index: 1 });
  await counter.clock.advance(0);
  expect([counter.ledger.waits.waiting, counter.clock.sleeping]).toEqual([0, 0]);
});

test('an index that falls wakes, because what was waited for is gone', async () => {
  const counter = new Counter();
  counter.touch('a');
  const wait = counter.wait('a', 11);
  counter.ledger.write((write) => {
    counter.indexes.delete('a');
    write.touch('a');
  });
  expect(await wait).toMatchObject({ index: 1 });
});

test('H142 of 2,000 waits one write wakes only those for its key', async () => {
  const counter = new Counter();
  const waits = Array.from({ length: 2000 }, (_, number) => counter.wait(`key-${number % 1000}`, 1));
  counter.looks = 0;
  counter.touch('key-7');
  expect(counter.looks).toBe(2);
  expect(counter.ledger.waits.waiting).toBe(1998);
  await Promise.all([waits[7], waits[1007]]);
});

test('a write that touches nothing moves no index; a write inside a write shares its index and its wake', () => {
  const ledger = new Ledger();
  let wakes = 0;
  ledger.waits.join(['a', 'b'], () => (wakes += 1));
  ledger.write(() => {});
  expect([ledger.index, wakes]).toEqual([10, 0]);
  ledger.write((outer) => {
    outer.touch('a');
    ledger.write((inner) => {
      expect(inner.index).toBe(outer.index);
      inner.touch('b');
    });
    expect(wakes).toBe(0);
  });
  expect([ledger.index, wakes]).toEqual([11, 1]);
});

test('whatever is written in whatever order, a wait sees the first index past its own', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 }),
      fc.integer({ min: 1, max: 30 }),
      async (keys, index) => {
        const counter = new Counter();
        const wait = counter.wait('a', index, { waitMs: 1000 });
        for (const key of keys) counter.touch(key);
        await counter.clock.advance(1000);
        const indexesOfA = keys.flatMap((key, position) => (key === 'a' ? [11 + position] : []));
        const expected = indexesOfA.find((at) => at > index) ?? indexesOfA.at(-1) ?? 1;
        // Already passed when asked: the current one, which was the first.
        expect((await wait).index).toBe(expected);
        expect([counter.ledger.waits.waiting, counter.clock.sleeping]).toEqual([0, 0]);
      },
    ),
  );
});
