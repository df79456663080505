import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, parseJson } from '../../src/config/json.js';

test('JSON is read', () => {
  expect(parseJson(' {"a": [1, -2.5e3, true, null, "\\u0041\\n"]} ')).toEqual({ a: [1, -2500, true, null, 'A\n'] });
});

describe('a fault is found where it is', () => {
  test.each([
    ['', 'line 1, column 1: expected a value, found the end'],
    ['{', 'line 1, column 2: expected a key in double quotes, found the end'],
    ['{"a": 1,}', 'line 1, column 9: expected a key in double quotes, found "}"'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: expected "," or "}", found "\\""'],
    ['{\n  domain: "x"\n}', 'line 2, column 3: expected a key in double quotes, found "d"'],
    ['{"a" 1}', 'line 1, column 6: expected ":", found "1"'],
    ['{"a":}', 'line 1, column 6: expected a value, found "}"'],
    ["{'a': 1}", 'line 1, column 2: expected a key in double quotes, found "\'"'],
    ['[1, 2', 'line 1, column 6: expected "," or "]", found the end'],
    ['[1,, 2]', 'line 1, column 4: expected a value, found ","'],
    ['{} {}', 'line 1, column 4: expected the end, found "{"'],
    ['// comment\n{}', 'line 1, column 1: expected a value, found "/"'],
    ['{"a": tru}', 'line 1, column 7: expected a value, found "t"'],
    ['{"a": 01}', 'line 1, column 7: expected a value, found "0"'],
    ['["a\nb"]', 'line 1, column 2: expected a value, found "\\""'],
    ['["\\x"]', 'line 1, column 2: expected a value, found "\\""'],
    ['{"é€😀": 1 2}', 'line 1, column 12: expected "," or "}", found "2"'],
    ['['.repeat(100_000), 'line 1, column 501: expected at most 500 levels, found "["'],
  ])('%j', (text, message) => {
    expect(() => parseJson(text)).toThrow(new JsonSyntaxError(message));
  });
});

test('the fault finder objects to whatever JSON.parse objects to', () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', ',', '}', ']', '"', 'x', '\n', '0', '\\'), fc.nat({ max: 2 }))
    .map(([json, at, piece, cut]) => {
      const offset = at % (json.length + 1);
      return json.slice(0, offset) + piece + json.slice(offset + cut);
    });
  fc.assert(
    fc.property(broken, (text) => {
      const native = outcomeOf(() => JSON.parse(text));
      const ours = outcomeOf(() => parseJson(text));
      if (native.error === undefined) expect(ours.value).toEqual(native.value);
      else {
        expect(ours.error).toBeInstanceOf(JsonSyntaxError);
        expect(String(ours.error)).not.toContain('expected JSON');
      }
    }),
    { numRuns: 2000 },
  );
});

function outcomeOf(work: () => unknown): { readonly value?: unknown; readonly error?: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
