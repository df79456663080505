import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../src/clock.js';

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([0, 1, 24 * DAY_MS, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS, 365 * DAY_MS])(
  'an alarm for %d ms rings then and not before, though timers hold 25 days',
  (ms) => {
    let rung = 0;
    systemClock.after(ms, () => (rung += 1));
    vi.advanceTimersByTime(Math.max(0, ms - 1));
    expect(rung).toBe(ms === 0 ? 1 : 0);
    vi.advanceTimersByTime(1);
    expect([rung, vi.getTimerCount()]).toEqual([1, 0]);
  },
);

test('an alarm that is called off never rings, whichever part of its time is running', () => {
  for (const passedMs of [0, 20 * DAY_MS, 30 * DAY_MS]) {
    const cancel = systemClock.after(40 * DAY_MS, () => expect.unreachable());
    vi.advanceTimersByTime(passedMs);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  }
});

test('a sleep ends with its time or with its signal, and leaves no timer', async () => {
  const ending = new AbortController();
  const short = systemClock.sleep(30 * DAY_MS, { signal: ending.signal });
  const long = systemClock.sleep(60 * DAY_MS, { signal: ending.signal });
  await vi.advanceTimersByTimeAsync(30 * DAY_MS);
  await short;
  ending.abort('enough');
  await expect(long).rejects.toBe('enough');
  await expect(systemClock.sleep(1, { signal: ending.signal })).rejects.toBe('enough');
  expect(vi.getTimerCount()).toBe(0);
});
