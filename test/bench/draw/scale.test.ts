import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bandScale, decadeScale, linearScale, logScaleOf } from './scale.js';

const EXTENT = { start: 350, end: 100 };
const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
const someValues = fc.array(positive, { minLength: 1, maxLength: 20 });

describe.each([
  { name: 'linear', scaleOf: linearScale },
  { name: 'decades', scaleOf: decadeScale },
])('a scale ($name)', ({ scaleOf }) => {
  test('has room for every value between its first and its last tick', () => {
    fc.assert(
      fc.property(someValues, (values) => {
        const { ticks, place } = scaleOf(values, EXTENT);
        const [first, last] = [place(ticks[0] ?? Number.NaN), place(ticks.at(-1) ?? Number.NaN)];
        expect(first).toBeCloseTo(EXTENT.start);
        expect(last).toBeCloseTo(EXTENT.end);
        for (const value of values) {
          expect(place(value)).toBeLessThanOrEqual(EXTENT.start + 1e-6);
          expect(place(value)).toBeGreaterThanOrEqual(EXTENT.end - 1e-6);
        }
      }),
    );
  });
});

test('linear ticks are round numbers, few of them', () => {
  expect(linearScale([134], EXTENT).ticks).toEqual([0, 50, 100, 150]);
  expect(linearScale([0.9], EXTENT).ticks.map((tick) => tick.toFixed(1))).toEqual([
    '0.0',
    '0.2',
    '0.4',
    '0.6',
    '0.8',
    '1.0',
  ]);
  fc.assert(
    fc.property(someValues, (values) => {
      const { ticks } = linearScale(values, EXTENT);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(7);
    }),
  );
});

test('a logarithmic scale gives equal ratios equal distances', () => {
  const { ticks, place } = logScaleOf([100, 1, 10, 10], { start: 0, end: 200 });
  expect(ticks).toEqual([1, 10, 100]);
  expect(ticks.map(place)).toEqual([0, 100, 200]);
});

test('bands stand side by side, each value in the middle of its own', () => {
  const { ticks, place } = bandScale([2, 1, 2], { start: 0, end: 200 });
  expect(ticks.map(place)).toEqual([50, 150]);
});
