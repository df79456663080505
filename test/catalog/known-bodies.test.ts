import { expect, test } from 'vitest';
import { KnownBodies } from '../../src/catalog/known-bodies.js';

/** Decodes a list of numbers; what stands behind a `#` means nothing. */
function createBodies() {
  const bodies = new KnownBodies();
  let decoded = 0;
  const read = (text: string, known?: readonly number[]): Promise<readonly number[]> =>
    bodies.decode(Buffer.from(text), known, async () => {
      decoded += 1;
      return text.replace(/#.*/, '').split(',').map(Number);
    });
  return { read, count: () => decoded };
}

test('the same bytes are decoded once, and give the very same value', async () => {
  const { read, count } = createBodies();
  const known = await read('1,2');
  expect(await read('1,2', known)).toBe(known);
  expect(count()).toBe(1);
});

test('other bytes that say the same give the very same value, and are known from then on', async () => {
  const { read, count } = createBodies();
  const known = await read('1,2#a');
  expect(await read('1,2#b', known)).toBe(known);
  expect(await read('1,2#b', known)).toBe(known);
  expect(count()).toBe(2);
});

test('bytes that say something else give another value', async () => {
  const { read } = createBodies();
  const known = await read('1,2');
  expect(await read('1,3', known)).toEqual([1, 3]);
  expect(await read('1,2', known)).toBe(known);
});

test('bytes of before are decoded again when another value has taken the place of theirs', async () => {
  const { read } = createBodies();
  await read('1,2');
  const known = await read('1,3');
  expect(await read('1,2', known)).toEqual([1, 2]);
});

test('a value of unknown origin is compared with what the bytes say', async () => {
  const { read } = createBodies();
  const known = Object.freeze([1, 2]);
  expect(await read('1,2', known)).toBe(known);
  expect(await read('1,4', known)).toEqual([1, 4]);
});
