import { describe, expect, test } from 'vitest';
import { portsOf, Running } from './running.js';
import { service } from './setup.js';

const consul = { services: { web: [{ port: 80 }] } };
const local = { datacenter: undefined, peer: undefined };

describe.each([403, 404])('H167: with every aggregate answered by %i', (status) => {
  const refused = (paths: RegExp) => (running: Running['consul']) =>
    running.fail(paths, { kind: 'status', status, body: status === 403 ? 'Permission denied' : '' });
  const options = { consul, prepare: refused(/\/v1\/(catalog\/(services|nodes)|health\/state)/) };

  test('services are read one by one, and a warning says so', async () => {
    await using running = await Running.start(options);
    expect(portsOf(await running.instances('web'))).toEqual([80]);
    expect(await running.instances('nope')).toEqual([]);
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
    expect(running.log.count('watch failed')).toBe(4);
  });

  test('a change is seen within seconds', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    running.consul.setService('web', [{ port: 81 }]);
    running.consul.setService('new', [{ port: 1 }]);
    await running.pass(7_000);
    expect(portsOf(await running.instances('web'))).toEqual([81]);
    expect(await running.instances('new')).toHaveLength(1);
    running.consul.setService('web', []);
    await running.pass(7_000);
    expect(await running.instances('web')).toEqual([]);
  });

  test('answers made of rows that nothing vouches for are called back after seconds', async () => {
    await using running = await Running.start({ ...options, cache: { maxWatches: 0 } });
    await running.instances('web');
    running.changes.length = 0;
    await running.pass(4_000);
    expect(running.changes).toEqual([]);
    await running.pass(3_000);
    expect(running.changes).toEqual(['service/dc1/web']);
  });

  test('nodes are read one by one', async () => {
    await using running = await Running.start(options);
    const read = (node: string) => running.read({ kind: 'node', node, locality: local });
    expect(await read('node-1')).toMatchObject({ node: { address: '10.0.0.1' }, isStale: false });
    expect(await read('nope')).toMatchObject({ node: undefined });
    running.consul.setNode({ name: 'node-1', address: '10.0.0.2' });
    await running.pass(7_000);
    expect(await read('node-1')).toMatchObject({ node: { address: '10.0.0.2' } });
  });

  test('an outage is noticed all the same', async () => {
    await using running = await Running.start({ ...options, cache: { maxWatches: 0 } });
    await running.instances('web');
    await running.consul.goAway();
    await running.pass(7_000);
    await running.read(service('web'));
    await running.quiet();
    expect(await running.read(service('web'))).toMatchObject({ isStale: true });
    await running.consul.comeBack();
    await running.pass(10_000);
    await running.read(service('web'));
    await running.quiet();
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
  });
});

test('H006: aggregates without an index are polled every 5 s, and a change is seen by then', async () => {
  await using running = await Running.start({
    consul,
    cache: { maxWatches: 0 },
    prepare: (fake) => fake.fail('/v1/', { kind: 'headers', headers: { 'x-consul-index': undefined } }),
  });
  expect(portsOf(await running.instances('web'))).toEqual([80]);
  const before = running.count('catalog/services');
  await running.pass(20_000);
  expect(running.count('catalog/services') - before).toBe(4);
  running.consul.setService('web', [{ port: 81 }]);
  running.consul.setService('new', [{ port: 1 }]);
  await running.pass(6_000);
  await running.instances('web');
  await running.quiet();
  expect(portsOf(await running.instances('web'))).toEqual([81]);
  expect(await running.instances('new')).toHaveLength(1);
});

