import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameSplitter } from '../../src/listen/frame.js';

/** Messages, most of them short, and where to cut the stream made of them. */
const streams = fc.record({
  messages: fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 3_000 })), {
    maxLength: 12,
  }),
  chunkSizes: fc.array(fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 2_000 })), { minLength: 1, maxLength: 20 }),
});

function chunksOf(stream: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    // A whole round of empty chunks would never end.
    const size = Math.max(sizes[turn % sizes.length] ?? 1, turn % sizes.length === 0 ? 1 : 0);
    chunks.push(stream.slice(at, at + size));
    at += size;
  }
  return chunks;
}

function takeAll(splitter: FrameSplitter): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let message = splitter.next(); message !== undefined; message = splitter.next()) taken.push(message);
  return taken;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('FrameSplitter', () => {
  test('gives the messages of a stream, however it was chopped up', () => {
    fc.assert(
      fc.property(streams, ({ messages, chunkSizes }) => {
        const splitter = new FrameSplitter();
        const taken: Uint8Array[] = [];
        for (const chunk of chunksOf(Buffer.concat(messages.map(encodeFrame)), chunkSizes)) {
          splitter.push(chunk);
          taken.push(...takeAll(splitter));
        }
        // Compared only now: what was given out must not change with what came later.
        expect(taken.map((message) => [...message])).toEqual(
          messages.filter(({ length }) => length > 0).map((message) => [...message]),
        );
        expect(splitter.hasLeftover).toBe(false);
      }),
    );
  });

  test('gives the same messages when they are taken only at the end', () => {
    fc.assert(
      fc.property(streams, ({ messages, chunkSizes }) => {
        const splitter = new FrameSplitter();
        for (const chunk of chunksOf(Buffer.concat(messages.map(encodeFrame)), chunkSizes)) splitter.push(chunk);
        expect(takeAll(splitter).map((message) => [...message])).toEqual(
          messages.filter(({ length }) => length > 0).map((message) => [...message]),
        );
      }),
    );
  });

  test('passes over messages of no length (C021)', () => {
    const splitter = new FrameSplitter();
    splitter.push(bytes(0, 0, 0, 0, 0, 2, 7, 8, 0, 0));
    expect(takeAll(splitter)).toEqual([bytes(7, 8)]);
    expect(splitter.hasLeftover).toBe(false);
  });

  test.each([
    { pushed: bytes(0), why: 'half a length' },
    { pushed: bytes(0, 3), why: 'a length' },
    { pushed: bytes(0, 3, 1, 2), why: 'a message without its end' },
  ])('has a leftover after $why', ({ pushed }) => {
    const splitter = new FrameSplitter();
    splitter.push(pushed);
    expect(splitter.next()).toBeUndefined();
    expect(splitter.hasLeftover).toBe(true);
  });

  test('takes the longest message there is, byte by byte', () => {
    const message = Uint8Array.from({ length: 65_535 }, (_, at) => at & 0xff);
    const splitter = new FrameSplitter();
    const taken: Uint8Array[] = [];
    for (const byte of encodeFrame(message)) {
      splitter.push(bytes(byte));
      taken.push(...takeAll(splitter));
    }
    expect(taken).toHaveLength(1);
    expect(Buffer.compare(taken[0] ?? bytes(), message)).toBe(0);
  });

  test('never writes into a chunk it was given', () => {
    const splitter = new FrameSplitter();
    const chunk = bytes(0, 4, 1, 2);
    const backing = new Uint8Array(16);
    backing.set(chunk);
    splitter.push(backing.subarray(0, 4));
    splitter.push(bytes(3, 4));
    expect(takeAll(splitter)).toEqual([bytes(1, 2, 3, 4)]);
    expect(backing).toEqual(Uint8Array.from([...chunk, ...new Array(12).fill(0)]));
  });
});

test('a message too long for its length field has no frame', () => {
  expect(() => encodeFrame(new Uint8Array(65_536))).toThrow(RangeError);
});
