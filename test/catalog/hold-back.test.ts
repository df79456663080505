import { expect, test } from 'vitest';
import { HoldBack } from '../../src/catalog/hold-back.js';
import { TestClock } from '../support/test-clock.js';

function create() {
  const clock = new TestClock();
  const seen: string[] = [];
  const ending = new AbortController();
  const holdBack = new HoldBack<number>({
    isSuspect: (next, previous) => next === 0 && previous > 0,
    onAccept: (value, previous) => seen.push(`${previous ?? 'nothing'} -> ${value}`),
    onHold: (isHolding) => seen.push(isHolding ? 'hold' : 'settled'),
    clock,
    signal: ending.signal,
  });
  return { clock, seen, holdBack, ending };
}

test('H054: a suspect value is held back for a minute, then accepted', async () => {
  const { clock, seen, holdBack } = create();
  holdBack.offer(5);
  holdBack.offer(0);
  expect(holdBack.value).toBe(5);
  await clock.advance(59_999);
  expect(holdBack.value).toBe(5);
  await clock.advance(1);
  expect(holdBack.value).toBe(0);
  expect(seen).toEqual(['nothing -> 5', 'hold', 'settled', '5 -> 0']);
});

test('H054: a good value settles the matter at once, and the next suspect one has a minute of its own', async () => {
  const { clock, seen, holdBack } = create();
  holdBack.offer(5);
  holdBack.offer(0);
  await clock.advance(50_000);
  holdBack.offer(6);
  expect(holdBack.value).toBe(6);
  holdBack.offer(0);
  await clock.advance(59_999);
  expect(holdBack.value).toBe(6);
  await clock.advance(1);
  expect(holdBack.value).toBe(0);
  expect(seen).toEqual(['nothing -> 5', 'hold', 'settled', '5 -> 6', 'hold', 'settled', '6 -> 0']);
});

test('the first value is taken as it is', () => {
  const { holdBack } = create();
  holdBack.offer(0);
  expect(holdBack.value).toBe(0);
});

test('when everything ends, nothing is accepted any more', async () => {
  const { clock, holdBack, ending } = create();
  holdBack.offer(5);
  holdBack.offer(0);
  ending.abort();
  await clock.advance(60_000);
  expect(holdBack.value).toBe(5);
  expect(clock.sleeping).toBe(0);
});
