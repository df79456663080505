import { expect, test } from 'vitest';
import { rereadEveryMs } from '../../src/catalog/reread-pace.js';

test.each([
  { waiting: 0, before: 5, everyMs: 5, why: 'nobody waits' },
  { waiting: 1_000, before: 5, everyMs: 5, why: '200 a second are enough for a thousand' },
  { waiting: 1_001, before: 5, everyMs: 4, why: 'one more would wait longer than five seconds' },
  { waiting: 2_500, before: 5, everyMs: 2, why: '2,500 in five seconds' },
  { waiting: 100_000, before: 5, everyMs: 1, why: 'never more than 1,000 a second' },
  { waiting: 300, before: 2, everyMs: 2, why: 'the last in a long line is to have its turn in time, too' },
  { waiting: 0, before: 1, everyMs: 5, why: 'the line is empty: back to the usual pace' },
])(
  'H047: with $waiting in line and one every $before ms before, $everyMs ms ($why)',
  ({ waiting, before, everyMs }) => {
    expect(rereadEveryMs(waiting, before)).toBe(everyMs);
  },
);
