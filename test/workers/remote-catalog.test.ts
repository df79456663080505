import { expect, test } from 'vitest';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import type { Instance } from '../../src/catalog/model.js';
import type { CatalogLookup, Rows } from '../../src/catalog/source.js';
import type { CatalogRequest } from '../../src/workers/messages.js';
import { RemoteCatalog } from '../../src/workers/remote-catalog.js';
import { TestClock } from '../support/test-clock.js';
import { BACKEND, entryOf, rowsOf, service, wanted } from './versioned-catalog.js';

const INSTANCE: Instance = {
  node: { name: 'n1', address: '10.0.0.1', datacenter: 'dc1', taggedAddresses: {}, meta: {} },
  id: 'web',
  service: 'web',
  kind: '',
  address: '',
  port: 80,
  ports: [],
  tags: [],
  taggedAddresses: {},
  meta: {},
  weights: { passing: 1, warning: 1 },
  checks: [],
};

class Setup implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly sent: CatalogRequest[] = [];
  readonly catalog = new RemoteCatalog({ send: (message) => this.sent.push(message), clock: this.clock });

  read(lookup: CatalogLookup, { sourceAddress = '127.0.0.1', signal = new AbortController().signal } = {}) {
    const rows = this.catalog.read(lookup, { signal, sourceAddress });
    // Many a test is done with a read before it ends.
    if (rows instanceof Promise) rows.catch(() => undefined);
    return rows;
  }

  /** Reads it for the first time, with these rows as the primary's reply. */
  learn(lookup: CatalogLookup, rows: Rows): Rows | Promise<Rows> {
    const reading = this.read(lookup);
    this.catalog.receive({ kind: 'rows', read: this.lastRead, rows });
    return reading;
  }

  get lastRead(): number {
    const message = this.sent.findLast(({ kind }) => kind === 'read');
    return message?.kind === 'read' ? message.read : 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.catalog.close();
  }
}

test('the first read asks the primary, once for all who want to know', async () => {
  await using setup = new Setup();
  const readings = [setup.read(service('web')), setup.read(service('web')), setup.read(service('web', { tag: 'v1' }))];
  expect(setup.sent).toEqual([{ kind: 'read', read: 1, wanted: wanted(service('web')) }]);
  setup.catalog.receive({ kind: 'rows', read: 1, rows: rowsOf('web') });
  expect(await Promise.all(readings)).toEqual([rowsOf('web'), rowsOf('web'), rowsOf('web')]);
});

test('later reads find the rows at once, whatever they pick from them', async () => {
  await using setup = new Setup();
  await setup.learn(service('web'), rowsOf('web'));
  expect(setup.read(service('web'))).toEqual(rowsOf('web'));
  expect(setup.read(service('web', { tag: 'v1', portName: 'http' }))).toEqual(rowsOf('web'));
  expect(setup.sent).toHaveLength(1);
});

test('rows that were dropped are asked for again when somebody wants them, and not before', async () => {
  await using setup = new Setup();
  await setup.learn(service('web'), rowsOf('web'));
  await setup.learn(service('db'), rowsOf('db'));
  setup.catalog.receive({ kind: 'dropped', entry: entryOf('web') });
  expect(setup.sent).toHaveLength(2);
  expect(setup.read(service('db'))).toEqual(rowsOf('db'));

  const again = setup.read(service('web'));
  expect(setup.sent).toHaveLength(3);
  setup.catalog.receive({ kind: 'rows', read: 3, rows: rowsOf('web', [1, 0]) });
  expect(await again).toEqual(rowsOf('web', [1, 0]));
});

test('an entry that all depend on drops all', async () => {
  await using setup = new Setup();
  await setup.learn(service('web'), rowsOf('web'));
  await setup.learn(service('db'), rowsOf('db'));
  setup.catalog.receive({ kind: 'dropped', entry: BACKEND });
  expect([setup.read(service('web')), setup.read(service('db'))].map((rows) => rows instanceof Promise)).toEqual([
    true,
    true,
  ]);
});

test('whoever listens hears of every drop, whether rows are left or not', async () => {
  await using setup = new Setup();
  const heard: string[] = [];
  const stop = setup.catalog.onChange((entry) => heard.push(entry));
  setup.catalog.receive({ kind: 'dropped', entry: entryOf('web') });
  setup.catalog.receive({ kind: 'dropped', entry: BACKEND });
  stop();
  setup.catalog.receive({ kind: 'dropped', entry: entryOf('db') });
  expect(heard).toEqual([entryOf('web'), BACKEND]);
});

test('rows that depend on nothing are asked for each time, for nothing would ever drop them', async () => {
  await using setup = new Setup();
  await setup.learn(service('web'), { ...rowsOf('web'), dependsOn: [] });
  expect(setup.read(service('web'))).toBeInstanceOf(Promise);
});

