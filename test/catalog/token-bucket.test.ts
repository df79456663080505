import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenBucket } from '../../src/catalog/token-bucket.js';
import { TestClock } from '../support/test-clock.js';

test('H007: a burst of two, then one a second', async () => {
  const clock = new TestClock();
  const bucket = new TokenBucket({ burst: 2, refillMs: 1_000, clock });
  expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
  expect(bucket.waitMs()).toBe(1_000);
  await clock.advance(999);
  expect(bucket.take()).toBe(false);
  await clock.advance(1);
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
});

test('H019: a slower pace counts from when it is set', async () => {
  const clock = new TestClock();
  const bucket = new TokenBucket({ burst: 2, refillMs: 1_000, clock });
  bucket.take();
  bucket.take();
  bucket.refillMs = 15_000;
  expect(bucket.waitMs()).toBe(15_000);
  await clock.advance(15_000);
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
});

test('setting the same pace again costs nothing of what was saved up', async () => {
  const clock = new TestClock();
  const bucket = new TokenBucket({ burst: 1, refillMs: 1_000, clock });
  bucket.take();
  await clock.advance(600);
  bucket.refillMs = 1_000;
  expect(bucket.waitMs()).toBe(400);
});

test('a clock that is set back neither gives tokens nor takes any', () => {
  let now = 1_000_000;
  const clock = { now: () => now, sleep: async () => {} };
  const bucket = new TokenBucket({ burst: 1, refillMs: 1_000, clock });
  now -= 500_000;
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  now += 1_000;
  expect(bucket.take()).toBe(true);
});

test('in any stretch of time no more is taken than the burst and what came back meanwhile', () => {
  const steps = fc.array(
    fc.record({ passMs: fc.integer({ min: 0, max: 3_000 }), takes: fc.integer({ min: 0, max: 5 }) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 5_000 }), steps, (burst, refillMs, plan) => {
      let now = 0;
      const bucket = new TokenBucket({ burst, refillMs, clock: { now: () => now, sleep: async () => {} } });
      let taken = 0;
      for (const { passMs, takes } of plan) {
        now += passMs;
        for (let count = 0; count < takes; count += 1) if (bucket.take()) taken += 1;
        expect(taken).toBeLessThanOrEqual(burst + now / refillMs + 1e-6);
      }
      now += bucket.waitMs();
      expect(bucket.take()).toBe(true);
    }),
  );
});
