import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameContent } from '../../src/catalog/same-content.js';

test.each<{ one: unknown; other: unknown; same: boolean; why: string }>([
  { one: { a: 1, b: [] }, other: { b: [], a: 1 }, same: true, why: 'key order says nothing' },
  { one: { a: undefined }, other: {}, same: false, why: 'one key more' },
  { one: [], other: {}, same: false, why: 'a list is no record' },
  { one: { a: undefined }, other: { b: undefined }, same: false, why: 'other keys, same values' },
  { one: ['a', 'b'], other: ['b', 'a'], same: false, why: 'lists have an order' },
  { one: null, other: {}, same: false, why: 'null is no record' },
  { one: { toString: 1 }, other: {}, same: false, why: 'inherited keys do not count' },
])('$why', ({ one, other, same }) => {
  expect(sameContent(one, other)).toBe(same);
  expect(sameContent(other, one)).toBe(same);
});

test('agrees with isDeepStrictEqual on plain data', () => {
  const data = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(data, data, (one, other) => {
      expect(sameContent(one, other)).toBe(isDeepStrictEqual(one, other));
      expect(sameContent(one, structuredClone(one))).toBe(true);
    }),
  );
});
