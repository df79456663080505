import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, readFirstJson, readJson } from '../../../src/agent/json/read.js';
import { JsonNumber, type JsonValue } from '../../../src/agent/json/value.js';

/** What JSON.parse would have made of it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.literal);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, field]) => [key, plain(field)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('reading JSON', () => {
  test('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(plain(readJson(text)))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('any text is read exactly when JSON.parse reads it, or refused with a JsonSyntaxError', () => {
    const nearJson = fc.string({ unit: fc.constantFrom(...'{}[]",:0123.eE+-truefalsn \\u"') });
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearJson), (text) => {
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          expect(() => readJson(text)).toThrow(JsonSyntaxError);
          return;
        }
        expect(JSON.stringify(plain(readJson(text)))).toBe(JSON.stringify(parsed));
      }),
      { numRuns: 2000 },
    );
  });

  test('numbers keep their spelling: Go tells 1 from 1.0, and reads 64 bits', () => {
    expect(readJson('[1, 1.0, 1e3, 18446744073709551615]')).toEqual(
      ['1', '1.0', '1e3', '18446744073709551615'].map((literal) => new JsonNumber(literal)),
    );
  });

  test('B2 the later of two equal keys wins, and stands where it was written', () => {
    expect([...(readJson('{"a":"1","b":"2","a":"3"}') as Map<string, JsonValue>)]).toEqual([
      ['b', '2'],
      ['a', '3'],
    ]);
  });

  test('B2 what follows the first value is left unread, except in files', () => {
    expect(readFirstJson('true trailing')).toBe(true);
    expect(() => readJson('true trailing')).toThrow("invalid character 't' after top-level value");
  });

  test.each([
    ['', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['tru', 'unexpected end of JSON input'],
    ['"\\u12', 'unexpected end of JSON input'],
    ['-', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['-x', "invalid character 'x' in numeric literal"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['\u0001', "invalid character '\\x01' looking for beginning of value"],
  ])('%j: %s', (text, message) => {
    expect(() => readJson(text)).toThrow(message);
  });

  test('nesting beyond any use is refused, not a stack overflow', () => {
    expect(() => readJson('['.repeat(1_000_000))).toThrow('exceeded max depth');
  });
});
