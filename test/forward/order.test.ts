import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecursorHealth } from '../../src/forward/health.js';
import { recursorOrder } from '../../src/forward/order.js';
import { formatRecursor, type Recursor } from '../../src/forward/recursor.js';

const [first, second, third] = [1, 2, 3].map((last) => ({ host: `192.0.2.${last}`, port: 53 })) as [
  Recursor,
  Recursor,
  Recursor,
];
const all = [first, second, third];

/** Health after these exchanges, each the part of the timeout it took. */
function healthAfter(...exchanges: readonly (readonly [Recursor, ...number[]])[]): RecursorHealth {
  const health = new RecursorHealth();
  for (const [recursor, ...shares] of exchanges) for (const share of shares) health.finished(recursor, share);
  return health;
}

describe('a recursor', () => {
  test.each([
    { shares: [], failing: false, why: 'nothing known yet' },
    { shares: [0.01, 1, 1], failing: false, why: 'two packets may get lost' },
    { shares: [0.01, 1, 1, 1], failing: true, why: 'three in a row are no accident' },
    { shares: [1, 1, 1], failing: true, why: 'it never answered' },
    { shares: [1, 1, 0.01, 1, 0.01, 1, 0.01], failing: false, why: 'every other query got an answer' },
    { shares: [1, 1, 1, 1, 1, 1, 0.01, 0.01, 0.01], failing: false, why: 'it is back' },
    { shares: Array(20).fill(0.9), failing: true, why: 'answers come when clients have given up' },
    { shares: Array(20).fill(5), failing: true, why: 'TCP took longer than the timeout: counts as 1' },
  ])('that took $shares of the timeout is failing: $failing ($why)', ({ shares, failing }) => {
    expect(healthAfter([first, ...shares]).isFailing(first)).toBe(failing);
  });

  test('that fails is due for another question once a second', () => {
    const health = new RecursorHealth();
    health.asked(first, 10_000);
    expect([10_000, 10_999, 11_000].map((nowMs) => health.isDue(first, nowMs))).toEqual([false, false, true]);
  });

  test('is forgotten when it is configured no more', () => {
    const health = healthAfter([first, 1, 1, 1], [second, 1, 1, 1]);
    health.keepOnly([second]);
    expect([first, second].map((recursor) => health.score(recursor))).toEqual([0, expect.closeTo(0.578, 3)]);
  });
});

describe('strategy sequential', () => {
  const order = (health: RecursorHealth): readonly Recursor[] =>
    recursorOrder(all, 'sequential', { health, random: () => 0 });

  test('keeps the configured order, whoever is faster', () => {
    expect(order(healthAfter([first, 0.4, 0.4], [second, 0.1], [third, 0.01]))).toEqual([first, second, third]);
  });

  test('puts failing recursors last, the least failing of them first (D13)', () => {
    const health = healthAfter([first, 1, 1, 1, 1, 1, 1], [second, 1, 1, 1]);
    expect(order(health)).toEqual([third, second, first]);
  });
});

describe('strategy random (C170)', () => {
  test('gives every permutation about equally often', () => {
    const counts = new Map<string, number>();
    const health = new RecursorHealth();
    const random = seededRandom(7);
    for (let round = 0; round < 6_000; round += 1) {
      const key = recursorOrder(all, 'random', { health, random }).map(formatRecursor).join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(count).toBeGreaterThan(850);
  });

  test('puts failing recursors last all the same', () => {
    const health = healthAfter([second, 1, 1, 1]);
    const random = seededRandom(11);
    for (let round = 0; round < 100; round += 1) {
      expect(recursorOrder(all, 'random', { health, random }).at(-1)).toEqual(second);
    }
  });
});

test('every order holds each recursor once and none that works behind one that fails', () => {
  const shares = fc.array(fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 8 }), { maxLength: 8 });
  fc.assert(
    fc.property(shares, fc.constantFrom('sequential', 'random'), fc.integer(), (history, strategy, seed) => {
      const recursors = history.map((_, index) => ({ host: `192.0.2.${index}`, port: 53 }));
      const health = healthAfter(...history.map((shares, index) => [recursors[index]!, ...shares] as const)); // as long
      const order = recursorOrder(recursors, strategy, { health, random: seededRandom(seed) });
      expect([...order].sort(byName)).toEqual([...recursors].sort(byName));
      const failing = order.map((recursor) => health.isFailing(recursor));
      expect(failing).toEqual([...failing].sort());
    }),
  );
});

test.each([
  { recursor: { host: '192.0.2.1', port: 53 }, text: '192.0.2.1:53' },
  { recursor: { host: '2001:db8::1', port: 5353 }, text: '[2001:db8::1]:5353' },
])('a recursor is written as $text', ({ recursor, text }) => {
  expect(formatRecursor(recursor)).toBe(text);
});

function byName(a: Recursor, b: Recursor): number {
  return formatRecursor(a).localeCompare(formatRecursor(b));
}

/** The mulberry32 generator: the same numbers in every run. */
function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
