import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonSlices } from '../../src/catalog/json-slices.js';

async function slicesOf(text: string): Promise<unknown[]> {
  const slices: unknown[] = [];
  for await (const slice of jsonSlices(Buffer.from(text))) slices.push(slice);
  return slices;
}

/** Long enough for several slices. */
const padding = 'x'.repeat(50_000);

test('a short text comes in one piece', async () => {
  expect(await slicesOf('[1, {"a": null}]')).toEqual([[1, { a: null }]]);
  expect(await slicesOf('null')).toEqual([null]);
});

test('a long list comes in several lists, a long object in several objects, nothing lost', async () => {
  const list = Array.from({ length: 5_000 }, (_unused, index) => ({ index, text: '],[{}"\\' }));
  const lists = await slicesOf(JSON.stringify(list));
  expect(lists.length).toBeGreaterThan(2);
  expect(lists.flat()).toEqual(list);

  const object = Object.fromEntries(list.map((item) => [`name-${item.index}`, [item.text]]));
  const objects = await slicesOf(JSON.stringify(object, undefined, 4));
  expect(objects.length).toBeGreaterThan(2);
  expect(Object.assign({}, ...(objects as object[]))).toEqual(object);
});

test('the event loop turns between slices', async () => {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_unused, index) => `item-${index}`));
  let turns = 0;
  let isReading = true;
  const count = (): void => {
    turns += 1;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  const slices = await slicesOf(text);
  isReading = false;
  expect(slices.length).toBeGreaterThan(3);
  expect(turns).toBeGreaterThanOrEqual(slices.length - 1);
});

test.each([
  { name: 'cut off inside an element', text: `["${padding}", "${padding}", "cut` },
  { name: 'cut off after an element', text: `["${padding}", "${padding}"` },
  { name: 'closed by the wrong bracket', text: `["${padding}", "${padding}"}` },
  { name: 'with something behind', text: `["${padding}", "${padding}"] and more` },
  { name: 'with a broken element', text: `["${padding}", "${padding}", {a: 1}]` },
  { name: 'with an unclosed element', text: `["${padding}", "${padding}", {"a": [1]` },
  { name: 'short and broken', text: '[1,' },
  { name: 'empty', text: '' },
])('H024: a text $name is a SyntaxError', async ({ text }) => {
  await expect(slicesOf(text)).rejects.toThrow(SyntaxError);
});

test('whatever the list, the slices hold what JSON.parse finds', async () => {
  const element = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc.string().map((text) => JSON.stringify(text)),
  );
  const spaces = fc.constantFrom('', ' ', '\n\t ');
  await fc.assert(
    fc.asyncProperty(fc.array(element, { maxLength: 20 }), spaces, async (elements, space) => {
      const long = elements.flatMap((text) => [text, JSON.stringify(padding.slice(0, 20_000))]);
      const text = `${space}[${long.join(`${space},`)}${space}]${space}`;
      expect((await slicesOf(text)).flat(1)).toEqual((JSON.parse(text) as unknown[]).flat(0));
    }),
    { numRuns: 50 },
  );
});
