import { describe, expect, test } from 'vitest';
import { portsOf, Running } from './running.js';
import { anyone, service } from './setup.js';

describe('a change reaches the next answer', () => {
  test('H030, H011: of a port, though nothing says whose', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web');
    running.consul.setService('web', [{ port: 81 }]);
    await running.quiet();
    expect(portsOf(running.known('web'))).toEqual([81]);
    expect(running.changes).toContain('service/dc1/web');
  });

  test.each([
    { what: 'tags', after: { port: 80, tags: ['v2'] } },
    { what: 'the address', after: { port: 80, address: '10.9.9.9' } },
    { what: 'weights', after: { port: 80, weights: { Passing: 5, Warning: 1 } } },
    { what: 'metadata', after: { port: 80, meta: { a: 'b' } } },
    { what: 'tagged addresses', after: { port: 80, taggedAddresses: { lan: { Address: '10.1.1.1', Port: 1 } } } },
  ])('H011: of $what', async ({ after }) => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    const before = await running.instances('web');
    running.changes.length = 0;
    running.consul.setService('web', [after]);
    await running.quiet();
    expect(running.known('web')).not.toEqual(before);
    expect(running.changes).toContain('service/dc1/web');
  });

  test('H029: of the address of an instance’s node', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ node: 'node-7', port: 80 }] } } });
    await running.instances('web');
    running.consul.setNode({ name: 'node-7', address: '10.7.7.7' });
    await running.quiet();
    expect(running.known('web')).toMatchObject([{ node: { address: '10.7.7.7' } }]);
  });

  test('H031, H170: of a check that turns critical, and back', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web');
    running.consul.setStatus('web', 'critical');
    await running.quiet();
    expect(running.known('web')).toMatchObject([{ checks: [{ status: 'critical' }] }]);
    running.consul.setStatus('web', 'passing');
    await running.pass(1_000);
    expect(running.known('web')).toMatchObject([{ checks: [{ status: 'passing' }] }]);
  });

  test('H031: of a check that turns to a warning', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web');
    running.consul.setStatus('web', 'warning');
    await running.quiet();
    expect(running.known('web')).toMatchObject([{ checks: [{ status: 'warning' }] }]);
  });

  test('H031, H032, H169: of a check of a node, for all its services and no others', async () => {
    await using running = await Running.start({
      consul: { services: { web: [{ node: 'a' }], db: [{ node: 'a' }], api: [{ node: 'b' }] } },
      // Blocking queries of their own would hide what the aggregates do.
      cache: { maxWatches: 0 },
    });
    for (const name of ['web', 'db', 'api']) await running.instances(name);
    const node = { name: 'a', address: '10.0.0.2' };
    running.consul.setNode({ ...node, checks: [{ id: '_node_maintenance', status: 'critical' }] });
    await running.quiet();
    for (const name of ['web', 'db']) {
      expect(running.known(name)[0]?.checks).toContainEqual(expect.objectContaining({ id: '_node_maintenance' }));
    }
    expect(running.count('health/service/api')).toBe(1);
    running.consul.setNode({ ...node, checks: [] });
    await running.pass(1_000);
    expect(running.known('web')[0]?.checks.map(({ id }) => id)).toEqual(['up']);
  });

  test('H027: of a service’s name under the same ID, which wakes no query on the old name', async () => {
    await using running = await Running.start({ consul: { services: { old: [{ id: 'x', port: 80 }] } } });
    expect(await running.instances('old')).toHaveLength(1);
    running.consul.catalog.setService('old', [], { isSilent: true });
    running.consul.setService('new', [{ id: 'x', port: 80 }]);
    await running.quiet();
    await running.pass(1_000);
    expect(running.known('old')).toEqual([]);
    expect(await running.instances('new')).toHaveLength(1);
    expect(running.changes).toContain('service/dc1/old');
  });

  test('H166: of one of two instances that takes another name, with the index of the old name unmoved', async () => {
    await using running = await Running.start({
      consul: {
        services: {
          old: [
            { id: 'x', port: 1 },
            { id: 'y', port: 2 },
          ],
          other: [{ id: 'z', port: 3 }],
        },
      },
    });
    expect(portsOf(await running.instances('old'))).toEqual([1, 2]);
    running.consul.catalog.setService('old', [{ id: 'y', port: 2 }], { isSilent: true });
    await running.quiet();
    expect(portsOf(running.known('old'))).toEqual([2]);
  });

  test('of a service that goes and comes back otherwise', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web');
    running.consul.setService('web', []);
    await running.quiet();
    running.consul.setService('web', [{ port: 81 }]);
    await running.quiet();
    expect(portsOf(await running.instances('web'))).toEqual([81]);
  });

  test('of a name without mesh proxies that gets one: the denial is called back at once', async () => {
    await using running = await Running.start();
    const { dependsOn } = await running.read(service('web', { view: 'connect' }));
    await running.pass(2_000);
    running.changes.length = 0;
    running.consul.catalog.setService('web', [{ port: 1 }], { table: 'connect' });
    await running.quiet();
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
  });

  test('of a check, and back, while nobody told of checks', async () => {
    await using running = await Running.start({
      consul: { services: { web: [{ port: 80 }] } },
      cache: { maxWatches: 0 },
      prepare: (consul) => consul.fail('state/critical', { kind: 'status', status: 500, body: 'rpc error' }),
    });
    running.consul.setStatus('web', 'critical');
    expect(await running.instances('web')).toMatchObject([{ checks: [{ status: 'critical' }] }]);
    running.consul.setStatus('web', 'passing');
    running.consul.heal();
    // Now there is no critical check, as when its aggregate was last read; but in between there was one.
    await running.pass(20_000);
    await running.instances('web');
    await running.quiet();
    expect(await running.instances('web')).toMatchObject([{ checks: [{ status: 'passing' }] }]);
  });

  test('A3.5.1: of the mesh proxies of a service', async () => {
    await using running = await Running.start({ cache: { maxWatches: 0 } });
    const proxy = { id: 'proxy', node: 'a', kind: 'connect-proxy' };
    running.consul.catalog.setService('web', [{ ...proxy, port: 1 }], { table: 'connect' });
    running.consul.setService('web-proxy', [{ ...proxy, port: 1 }]);
    await running.quiet();
    expect(portsOf(await running.instances('web', { view: 'connect' }))).toEqual([1]);
    running.consul.catalog.setService('web', [{ ...proxy, port: 2 }], { table: 'connect' });
    await running.pass(1_000);
    expect(portsOf(await running.instances('web', { view: 'connect' }))).toEqual([2]);
  });
});

