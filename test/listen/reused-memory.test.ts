import { expect, test } from 'vitest';
import { ReusedMemory } from '../../src/listen/reused-memory.js';

test('gives the same bytes again and again, in every length a reply can have', () => {
  const memory = new ReusedMemory();
  for (const length of [12, 512, 12, 65_535]) expect(memory.bytes(length)).toHaveLength(length);
  memory.bytes(512).fill(7);
  expect(memory.bytes(600).subarray(0, 512)).toEqual(memory.bytes(512));
  expect(memory.bytes(512)).toBe(memory.bytes(512));
});
