import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatDuration,
  parseBoolean,
  parseDomain,
  parseDuration,
  parseInteger,
  parsePort,
} from '../../src/config/parse.js';

describe('durations are Go durations (C179)', () => {
  test.each([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['87600h', 315_360_000_000],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['1.1s', 1_100],
    ['.5s', 500],
    ['1.s', 1_000],
    ['1s1s', 2_000],
    ['1500us', 1.5],
    ['1µs', 0.001],
    ['1μs', 0.001],
    ['1ns', 1e-6],
    ['+5s', 5_000],
    ['-5s', -5_000],
    ['0', 0],
    ['-0', 0],
    ['0s', 0],
  ])('"%s" is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '5', '5 s', 's', '.s', '1', 'abc', '1d', '--5s', '1s5', '1,5s', '2562048h', ' 5s', '1S'])(
    '"%s" is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test.each([
    [0, '0s'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [1_500, '1s500ms'],
    [-5_000, '-5s'],
  ])('%d ms are written "%s"', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('what is written is read as the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  test('any text is a duration or none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseDuration(text);
        expect(ms === undefined || Number.isFinite(ms)).toBe(true);
      }),
    );
  });
});

describe("booleans have Go's spellings (H067)", () => {
  test.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('"%s" is true', (text) => {
    expect(parseBoolean(text)).toBe(true);
  });
  test.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('"%s" is false', (text) => {
    expect(parseBoolean(text)).toBe(false);
  });
  test.each(['maybe', 'yes', 'on', 'tRUE', '', ' true', '2'])('"%s" is neither', (text) => {
    expect(parseBoolean(text)).toBeUndefined();
  });
});

test.each([
  ['0', 0],
  ['-0', 0],
  ['+7', 7],
  ['-1', -1],
  ['1.5', undefined],
  ['1e3', undefined],
  ['0x10', undefined],
  ['9007199254740993', undefined],
  ['', undefined],
])('the whole number in "%s" is %s', (text, value) => {
  expect(parseInteger(text)).toBe(value);
});

test.each([
  ['0', 0],
  ['65535', 65_535],
  ['65536', undefined],
  ['-1', undefined],
  ['dns', undefined],
])('the port in "%s" is %s', (text, port) => {
  expect(parsePort(text)).toBe(port);
});

test.each([
  ['consul', 'consul.', 'made absolute'],
  ['consul.', 'consul.', 'a trailing dot is harmless (C026)'],
  ['Svc.Example.NET', 'svc.example.net.', 'lower case (C026)'],
  ['my_zone.x', 'my_zone.x.', 'underscores occur'],
  ['.', undefined, 'the root would make answers unencodable'],
  ['', undefined, 'nothing'],
  ['a..b', undefined, 'an empty label'],
  ['.consul', undefined, 'an empty first label'],
  ['a b', undefined, 'a space'],
  [`${'x'.repeat(64)}.x`, undefined, 'a label above 63'],
  [Array(5).fill('x'.repeat(60)).join('.'), undefined, 'a name above 253'],
])('the zone in "%s" is %s (%s)', (text, domain, _why) => {
  expect(parseDomain(text)).toBe(domain);
});
