import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HotNames } from '../../src/catalog/hot-names.js';
import { TestClock } from '../support/test-clock.js';

function create(limit: number) {
  const clock = new TestClock();
  const open = new Set<string>();
  let allowed = limit;
  const hotNames = new HotNames({ limit: () => allowed, clock });
  const touch = (name: string): void =>
    hotNames.touch(name, () => {
      if (open.has(name)) throw new Error(`${name} has a watch already`);
      open.add(name);
      return { close: async () => void open.delete(name) };
    });
  return {
    clock,
    open,
    hotNames,
    touch,
    allow: (count: number) => {
      allowed = count;
    },
  };
}

test('H040: there are no more than allowed, and the least recently asked gives way', async () => {
  const { clock, open, touch } = create(2);
  touch('a');
  touch('b');
  touch('c');
  expect([...open]).toEqual(['a', 'b']);
  await clock.advance(10_000);
  touch('a');
  touch('c');
  expect([...open].sort()).toEqual(['a', 'c']);
});

test('a watch that has just begun does not give way: more busy names than places would only take turns', async () => {
  const { clock, open, touch } = create(1);
  touch('a');
  await clock.advance(9_999);
  touch('b');
  expect([...open]).toEqual(['a']);
  await clock.advance(1);
  touch('b');
  expect([...open]).toEqual(['b']);
});

test('names that nobody asked for in five minutes lose their watch', async () => {
  const { clock, open, hotNames, touch } = create(10);
  touch('a');
  touch('b');
  await clock.advance(4 * 60_000);
  touch('b');
  await clock.advance(60_000);
  hotNames.sweep();
  expect([...open]).toEqual(['b']);
});

test('H021: with fewer connections there are fewer watches', () => {
  const { open, hotNames, touch, allow } = create(3);
  for (const name of ['a', 'b', 'c']) touch(name);
  allow(1);
  hotNames.sweep();
  expect([...open]).toEqual(['c']);
  allow(0);
  hotNames.sweep();
  touch('d');
  expect(open.size).toBe(0);
});

test('closing ends them all', async () => {
  const { open, hotNames, touch } = create(3);
  for (const name of ['a', 'b', 'c']) touch(name);
  await hotNames.close();
  expect([open.size, hotNames.size]).toEqual([0, 0]);
});

test('whatever is asked when, there are never more watches than allowed, and none is lost', async () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    passMs: fc.integer({ min: 0, max: 400_000 }),
    drop: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4 }), fc.array(step, { maxLength: 40 }), async (limit, steps) => {
      let now = 0;
      const open = new Set<string>();
      const hotNames = new HotNames({ limit: () => limit, clock: { now: () => now, sleep: async () => {} } });
      for (const { name, passMs, drop } of steps) {
        now += passMs;
        hotNames.sweep();
        if (drop) hotNames.drop(name);
        else {
          hotNames.touch(name, () => {
            open.add(name);
            return { close: async () => void open.delete(name) };
          });
        }
        expect(open.size).toBe(hotNames.size);
        expect(open.size).toBeLessThanOrEqual(limit);
      }
      await hotNames.close();
      expect(open.size).toBe(0);
    }),
    { numRuns: 50 },
  );
});