test('prepared queries are kept apart by who asks', async () => {
  await using setup = new Setup();
  const lookup = { kind: 'prepared-query', query: 'near', datacenter: undefined } as const;
  await setup.learn(lookup, rowsOf('near'));
  expect(setup.read(lookup)).toEqual(rowsOf('near'));
  expect(setup.read(lookup, { sourceAddress: '192.0.2.1' })).toBeInstanceOf(Promise);
});

test('an error has the code that it had in the primary, and the next read asks again', async () => {
  await using setup = new Setup();
  const failing = setup.read(service('web'));
  setup.catalog.receive({ kind: 'no-rows', read: 1, code: 'no-leader', message: 'Cannot read "web"' });
  await expect(failing).rejects.toEqual(new CatalogError('no-leader', 'Cannot read "web"'));
  await expect(failing).rejects.toMatchObject({ code: 'no-leader' });
  expect(setup.read(service('web'))).toBeInstanceOf(Promise);
  expect(setup.lastRead).toBe(2);
});

test('a fault of our own is no error of the catalog', async () => {
  await using setup = new Setup();
  const failing = setup.read(service('web'));
  setup.catalog.receive({ kind: 'no-rows', read: 1, code: 'internal', message: 'x is undefined' });
  await expect(failing).rejects.not.toBeInstanceOf(CatalogError);
});

test('a read that the primary does not answer within 3 s times out; a late answer is passed over', async () => {
  await using setup = new Setup();
  const failing = setup.read(service('web'));
  await setup.clock.advance(2_900);
  const later = setup.read(service('db'));
  await setup.clock.advance(1_100);
  await expect(failing).rejects.toMatchObject({ code: 'timeout' });
  setup.catalog.receive({ kind: 'rows', read: 1, rows: rowsOf('web') });
  expect(setup.read(service('web'))).toBeInstanceOf(Promise);
  setup.catalog.receive({ kind: 'rows', read: 2, rows: rowsOf('db') });
  expect(await later).toEqual(rowsOf('db'));
});

test('a reader that gives up does not take the others along', async () => {
  await using setup = new Setup();
  const giveUp = new AbortController();
  const one = setup.read(service('web'), { signal: giveUp.signal });
  const other = setup.read(service('web'));
  giveUp.abort(new Error('Enough'));
  await expect(one).rejects.toThrow('Enough');
  setup.catalog.receive({ kind: 'rows', read: 1, rows: rowsOf('web') });
  expect(await other).toEqual(rowsOf('web'));
});

test('what was used is told once a second, each name once, and prepared queries never', async () => {
  await using setup = new Setup();
  const query = { kind: 'prepared-query', query: 'near', datacenter: undefined } as const;
  await setup.learn(service('web'), rowsOf('web'));
  await setup.learn(service('db'), rowsOf('db'));
  await setup.learn(query, rowsOf('near'));
  setup.sent.length = 0;
  await setup.clock.advance(1_000);
  expect(setup.sent).toEqual([]);

  for (let asked = 0; asked < 5; asked += 1) {
    setup.read(service('web', { tag: `v${asked}` }));
    setup.read(query);
  }
  await setup.clock.advance(1_000);
  expect(setup.sent).toEqual([{ kind: 'used', wanted: [wanted(service('web'))] }]);
  await setup.clock.advance(5_000);
  expect(setup.sent).toHaveLength(1);
});

test('with very many names in use, some are told of a second later', async () => {
  await using setup = new Setup();
  for (let name = 0; name < 2_500; name += 1) {
    await setup.learn(service(`s${name}`), rowsOf(`s${name}`));
    setup.read(service(`s${name}`));
  }
  setup.sent.length = 0;
  await setup.clock.advance(2_000);
  expect(setup.sent.map((message) => message.kind === 'used' && message.wanted.length)).toEqual([2_000, 500]);
});

test('memory is bounded: the least recently read rows are asked for again', async () => {
  await using setup = new Setup();
  for (let name = 0; name < 10_001; name += 1) await setup.learn(service(`s${name}`), rowsOf(`s${name}`));
  expect(setup.read(service('s0'))).toBeInstanceOf(Promise);
  expect(setup.read(service('s10000'))).toEqual(rowsOf('s10000'));
});

test('a service of more instances than all rows may have is asked for each time', async () => {
  await using setup = new Setup();
  const rows: Rows = {
    ...rowsOf('web'),
    kind: 'instances',
    datacenter: 'dc1',
    instances: Array.from({ length: 60_000 }, () => INSTANCE),
  };
  await setup.learn(service('web'), rows);
  expect(setup.read(service('web'))).toBeInstanceOf(Promise);
});

test('closing rejects whoever waits', async () => {
  const setup = new Setup();
  const waiting = setup.read(service('web'));
  await setup.catalog.close();
  await expect(waiting).rejects.toMatchObject({ code: 'closed' });
  expect(setup.clock.sleeping).toBe(0);
});
