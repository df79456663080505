import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DurationError, formatDuration, parseDurationMs } from '../../src/agent/duration.js';

test.each([
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['250ms', 250],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1h2m3s4ms5us6ns', 3_723_004.005006],
  ['2µs', 0.002],
  ['0', 0],
  ['-1s', -1000],
  ['+1s', 1000],
])('%s is %d ms', (text, ms) => {
  expect(parseDurationMs(text)).toBeCloseTo(ms, 6);
});

test.each([
  ['', 'time: invalid duration ""'],
  ['abc', 'time: invalid duration "abc"'],
  ['5', 'time: missing unit in duration "5"'],
  ['5 s', 'time: unknown unit " s" in duration "5 s"'],
  ['5x', 'time: unknown unit "x" in duration "5x"'],
  ['.s', 'time: invalid duration ".s"'],
  ['-', 'time: invalid duration "-"'],
  ['1s-1s', 'time: unknown unit "s-" in duration "1s-1s"'],
])('%j is refused: %s', (text, message) => {
  expect(() => parseDurationMs(text)).toThrow(new DurationError(message));
});

test.each([
  [0, '0s'],
  [60_000, '1m0s'],
  [5_400_000, '1h30m0s'],
  [1500, '1.5s'],
  [250, '250ms'],
  [0.25, '250µs'],
  [0.00025, '250ns'],
  [-1000, '-1s'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is formatted is parsed to the same time', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (us) => {
      expect(parseDurationMs(formatDuration(us / 1000))).toBeCloseTo(us / 1000, 5);
    }),
  );
});

test('any text is a duration or a DurationError', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.-+nuµmsh x') }), (text) => {
      try {
        expect(parseDurationMs(text)).not.toBeNaN();
      } catch (error) {
        expect(error).toBeInstanceOf(DurationError);
      }
    }),
  );
});
