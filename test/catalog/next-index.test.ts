import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, nextIndex } from '../../src/catalog/next-index.js';

describe('the index to ask with next', () => {
  test.each([
    { previous: undefined, received: '7', next: '7', why: 'the first answer' },
    { previous: '7', received: '7', next: '7', why: 'the wait ran out, nothing changed' },
    { previous: '7', received: '9', next: '9', why: 'something changed' },
    { previous: '7', received: '3', next: undefined, why: 'H002: went backwards, so start over' },
    { previous: '7', received: '0', next: undefined, why: 'H002, H003: 0 counts as 1, which is lower' },
    { previous: undefined, received: '0', next: '1', why: 'H003: 0 would not block' },
    { previous: undefined, received: 'abc', next: '1', why: 'H004: unreadable' },
    { previous: undefined, received: '', next: '1', why: 'H004: empty' },
    { previous: undefined, received: '-1', next: '1', why: 'H004: negative' },
    { previous: undefined, received: '1e3', next: '1', why: 'H004: no plain digits' },
    { previous: '9', received: '10', next: '10', why: 'compared as numbers, not as texts' },
    { previous: undefined, received: '18060646641998215213', next: '18060646641998215213', why: 'H005: beyond 2^53' },
    { previous: '18060646641998215213', received: '18060646641998215214', next: '18060646641998215214', why: 'H005' },
    { previous: undefined, received: '18446744073709551616', next: '1', why: 'H004: beyond 64 bits' },
    { previous: undefined, received: '007', next: '7', why: 'one spelling for one number' },
  ])('after $previous, "$received" leads to $next ($why)', ({ previous, received, next }) => {
    expect(nextIndex(previous, received)).toBe(next);
  });

  test('H005: any 64-bit index comes back digit for digit, unless it fell', () => {
    const index = fc.bigInt({ min: 1n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(index, index, (previous, received) => {
        expect(nextIndex(String(previous), String(received))).toBe(received < previous ? undefined : String(received));
      }),
    );
  });

  test('is never 0, whatever a server sends', () => {
    fc.assert(
      fc.property(fc.string(), (received) => {
        expect(BigInt(nextIndex(undefined, received) ?? '0')).toBeGreaterThan(0n);
      }),
    );
  });
});

test('H017: back-off delays lie in [0, min(15 s, 100 ms * 2^n)]', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, random) => {
        const ms = backoffMs(n, () => random);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.min(15_000, 100 * 2 ** n));
      },
    ),
  );
});

test('H017: back-off uses the whole range', () => {
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.5)).toBe(400);
  expect(backoffMs(30, () => 0.999)).toBeGreaterThan(14_000);
});
