import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Writable, writeJson } from '../../../src/agent/json/write.js';

test('what is written says the same as what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      // Writable is wider than JSON.
      expect(JSON.stringify(JSON.parse(writeJson(value as Writable)))).toBe(JSON.stringify(value));
    }),
  );
});

test('H162 four spaces, maps by key, objects in their order, undefined left out, a final newline', () => {
  const map = new Map<string, Writable>([
    ['10', []],
    ['2', {}],
    ['__proto__', new Map()],
  ]);
  expect(writeJson({ b: map, a: [1n, 0.5], left: undefined })).toBe(
    [
      '{',
      '    "b": {',
      '        "10": [],',
      '        "2": {},',
      '        "__proto__": {}',
      '    },',
      '    "a": [',
      '        1,',
      '        0.5',
      '    ]',
      '}',
      '',
    ].join('\n'),
  );
});

test.each([
  ['<&>', '"\\u003c\\u0026\\u003e"'],
  ['\u2028\u2029', '"\\u2028\\u2029"'],
  ['\b\f\n\r\t', '"\\u0008\\u000c\\n\\r\\t"'],
  ['\\b \\u0008 "', '"\\\\b \\\\u0008 \\""'],
  ['\u0000\u001f\u007f', '"\\u0000\\u001f\u007f"'],
  ['é😀', '"é😀"'],
  ['\ud800', '"\\ufffd"'],
])('B2 Go escapes %j', (text, written) => {
  expect(writeJson(text)).toBe(`${written}\n`);
});
