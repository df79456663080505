import { describe, expect, test } from 'vitest';
import { CatalogFeed } from '../../src/workers/catalog-feed.js';
import { VersionedCatalog } from './versioned-catalog.js';

describe('what has moved since a position', () => {
  test('is what was announced after it, and nothing else', () => {
    const catalog = new VersionedCatalog();
    const feed = new CatalogFeed(catalog);
    catalog.change('a');
    const since = feed.position;
    expect(feed.hasMoved(['a', 'b'], since)).toBe(false);
    catalog.change('b');
    expect(feed.hasMoved(['a'], since)).toBe(false);
    expect(feed.hasMoved(['a', 'b'], since)).toBe(true);
    expect(feed.hasMoved(['a', 'b'], feed.position)).toBe(false);
  });

  test('is everything once so much was announced that it is not all remembered', () => {
    const catalog = new VersionedCatalog();
    const feed = new CatalogFeed(catalog);
    const start = feed.position;
    for (let entry = 0; entry < 10_000; entry += 1) catalog.change(`entry-${entry}`);
    expect(feed.hasMoved(['other'], start)).toBe(false);
    catalog.change('one-more');
    expect(feed.hasMoved(['other'], start)).toBe(true);
    expect(feed.hasMoved(['other'], start + 1)).toBe(false);
  });

  test('is everything once the catalog was replaced', () => {
    const feed = new CatalogFeed(new VersionedCatalog());
    const since = feed.position;
    feed.use(new VersionedCatalog());
    expect(feed.wasReplaced(since)).toBe(true);
    expect(feed.hasMoved(['any'], since)).toBe(true);
    expect(feed.hasMoved(['any'], feed.position)).toBe(false);
  });
});

test('the catalog that is in use already replaces nothing', () => {
  const catalog = new VersionedCatalog();
  const feed = new CatalogFeed(catalog);
  let replaced = 0;
  feed.subscribe({ onChange: () => undefined, onReplaced: () => (replaced += 1) });
  feed.use(catalog);
  expect(replaced).toBe(0);
  feed.use(new VersionedCatalog());
  expect(replaced).toBe(1);
});

test('announcements of the catalog in use alone are passed on, until somebody stops listening', () => {
  const [one, two] = [new VersionedCatalog(), new VersionedCatalog()];
  const feed = new CatalogFeed(one);
  const heard: string[] = [];
  const stop = feed.subscribe({ onChange: (entry) => heard.push(entry), onReplaced: () => undefined });
  one.change('a');
  feed.use(two);
  one.change('b');
  two.change('c');
  stop();
  two.change('d');
  expect(heard).toEqual(['a', 'c']);
});

test('a feed that is closed listens to nothing', () => {
  const catalog = new VersionedCatalog();
  const feed = new CatalogFeed(catalog);
  feed.close();
  catalog.change('a');
  expect(feed.position).toBe(0);
});
