import { expect, test } from 'vitest';
import { Outbox } from '../../src/workers/outbox.js';

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('messages of one turn are sent together, in order', async () => {
  const batches: (readonly number[])[] = [];
  const outbox = new Outbox<number>((batch) => batches.push(batch));
  outbox.put(1);
  await Promise.resolve();
  outbox.put(2);
  expect(batches).toEqual([]);
  await turn();
  outbox.put(3);
  await turn();
  expect(batches).toEqual([[1, 2], [3]]);
});

test('flushing sends at once, and nothing twice', async () => {
  const batches: (readonly number[])[] = [];
  const outbox = new Outbox<number>((batch) => batches.push(batch));
  outbox.put(1);
  outbox.flush();
  outbox.flush();
  outbox.put(2);
  await turn();
  expect(batches).toEqual([[1], [2]]);
});