describe('what is no change', () => {
  test('H009, H010: an index that moves, with tags in another order and another check output', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80, tags: ['a', 'b'] }] } } });
    const before = await running.instances('web');
    running.changes.length = 0;
    running.consul.catalog.setStatus('web', 'passing', { output: 'still alive' });
    running.consul.catalog.touch();
    await running.quiet();
    await running.pass(2_000);
    expect(running.known('web')).toBe(before);
    expect(running.changes).toEqual([]);
  });

  test('H025: a backend that restarts', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    const before = await running.instances('web');
    await running.consul.goAway();
    await running.quiet();
    running.consul.catalog.restartIndexes();
    await running.consul.comeBack();
    running.changes.length = 0;
    await running.pass(20_000);
    expect(running.known('web')).toBe(before);
    expect(running.changes.filter((entry) => entry.startsWith('service/'))).toEqual([]);
    // And it is watched as before.
    running.consul.setService('web', [{ port: 81 }]);
    await running.quiet();
    expect(portsOf(running.known('web'))).toEqual([81]);
  });
});

describe('reading again', () => {
  const options = { consul: { services: { web: [{ port: 80 }] } }, cache: { maxWatches: 0 } };

  test('A3.5.3: busy names are read again at once, names gone cold when somebody asks', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(55_000);
    running.consul.catalog.touch();
    await running.quiet();
    expect(running.count('health/service/web')).toBe(2);
    await running.pass(40_000);
    running.changes.length = 0;
    running.consul.catalog.touch();
    await running.quiet();
    const before = running.count('health/service/web');
    await running.pass(2_000);
    expect(running.count('health/service/web')).toBe(before);
    // Whoever made an answer of the rows has to ask again.
    const rows = running.read(service('web'));
    expect(rows).toBeInstanceOf(Promise);
    await rows;
    expect(running.count('health/service/web')).toBe(before + 1);
  });

  test('what was given out of a name that turned cold is called back', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(58_000);
    running.known('web');
    expect(running.changes.filter((entry) => entry === 'service/dc1/web')).toHaveLength(1);
    await running.pass(20_000);
    // Reconciliation: after 60 to 70 s the rows are to be looked at again, so answers made of them must end.
    expect(running.changes.filter((entry) => entry === 'service/dc1/web')).toHaveLength(2);
    await running.pass(60_000);
    expect(running.changes.filter((entry) => entry === 'service/dc1/web')).toHaveLength(2);
  });

  test('H050: an entry is read again on a question after 60 to 70 s without any event', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(59_000);
    running.known('web');
    expect(running.count('health/service/web')).toBe(1);
    await running.pass(12_000);
    // Nothing says that the rows are wrong, so nobody waits.
    running.known('web');
    await running.quiet();
    expect(running.count('health/service/web')).toBe(2);
  });

  test('H045: rows that a follower gave and that did not change are read once more a second later', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(5_000);
    running.consul.catalog.touch();
    await running.quiet();
    expect(running.count('health/service/web')).toBe(2);
    await running.pass(1_000);
    expect(running.count('health/service/web')).toBe(3);
    await running.pass(5_000);
    expect(running.count('health/service/web')).toBe(3);
  });

  test('H045: not so where the leader is asked', async () => {
    await using running = await Running.start({ ...options, cache: { maxWatches: 0, consistency: 'default' } });
    await running.instances('web');
    await running.pass(5_000);
    running.consul.catalog.touch();
    await running.quiet();
    await running.pass(5_000);
    expect(running.count('health/service/web')).toBe(2);
  });

  test('H043: many questions for one unknown name make one request', async () => {
    await using running = await Running.start(options);
    const rows = await Promise.all(Array.from({ length: 100 }, () => running.read(service('web'))));
    expect(new Set(rows.map((row) => row.kind === 'instances' && row.instances)).size).toBe(1);
    expect(running.count('health/service/web')).toBe(1);
  });

  test('H043, H048: many questions for one old name make one request, and wait 50 ms for it', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(75_000);
    running.consul.fail('health/service/web', { kind: 'hang' });
    running.consul.setService('web', [{ port: 81 }]);
    await running.pass(2_000);
    const before = running.count('health/service/web');
    const rows = Array.from({ length: 50 }, () => running.instances('web'));
    await running.quiet();
    await running.clock.advance(49);
    let isAnswered = false;
    void rows[0]?.then(() => {
      isAnswered = true;
    });
    await running.quiet();
    expect(isAnswered).toBe(false);
    await running.clock.advance(1);
    expect((await Promise.all(rows)).map(portsOf)).toEqual(Array.from({ length: 50 }, () => [80]));
    expect(running.count('health/service/web') - before).toBeLessThanOrEqual(1);
  });

  test('H048: an old name whose read is quick is answered anew', async () => {
    await using running = await Running.start(options);
    await running.instances('web');
    await running.pass(75_000);
    expect(portsOf(await running.instances('web'))).toEqual([80]);
    await running.pass(95_000);
    running.consul.setService('web', [{ port: 81 }]);
    await running.pass(2_000);
    expect(portsOf(await running.instances('web'))).toEqual([81]);
  });

  test('a reader who gives up is let go, and the read goes on for others', async () => {
    await using running = await Running.start(options);
    running.consul.fail('health/service/web', { kind: 'delay', ms: 50 }, { times: 1 });
    const giveUp = new AbortController();
    const reading = running.cache.read(service('web'), { ...anyone, signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(await running.instances('web')).toHaveLength(1);
    expect(running.count('health/service/web')).toBe(1);
  });
});

test('H078: closing ends every query at once and rejects who waits', async () => {
  await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
  running.consul.fail('health/service/db', { kind: 'hang' });
  running.consul.setService('db', [{ port: 5432 }]);
  await running.quiet();
  await running.instances('web');
  const waiting = expect(running.instances('db')).rejects.toMatchObject({ code: 'closed' });
  await running.quiet();
  const before = performance.now();
  await running.cache.close();
  expect(performance.now() - before).toBeLessThan(1_000);
  await waiting;
  await expect.poll(() => running.consul.holding, { interval: 5 }).toBe(0);
  expect(running.clock.sleeping).toBe(0);
});
