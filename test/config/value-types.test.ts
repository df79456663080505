import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ROWS, SETTING_NAMES } from '../../src/config/settings.js';
import {
  boolean,
  choice,
  durationMs,
  integer,
  integerOrAuto,
  list,
  path,
  port,
  text,
  ttlMap,
  ttlSeconds,
  type ValueType,
} from '../../src/config/value-types.js';

const day = durationMs({ min: 0, max: 86_400_000 });

describe('JSON values have exactly the type that Consul wants (C179)', () => {
  const rows: { type: ValueType<unknown>; json: unknown; value: unknown; why: string }[] = [
    { type: day, json: '1m30s', value: 90_000, why: 'a duration is a string' },
    { type: day, json: 30, value: undefined, why: 'a number is no duration' },
    { type: day, json: '30', value: undefined, why: 'a duration has a unit' },
    { type: day, json: '25h', value: undefined, why: 'out of range' },
    { type: day, json: '-1s', value: undefined, why: 'negative' },
    { type: day, json: '1500us', value: 2, why: 'waits are rounded up: 0 would mean something else' },
    { type: ttlSeconds, json: '1500ms', value: 1, why: 'TTLs are cut off (C139)' },
    { type: ttlSeconds, json: '999ms', value: 0, why: 'TTLs are cut off (C139)' },
    { type: boolean, json: true, value: true, why: 'a boolean is a boolean' },
    { type: boolean, json: 'true', value: undefined, why: 'a string is no boolean' },
    { type: boolean, json: 1, value: undefined, why: 'a number is no boolean' },
    { type: port, json: 8600, value: 8600, why: 'a port is a number' },
    { type: port, json: '8600', value: undefined, why: 'a string is no port' },
    { type: port, json: 53.5, value: undefined, why: 'half a port' },
    { type: port, json: 65_536, value: undefined, why: 'out of range' },
    { type: integer({ min: 0, max: 9 }), json: 3, value: 3, why: 'a whole number' },
    { type: integer({ min: 0, max: 9 }), json: -1, value: undefined, why: 'a negative limit' },
    { type: integer({ min: 0, max: 9 }), json: 2.5, value: undefined, why: 'a fraction' },
    { type: integer({ min: 0, max: 9 }), json: '3', value: undefined, why: 'a string is no number' },
    { type: integerOrAuto({ min: 1, max: 9 }), json: 3, value: 3, why: 'a number, where one may be left to us' },
    { type: integerOrAuto({ min: 1, max: 9 }), json: 'auto', value: 'auto', why: 'a number that is left to us' },
    { type: integerOrAuto({ min: 1, max: 9 }), json: 'AUTO', value: undefined, why: 'another word' },
    { type: integerOrAuto({ min: 1, max: 9 }), json: 0, value: undefined, why: 'out of range' },
    { type: list(text), json: ['a', 'b', 'a'], value: ['a', 'b'], why: 'a list, doubles removed' },
    { type: list(text), json: 'a', value: undefined, why: 'a string in place of a list' },
    { type: list(text), json: ['a', 1], value: undefined, why: 'one wrong element' },
    { type: list(text), json: [], value: [], why: 'an empty list' },
    { type: list(text, { words: true }), json: 'a  b', value: ['a', 'b'], why: 'words, where Consul has them' },
    { type: text, json: '', value: undefined, why: 'an empty text' },
    { type: text, json: null, value: undefined, why: 'null' },
    { type: choice(['random', 'sequential']), json: 'random', value: 'random', why: 'a word' },
    { type: choice(['random', 'sequential']), json: 'fair', value: undefined, why: 'another word' },
    {
      type: ttlMap,
      json: { Web: '5s', '*': '0s' },
      value: new Map([
        ['web', 5],
        ['*', 0],
      ]),
      why: 'lower case (D23)',
    },
    { type: ttlMap, json: { web: 5 }, value: undefined, why: 'a number is no duration' },
    { type: ttlMap, json: ['web'], value: undefined, why: 'a list is no map' },
    { type: ttlMap, json: { '': '5s' }, value: undefined, why: 'a name of nothing' },
  ];
  test.each(rows)('$json is $value ($why)', ({ type, json, value }) => {
    expect(type.decode(json)).toEqual(value);
  });
});

