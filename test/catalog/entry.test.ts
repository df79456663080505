import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/catalog/answer.js';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import { Entry } from '../../src/catalog/entry.js';

const T = 1_000_000_000;

function answer(value: string): Answer<string> {
  return { value, index: '7', fetchedAt: T, hasLeader: true, madeBy: '' };
}

function create({ isVouchable = true, isListed = false, random = 0 } = {}): Entry<string> {
  const source = {
    key: 'service/dc1/web',
    what: 'service "web"',
    isVouchable,
    isListed: () => isListed,
    read: async () => answer('x'),
  };
  return new Entry(source, () => random);
}

describe('freshness', () => {
  test.each([
    { passedMs: 0, isVouching: true, freshness: 'fresh' },
    { passedMs: 59_999, isVouching: true, freshness: 'fresh' },
    { passedMs: 60_000, isVouching: true, freshness: 'recent' },
    { passedMs: 61_000, isVouching: true, freshness: 'due' },
    { passedMs: 4_999, isVouching: false, freshness: 'fresh' },
    { passedMs: 5_000, isVouching: false, freshness: 'recent' },
    { passedMs: 6_000, isVouching: false, freshness: 'due' },
  ] as const)(
    '$passedMs ms after a read, vouched for: $isVouching, an entry is $freshness',
    ({ passedMs, isVouching, freshness }) => {
      const entry = create();
      entry.accept(answer('one'), { marks: 0, now: T });
      expect(entry.freshness(T + passedMs, isVouching)).toBe(freshness);
    },
  );

  test('H050: an entry is reconciled after 60 to 70 s, each at a time of its own', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const entry = create({ random });
        entry.accept(answer('one'), { marks: 0, now: T });
        expect(entry.freshness(T + 59_999, true)).toBe('fresh');
        expect(entry.freshness(T + 71_000, true)).toBe('due');
      }),
    );
    const late = create({ random: 0.99 });
    late.accept(answer('one'), { marks: 0, now: T });
    expect(late.freshness(T + 69_000, true)).toBe('fresh');
  });

  test('what the aggregates know nothing of is good for 5 s, whatever they vouch for', () => {
    const entry = create({ isVouchable: false });
    entry.accept(answer('one'), { marks: 0, now: T });
    expect(entry.freshness(T + 6_000, true)).toBe('due');
    expect(entry.goodUntil(T + 30_000)).toBe(T);
  });

  test('a mark makes it recent for a second, then due', () => {
    const entry = create();
    entry.accept(answer('one'), { marks: 0, now: T });
    entry.mark(T + 100);
    expect(entry.freshness(T + 100, true)).toBe('recent');
    expect(entry.freshness(T + 1_099, true)).toBe('recent');
    entry.mark(T + 1_000);
    expect(entry.freshness(T + 1_100, true)).toBe('due');
    expect(entry.dueForMs(T + 1_100, true)).toBe(1_000);
  });
});

test('H046: a mark that came while a read was under way stays', () => {
  const entry = create();
  const { marks } = entry;
  entry.mark(T + 50);
  entry.accept(answer('one'), { marks, now: T + 100 });
  expect(entry.isDirty).toBe(true);
  entry.accept(answer('one'), { marks: entry.marks, now: T + 200 });
  expect(entry.isDirty).toBe(false);
});

test('after any sequence of marks and reads an entry is dirty exactly when a mark came after its last read was sent', () => {
  const step = fc.constantFrom('mark', 'send', 'receive');
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const entry = create();
      const sent: number[] = [];
      let lastMarkAt = -1;
      let lastReadSentAt = -1;
      const sentAt: number[] = [];
      for (const [at, what] of steps.entries()) {
        if (what === 'mark') {
          entry.mark(T + at);
          lastMarkAt = at;
        } else if (what === 'send') {
          sent.push(entry.marks);
          sentAt.push(at);
        } else {
          const marks = sent.shift();
          if (marks === undefined) continue;
          entry.accept(answer('x'), { marks, now: T + at });
          lastReadSentAt = sentAt.shift() ?? -1;
        }
      }
      expect(entry.isDirty).toBe(lastMarkAt > lastReadSentAt);
    }),
  );
});

test('good until the aggregates fell silent, or until something spoke of a change', () => {
  const entry = create();
  entry.accept(answer('one'), { marks: 0, now: T });
  expect(entry.goodUntil(T + 30_000)).toBe(T + 30_000);
  expect(entry.goodUntil(0)).toBe(T);
  entry.mark(T + 10_000);
  expect(entry.goodUntil(T + 30_000)).toBe(T + 10_000);
});

test('H017: after failures it waits longer and longer, until a read succeeds or something speaks of a change', () => {
  const entry = create();
  const error = new CatalogError('server-error', 'Cannot read service "web"');
  const fail = (now: number) => entry.fail(error, { now, random: () => 0.5 });
  fail(T);
  expect([entry.mayRetry(T + 99), entry.mayRetry(T + 100)]).toEqual([false, true]);
  fail(T);
  expect([entry.mayRetry(T + 199), entry.mayRetry(T + 200)]).toEqual([false, true]);
  entry.mark(T);
  expect(entry.mayRetry(T)).toBe(true);
  fail(T);
  entry.accept(answer('one'), { marks: entry.marks, now: T });
  expect([entry.failure, entry.mayRetry(T)]).toEqual([undefined, true]);
});

test('H054: an answer without rows is doubted for a minute, if something else says that there are rows', () => {
  const entry = create({ isListed: true });
  entry.accept(answer('one'), { marks: 0, now: T });
  expect(entry.doubtsEmptiness(T)).toBe(true);
  expect(entry.doubtsEmptiness(T + 59_999)).toBe(true);
  expect(entry.doubtsEmptiness(T + 60_000)).toBe(false);
  entry.believe();
  expect(entry.doubtsEmptiness(T + 70_000)).toBe(true);
  expect(create({ isListed: false }).doubtsEmptiness(T)).toBe(false);
});
