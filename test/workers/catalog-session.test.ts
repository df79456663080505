import { expect, test } from 'vitest';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import { CatalogFeed } from '../../src/workers/catalog-feed.js';
import { CatalogSession } from '../../src/workers/catalog-session.js';
import type { CatalogReply } from '../../src/workers/messages.js';
import { BACKEND, entryOf, rowsOf, service, VersionedCatalog, wanted } from './versioned-catalog.js';

class Setup {
  readonly sent: CatalogReply[] = [];
  readonly catalog = new VersionedCatalog();
  readonly feed = new CatalogFeed(this.catalog);
  readonly session = new CatalogSession(this.feed, (message) => this.sent.push(message));

  read(name: string, read = 1): void {
    this.session.receive({ kind: 'read', read, wanted: wanted(service(name)) });
  }

  /** What was sent since the last time, after everything that is ready has run. */
  async take(): Promise<readonly CatalogReply[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.sent.splice(0);
  }
}

test('rows that are known are sent at once', () => {
  const { session, sent, catalog } = new Setup();
  session.receive({ kind: 'read', read: 7, wanted: wanted(service('web')) });
  expect(sent).toEqual([{ kind: 'rows', read: 7, rows: catalog.rows('web') }]);
});

test('a change is passed on once to a worker that it concerns, and not to others', async () => {
  const setup = new Setup();
  setup.read('web');
  await setup.take();
  setup.catalog.change(entryOf('db'));
  setup.catalog.change(entryOf('web'));
  setup.catalog.change(entryOf('web'));
  expect(await setup.take()).toEqual([{ kind: 'dropped', entry: entryOf('web') }]);
});

test('what all rows depend on drops them all, when rows turn stale for instance', async () => {
  const setup = new Setup();
  setup.read('web', 1);
  setup.read('db', 2);
  await setup.take();
  setup.catalog.change(BACKEND);
  expect(await setup.take()).toEqual([{ kind: 'dropped', entry: BACKEND }]);
});

test('rows whose change was announced while they were on their way are read again', async () => {
  const setup = new Setup();
  setup.catalog.isSlow = true;
  setup.read('web');
  setup.catalog.change(entryOf('web'));
  setup.catalog.isSlow = false;
  setup.catalog.settle();
  expect(await setup.take()).toEqual([{ kind: 'rows', read: 1, rows: rowsOf('web', [1, 0]) }]);
});

test('rows that change with every attempt are given up on: sent, and dropped after that', async () => {
  const setup = new Setup();
  setup.catalog.isSlow = true;
  setup.read('web');
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    setup.catalog.change(entryOf('web'));
    setup.catalog.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await setup.take()).toEqual([
    { kind: 'rows', read: 1, rows: rowsOf('web', [2, 0]) },
    { kind: 'dropped', entry: entryOf('web') },
    { kind: 'dropped', entry: BACKEND },
  ]);
});

test.each([
  { error: new CatalogError('no-leader', 'Cannot read "web"'), code: 'no-leader' },
  { error: new Error('Something else'), code: 'internal' },
])('an error keeps its code, $code', async ({ error, code }) => {
  const setup = new Setup();
  setup.catalog.isSlow = true;
  setup.read('web');
  setup.catalog.settle(error);
  expect(await setup.take()).toEqual([{ kind: 'no-rows', read: 1, code, message: error.message }]);
});

test('another catalog drops everything, and reads under way go on with it', async () => {
  const setup = new Setup();
  setup.read('web', 1);
  await setup.take();
  setup.catalog.isSlow = true;
  setup.read('db', 2);

  setup.feed.use(new VersionedCatalog(5));
  expect(await setup.take()).toEqual([entryOf('web'), BACKEND].map((entry) => ({ kind: 'dropped', entry })));
  setup.catalog.settle(new CatalogError('closed', 'Cannot read the catalog: it was closed'));
  expect(await setup.take()).toEqual([{ kind: 'rows', read: 2, rows: rowsOf('db', [5, 5]) }]);
});

test('rows that another catalog overtook are not sent', async () => {
  const setup = new Setup();
  setup.catalog.isSlow = true;
  setup.read('web');
  setup.catalog.settle();
  setup.feed.use(new VersionedCatalog(5));
  expect(await setup.take()).toEqual([{ kind: 'rows', read: 1, rows: rowsOf('web', [5, 5]) }]);
});

test('what a worker used counts as read, and nothing is sent for it', async () => {
  const setup = new Setup();
  setup.session.receive({ kind: 'used', wanted: [wanted(service('web')), wanted(service('db'))] });
  setup.catalog.isSlow = true;
  setup.session.receive({ kind: 'used', wanted: [wanted(service('late'))] });
  setup.catalog.settle(new Error('Nobody waits for this'));
  expect(await setup.take()).toEqual([]);
  expect(setup.catalog.reads.map((lookup) => lookup.kind === 'service' && lookup.service)).toEqual([
    'web',
    'db',
    'late',
  ]);
});

test('a worker that is gone is told nothing more', async () => {
  const setup = new Setup();
  setup.read('web');
  await setup.take();
  setup.session.close();
  setup.catalog.change(entryOf('web'));
  expect(await setup.take()).toEqual([]);
});