describe('text is read', () => {
  const rows: { type: ValueType<unknown>; given: string; value: unknown; why: string }[] = [
    { type: integerOrAuto({ min: 1, max: 9 }), given: '3', value: 3, why: 'a number, where one may be left to us' },
    { type: integerOrAuto({ min: 1, max: 9 }), given: 'auto', value: 'auto', why: 'a number that is left to us' },
    { type: integerOrAuto({ min: 1, max: 9 }), given: '10', value: undefined, why: 'out of range' },
    { type: list(text), given: 'a, b  c,', value: ['a', 'b', 'c'], why: 'commas and spaces separate' },
    { type: list(text), given: ' ,', value: undefined, why: 'a list of nothing' },
    { type: list(path, { whole: true }), given: '/my, dir', value: ['/my, dir'], why: 'a path may hold anything' },
    { type: choice(['error', 'info'], { err: 'error' }), given: 'ERR', value: 'error', why: "Consul's spelling" },
    { type: choice(['error'], { err: 'error' }), given: '__proto__', value: undefined, why: 'what objects inherit' },
    {
      type: ttlMap,
      given: 'web=10s,*=1m',
      value: new Map([
        ['web', 10],
        ['*', 60],
      ]),
      why: 'pairs',
    },
    { type: ttlMap, given: 'a=b=10s', value: new Map([['a=b', 10]]), why: 'the last = separates' },
    { type: ttlMap, given: 'web', value: undefined, why: 'no TTL' },
    { type: ttlMap, given: '=5s', value: undefined, why: 'no name' },
  ];
  test.each(rows)('"$given" is $value ($why)', ({ type, given, value }) => {
    expect(type.parse(given)).toEqual(value);
  });
});

test('several mentions of a list or a map add up, of anything else the last counts', () => {
  expect(list(text).merge(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c']);
  expect(
    ttlMap.merge(
      new Map([['a', 1]]),
      new Map([
        ['a', 2],
        ['b', 3],
      ]),
    ),
  ).toEqual(
    new Map([
      ['a', 2],
      ['b', 3],
    ]),
  );
  expect(port.merge(1, 2)).toBe(2);
});

describe('what any setting writes, it reads as the same value', () => {
  test.each(SETTING_NAMES)('%s', (name) => {
    const type: ValueType<unknown> = ROWS[name].type;
    const given = fc.oneof(
      fc.string(),
      fc.integer({ min: -5, max: 100_000 }).map(String),
      fc.integer({ min: 0, max: 10 ** 8 }).map((ms) => `${ms}ms`),
      fc.ipV4(),
      fc.ipV6(),
      fc.domain(),
      fc.webUrl(),
      fc.constantFrom(
        'true',
        'F',
        'web=5s,*=1h',
        '10.0.0.0/8 any',
        'stale',
        'random',
        'nodes',
        'info',
        'u:p',
        '[::1]:53',
      ),
    );
    fc.assert(
      fc.property(given, (written) => {
        const value = type.parse(written);
        if (value !== undefined) expect(type.parse(type.format(value))).toEqual(value);
      }),
    );
  });

  test.each(SETTING_NAMES)('%s by default', (name) => {
    const type: ValueType<unknown> = ROWS[name].type;
    const { fallback } = ROWS[name];
    const written = fallback === undefined ? '' : type.format(fallback);
    if (written !== '') expect(type.parse(written)).toEqual(fallback);
  });
});

test('every setting has a flag, a variable and a help of its own', () => {
  const variables = SETTING_NAMES.flatMap((name) => ROWS[name].env);
  expect(new Set(variables).size).toBe(variables.length);
  const helps = SETTING_NAMES.map((name) => ROWS[name].help);
  expect(new Set(helps).size).toBe(helps.length);
  for (const name of SETTING_NAMES) {
    expect(ROWS[name].flag).toMatch(/^--[a-z][a-z-]+$/);
    expect(ROWS[name].env[0]).toMatch(/^CONSUL_DNSD_[A-Z_]+$/);
  }
});
