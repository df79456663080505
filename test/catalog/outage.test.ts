import { describe, expect, test } from 'vitest';
import { instancesOf, portsOf, Running } from './running.js';
import { metricOf, service } from './setup.js';

const consul = { services: { web: [{ port: 80 }], db: [{ port: 5432 }] } };
const local = { datacenter: undefined, peer: undefined };

async function goAway(running: Running): Promise<void> {
  await running.consul.goAway();
  await expect.poll(() => running.cache.stats().isStale, { interval: 5 }).toBe(true);
}

/** Running, with `web` known, and then without its backend. */
async function cutOff(options: Parameters<typeof Running.start>[0] = {}): Promise<Running> {
  const running = await Running.start({ consul, ...options });
  await running.instances('web');
  await running.quiet();
  await goAway(running);
  return running;
}

describe('D20: while the backend cannot be reached', () => {
  test('what is known is served at once, and said to be stale', async () => {
    await using running = await cutOff();
    const rows = running.read(service('web'));
    expect(rows).toMatchObject({ kind: 'instances', isStale: true, instances: [{ port: 80 }] });
    expect(await metricOf(running.metrics, 'consul_dnsd_stale_reads_total')).toBe(1);
    expect(running.cache.stats()).toMatchObject({ isStale: true, downBy: { code: 'unreachable' } });
  });

  test('answers made of the rows are called back when they turn stale, and when they are good again', async () => {
    await using running = await cutOff();
    const { dependsOn } = await running.read(service('web'));
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    running.changes.length = 0;
    await running.consul.comeBack();
    await running.pass(20_000);
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
  });

  test('a name never asked for fails at once, though it is registered', async () => {
    await using running = await cutOff();
    await expect(running.read(service('db'))).rejects.toMatchObject({ code: 'unreachable' });
    await expect(running.read(service('db'))).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('there is no stale denial: a name that did not exist may exist now', async () => {
    await using running = await Running.start({ consul });
    expect(running.known('nope')).toEqual([]);
    await goAway(running);
    await expect(running.read(service('nope'))).rejects.toMatchObject({ code: 'unreachable' });
    await expect(running.read({ kind: 'node', node: 'nope', locality: local })).rejects.toMatchObject({
      code: 'unreachable',
    });
    await expect(running.read({ kind: 'reverse', address: '192.0.2.99' })).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  test('nor one of a name that was looked up one by one', async () => {
    await using running = await Running.start({ consul });
    expect(await running.instances('web', { view: 'connect' })).toEqual([]);
    await goAway(running);
    await expect(running.read(service('web', { view: 'connect' }))).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('nodes and owners of addresses are served stale as well', async () => {
    await using running = await cutOff();
    expect(running.read({ kind: 'node', node: 'node-1', locality: local })).toMatchObject({
      node: { address: '10.0.0.1' },
      isStale: true,
    });
    expect(await running.read({ kind: 'reverse', address: '10.0.0.1' })).toMatchObject({
      owners: [{ name: 'node-1' }],
      isStale: true,
    });
  });

  test('the last rows are served for so long and no longer', async () => {
    await using running = await cutOff({ cache: { staleMaxAgeMs: 60_000 } });
    await running.pass(50_000);
    expect(running.known('web')).toHaveLength(1);
    running.changes.length = 0;
    await running.pass(15_000);
    await expect(running.read(service('web'))).rejects.toMatchObject({ code: 'unreachable' });
    await expect(running.read({ kind: 'node', node: 'node-1', locality: local })).rejects.toMatchObject({
      code: 'unreachable',
    });
    // And answers made of them do not outlive them.
    expect(running.changes).toEqual(expect.arrayContaining(['service/dc1/web', 'backend/dc1']));
  });

  test('with a greatest age of 0 nothing is served stale', async () => {
    await using running = await cutOff({ cache: { staleMaxAgeMs: 0 } });
    await expect(running.read(service('web'))).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('the list of datacenters is asked for once a second at most', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('/v1/', { kind: 'status', status: 500, body: 'No cluster leader' });
    const elsewhere = { locality: { datacenter: 'dc9', peer: undefined } };
    for (let count = 0; count < 20; count += 1) await expect(running.instances('web', elsewhere)).rejects.toThrow();
    expect(running.count('catalog/datacenters')).toBe(1);
    await running.pass(1_000);
    await expect(running.instances('web', elsewhere)).rejects.toMatchObject({ code: 'no-leader' });
    expect(running.count('catalog/datacenters')).toBe(2);
  });

  test('it is tried once a second at most, however many questions there are', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('/v1/', { kind: 'status', status: 500, body: 'No cluster leader' });
    running.consul.catalog.touch();
    await running.quiet();
    const before = running.count('health/service/');
    for (let second = 0; second < 5; second += 1) {
      await Promise.allSettled(
        Array.from({ length: 20 }, (_unused, index) => running.instances(`name-${second}-${index}`)),
      );
      await running.pass(1_000);
    }
    expect(running.count('health/service/') - before).toBeLessThanOrEqual(6);
  });

  test('our own datacenter is known', async () => {
    await using running = await cutOff();
    expect(running.read({ kind: 'non-terminal', datacenter: 'dc1' })).toMatchObject({ datacenters: ['dc1'] });
  });
});

test('answers that deny a name are called back when nobody can tell any more whether it came', async () => {
  await using running = await Running.start({ consul });
  const { dependsOn } = await running.read(service('nope'));
  running.changes.length = 0;
  running.consul.fail('catalog/services', { kind: 'status', status: 403, body: 'Permission denied' });
  running.consul.catalog.touch();
  await running.pass(2_000);
  expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
});

describe('when the backend comes back', () => {
  test('H079: everything works again without a restart, names never asked for included', async () => {
    await using running = await cutOff();
    await running.pass(120_000);
    running.consul.setService('web', [{ port: 81 }]);
    await running.consul.comeBack();
    await running.pass(1_000);
    expect(await running.instances('db')).toHaveLength(1);
    await running.pass(2_000);
    expect(portsOf(await running.instances('web'))).toEqual([81]);
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
    expect(running.known('nope')).toEqual([]);
  });

  test('what changed meanwhile is not given out as good for a moment', async () => {
    await using running = await cutOff();
    await running.pass(30_000);
    running.consul.setService('web', [{ port: 81 }]);
    await running.consul.comeBack();
    for (let second = 0; second < 20; second += 1) {
      await running.pass(1_000);
      const rows = await running.read(service('web'));
      if (!rows.isStale) expect(portsOf(instancesOf(rows))).toEqual([81]);
    }
    expect(running.known('web')).toMatchObject([{ port: 81 }]);
  });

  test('a name that failed while it was away is asked for again at once', async () => {
    await using running = await cutOff();
    for (let second = 0; second < 20; second += 1) {
      await expect(running.instances('db')).rejects.toThrow();
      await running.pass(1_000);
    }
    await running.consul.comeBack();
    await running.pass(15_000);
    expect(await running.instances('db')).toHaveLength(1);
  });
});

describe('at the start', () => {
  test('a backend that cannot be reached does not keep the start waiting', async () => {
    await using running = await Running.start({ prepare: (consul) => consul.fail('/v1/', { kind: 'reset' }) });
    await expect(running.instances('web')).rejects.toMatchObject({ code: 'unreachable' });
    expect(running.cache.serviceNames()).toBeUndefined();
    running.consul.heal();
    await running.pass(15_000);
    expect(await running.instances('consul')).toHaveLength(1);
  });

  test('one that does not answer only until somebody loses patience', async () => {
    await using running = await Running.start();
    running.consul.fail('/v1/', { kind: 'hang' });
    const { createCache } = await import('./setup.js');
    await using hanging = createCache(running.consul.url, { clock: running.clock });
    const patience = new AbortController();
    const ready = hanging.ready({ signal: patience.signal });
    patience.abort(new Error('no more'));
    await ready;
  });
});

describe('trouble with one name', () => {
  test('H049: a first read slower than 1500 ms fails, and is no denial', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('health/service/web', { kind: 'hang' });
    const reading = expect(running.instances('web')).rejects.toMatchObject({ code: 'timeout' });
    await running.quiet();
    await running.clock.advance(1_500);
    await reading;
  });

  test('H024: an answer that makes no sense keeps the old rows, said to be stale', async () => {
    await using running = await Running.start({ consul, cache: { maxWatches: 0 } });
    await running.instances('web');
    running.consul.fail('health/service/web', { kind: 'body', body: 'oops' });
    running.consul.setService('web', [{ port: 81 }]);
    await running.quiet();
    expect(running.read(service('web'))).toMatchObject({ isStale: true, instances: [{ port: 80 }] });
    expect(running.read(service('consul'))).toBeDefined();
    running.consul.heal();
    await running.pass(3_000);
    await running.instances('web');
    await running.quiet();
    expect(await running.read(service('web'))).toMatchObject({ isStale: false, instances: [{ port: 81 }] });
  });

  test('C175, H018: a refused name fails as refused, and is not asked for at every question', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('health/service/web', { kind: 'status', status: 403, body: 'ACL not found' });
    for (let count = 0; count < 10; count += 1) {
      await expect(running.instances('web')).rejects.toMatchObject({ code: 'unknown-token' });
    }
    expect(running.count('health/service/web')).toBe(1);
    running.consul.heal();
    await running.pass(1_000);
    expect(await running.instances('web')).toHaveLength(1);
  });

  test('of the kind that many names will have makes those never asked for fail at once', async () => {
    await using running = await Running.start({ consul, cache: { maxWatches: 0 } });
    await running.instances('web');
    running.consul.fail('health/service/', { kind: 'status', status: 500, body: 'rpc error making call: EOF' });
    await expect(running.instances('db')).rejects.toMatchObject({ code: 'server-error' });
    await expect(running.instances('consul')).rejects.toMatchObject({ code: 'server-error' });
    expect(running.count('health/service/db')).toBe(1);
    expect(running.count('health/service/consul')).toBe(0);
    expect(running.read(service('web'))).toMatchObject({ isStale: false });
    running.consul.heal();
    await running.pass(1_000);
    expect(await running.instances('consul')).toHaveLength(1);
  });

  test('does not make others stale', async () => {
    await using running = await Running.start({ consul, cache: { maxWatches: 0 } });
    await running.instances('web');
    await running.instances('db');
    running.consul.fail('health/service/web', { kind: 'status', status: 500, body: 'rpc error making call: EOF' });
    running.consul.setStatus('web', 'critical');
    await running.quiet();
    expect(running.read(service('web'))).toMatchObject({ isStale: true });
    expect(running.read(service('db'))).toMatchObject({ isStale: false });
  });
});
