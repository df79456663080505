import { expect, test } from 'vitest';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import { Confidence } from '../../src/catalog/confidence.js';
import { TestClock } from '../support/test-clock.js';

const outage = new CatalogError('unreachable', 'Cannot reach the backend');

function create() {
  const clock = new TestClock(1_000_000);
  const calls: string[] = [];
  const confidence = new Confidence({ clock, onTurn: () => calls.push('turn'), onBack: () => calls.push('back') });
  return { clock, calls, confidence };
}

test('is cut off when the backend fails while nothing vouches, and tells of each turn once', () => {
  const { calls, confidence } = create();
  confidence.isVouching = true;
  expect(calls).toEqual(['turn']);
  confidence.failed(outage);
  expect(confidence.isCutOff).toBe(false);
  expect(calls).toEqual(['turn']);
  confidence.isVouching = false;
  confidence.failed(outage);
  expect(confidence.isCutOff).toBe(true);
  expect(calls).toEqual(['turn', 'turn']);
  confidence.succeeded();
  confidence.succeeded();
  expect(confidence.isCutOff).toBe(false);
  expect(calls).toEqual(['turn', 'turn', 'turn', 'back']);
});

test('remembers until when changes were told of', async () => {
  const { clock, confidence } = create();
  expect(confidence.vouchedUntil).toBe(0);
  confidence.isVouching = true;
  await clock.advance(5_000);
  expect(confidence.vouchedUntil).toBe(1_005_000);
  confidence.isVouching = false;
  await clock.advance(5_000);
  expect(confidence.vouchedUntil).toBe(1_005_000);
});

test('D20: while the backend is down one read in a second may try it, the others fail at once', async () => {
  const { clock, confidence } = create();
  expect([confidence.mayRead(), confidence.mayRead()]).toEqual([true, true]);
  confidence.failed(outage);
  await clock.advance(999);
  expect(confidence.mayRead()).toBe(false);
  await clock.advance(1);
  expect([confidence.mayRead(), confidence.mayRead()]).toEqual([true, false]);
  confidence.succeeded();
  expect([confidence.mayRead(), confidence.mayRead()]).toEqual([true, true]);
});