describe('with only_passing off', () => {
  /** Blocking queries of their own would hide what the aggregates do. */
  const cache = { onlyPassing: false, maxWatches: 0 };
  const weighted = { services: { web: [{ port: 80, weights: { Passing: 10, Warning: 1 } }], db: [{ port: 1 }] } };

  test('H057: nobody asks for warnings', async () => {
    await using running = await Running.start({ consul, cache });
    await running.instances('web');
    await running.pass(2_000);
    expect(running.count('health/state/warning')).toBe(0);
    expect(running.count('health/state/critical')).toBeGreaterThan(0);
  });

  test('H031, H057: unless they change the weight of an instance that was asked for: then each is heard of at once', async () => {
    await using running = await Running.start({ consul: weighted, cache });
    await running.instances('db');
    expect(running.count('health/state/warning')).toBe(0);
    await running.instances('web');
    await running.pass(2_000);
    for (const status of ['warning', 'passing']) {
      running.changes.length = 0;
      running.consul.setStatus('web', status);
      await running.pass(1_000);
      expect(running.known('web')).toMatchObject([{ checks: [{ status }] }]);
      expect(running.changes).toContain('service/dc1/web');
    }
  });

  test('a warning that came just before they were first asked for is not missed', async () => {
    await using running = await Running.start({ consul: weighted, cache });
    running.consul.fail('health/state/warning', { kind: 'status', status: 500, body: 'rpc error' }, { times: 1 });
    await running.instances('web');
    running.consul.setStatus('web', 'warning');
    await running.pass(2_000);
    expect(running.known('web')).toMatchObject([{ checks: [{ status: 'warning' }] }]);
  });

  test('H057: a weight learned from a change counts as well', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } }, cache });
    await running.instances('web');
    running.consul.setService('web', [{ port: 80, weights: { Passing: 10, Warning: 1 } }]);
    await running.pass(2_000);
    running.consul.setStatus('web', 'warning');
    await running.pass(1_000);
    expect(running.known('web')).toMatchObject([{ checks: [{ status: 'warning' }] }]);
  });
});

test('H051: aggregates ask any server while there is no leader, the others as configured', async () => {
  await using running = await Running.start({ consul });
  expect(running.consul.requestsTo('catalog/services').some(({ query }) => query.has('stale'))).toBe(false);
  running.consul.fail(/catalog\/services(?!.*stale)/, { kind: 'status', status: 500, body: 'No cluster leader' });
  running.consul.catalog.touch();
  await running.pass(2_000);
  expect(running.consul.requestsTo('catalog/services').at(-1)?.query.has('stale')).toBe(true);
  running.consul.heal();
  running.consul.catalog.touch();
  await running.pass(2_000);
  expect(running.consul.requestsTo('catalog/services').at(-1)?.query.has('stale')).toBe(false);
});

describe('H054: a catalog that suddenly shows nothing', () => {
  function showNothing(fake: Running['consul']): void {
    fake.fail('catalog/services', { kind: 'body', body: '{}' });
    fake.fail('health/service', { kind: 'body', body: '[]' });
    fake.catalog.touch();
  }

  test('is not believed for a minute: names and rows stay, and a warning says so', async () => {
    await using running = await Running.start({ consul, cache: { maxWatches: 0 } });
    await running.instances('web');
    showNothing(running.consul);
    await running.quiet();
    await running.pass(5_000);
    expect(await running.instances('web')).toHaveLength(1);
    expect(running.log.count('the catalog turned suspiciously empty: keeping the last rows for a minute')).toBe(1);
    await running.pass(70_000);
    expect(await running.instances('web')).toEqual([]);
  });

  test('is forgotten when it shows everything again', async () => {
    await using running = await Running.start({ consul, cache: { maxWatches: 0 } });
    await running.instances('web');
    showNothing(running.consul);
    await running.pass(10_000);
    running.consul.heal();
    running.consul.setService('web', [{ port: 81 }]);
    await running.pass(70_000);
    expect(portsOf(await running.instances('web'))).toEqual([81]);
    running.consul.setService('web', []);
    await running.pass(2_000);
    expect(await running.instances('web')).toEqual([]);
  });

  test('but a service may lose its last instance', async () => {
    await using running = await Running.start({ consul });
    await running.instances('web');
    running.consul.setService('web', []);
    await running.pass(1_000);
    expect(await running.instances('web')).toEqual([]);
  });
});
