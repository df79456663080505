import { describe, expect, test } from 'vitest';
import { instancesOf, Running } from './running.js';
import { service } from './setup.js';

function within(datacenter: string) {
  return { locality: { datacenter, peer: undefined } };
}

/** Two datacenters, `web` in both. */
function startTwo(cache: NonNullable<Parameters<typeof Running.start>[0]>['cache'] = {}): Promise<Running> {
  return Running.start({
    consul: { services: { web: [{ port: 80 }] } },
    cache,
    prepare: (consul) => consul.addDatacenter('dc2').setService('web', [{ port: 82 }]),
  });
}

describe('H058: another datacenter', () => {
  test('has rows of its own, from its first question on', async () => {
    await using running = await startTwo();
    expect(running.consul.requests.some(({ query }) => query.has('dc'))).toBe(false);
    const rows = await running.read(service('web', within('dc2')));
    expect(rows).toMatchObject({
      kind: 'instances',
      datacenter: 'dc2',
      instances: [{ port: 82, node: { datacenter: 'dc2' } }],
    });
    expect(rows.dependsOn).toContain('service/dc2/web');
    expect(await running.instances('web')).toMatchObject([{ port: 80 }]);
    expect(running.cache.stats().watches).toBeGreaterThanOrEqual(8);
  });

  test('is kept current like ours', async () => {
    await using running = await startTwo();
    await running.instances('web', within('dc2'));
    await running.pass(2_000);
    running.consul.addDatacenter('dc3');
    running.changes.length = 0;
    const dc2 = running.consul.datacenter('dc2');
    dc2.setService('web', [{ port: 83 }]);
    await running.quiet();
    expect(running.changes).toContain('service/dc2/web');
    expect(await running.instances('web', within('dc2'))).toMatchObject([{ port: 83 }]);
    expect(instancesOf(await running.read(service('nope', within('dc2'))))).toEqual([]);
  });

  test('is let go after ten minutes without a question', async () => {
    await using running = await startTwo();
    const before = running.consul.holding;
    const { dependsOn } = await running.read(service('web', within('dc2')));
    await running.pass(2_000);
    expect(running.consul.holding).toBeGreaterThan(before);
    running.changes.length = 0;
    await running.pass(10 * 60_000);
    await expect.poll(() => running.consul.holding, { interval: 5 }).toBe(before);
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    expect(await running.instances('web', within('dc2'))).toHaveLength(1);
  });

  test('has nodes of its own', async () => {
    await using running = await startTwo();
    running.consul.datacenter('dc2').setNode({ name: 'far', address: '10.2.0.1' });
    const read = (datacenter: string) => running.read({ kind: 'node', node: 'far', ...within(datacenter) });
    expect(await read('dc2')).toMatchObject({ node: { address: '10.2.0.1' }, datacenter: 'dc2' });
    expect(await read('dc1')).toMatchObject({ node: undefined, datacenter: 'dc1' });
  });

  test('our own by its name is our own', async () => {
    await using running = await startTwo();
    await running.instances('web', within('dc1'));
    expect(running.consul.requests.some(({ query }) => query.has('dc'))).toBe(false);
  });

  test('C173: that is known but cannot be reached is a failure, and no reason to doubt ours', async () => {
    await using running = await startTwo();
    running.consul.fail('dc=dc2', {
      kind: 'status',
      status: 500,
      body: 'rpc error getting client: failed to get conn',
    });
    await expect(running.read(service('web', within('dc2')))).rejects.toMatchObject({ code: 'server-error' });
    expect(running.cache.stats().downBy).toBeUndefined();
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
  });
});

describe('an unknown datacenter', () => {
  test.each([
    { what: 'service', lookup: service('web', within('nowhere')) },
    { what: 'connect', lookup: service('web', { ...within('nowhere'), view: 'connect' }) },
    { what: 'node', lookup: { kind: 'node', node: 'node-1', ...within('nowhere') } as const },
    { what: 'query', lookup: { kind: 'prepared-query', query: 'q', datacenter: 'nowhere' } as const },
  ])('C172, C181: is told as such: $what', async ({ lookup }) => {
    await using running = await startTwo();
    expect(await running.read(lookup)).toMatchObject({ kind: 'unknown-datacenter', datacenter: 'nowhere' });
  });

  test('costs one request for many names, and no request for rows', async () => {
    await using running = await startTwo();
    for (let index = 0; index < 50; index += 1) await running.read(service('web', within(`nowhere-${index}`)));
    expect(running.count('catalog/datacenters')).toBe(1);
    expect(running.count('health/service')).toBe(0);
  });

  test('H022: is remembered for 10 s, then asked about again', async () => {
    await using running = await startTwo();
    const rows = await running.read(service('web', within('dc3')));
    running.consul.addDatacenter('dc3').setService('web', [{ port: 83 }]);
    await running.pass(9_000);
    expect(await running.read(service('web', within('dc3')))).toMatchObject({ kind: 'unknown-datacenter' });
    running.changes.length = 0;
    await running.pass(2_000);
    expect(running.changes).toEqual(rows.dependsOn);
    expect(await running.read(service('web', within('dc3')))).toMatchObject({ instances: [{ port: 83 }] });
  });

  test('H022: that the list still names is found out by a read', async () => {
    await using running = await startTwo();
    running.consul.fail('dc=dc2', { kind: 'status', status: 500, body: 'No path to datacenter' });
    expect(await running.read(service('web', within('dc2')))).toMatchObject({ kind: 'unknown-datacenter' });
    await running.quiet();
    const before = running.consul.requests.length;
    for (let index = 0; index < 20; index += 1) await running.read(service(`web-${index}`, within('dc2')));
    expect(running.consul.requests).toHaveLength(before);
    running.consul.heal();
    await running.pass(11_000);
    expect(await running.read(service('web', within('dc2')))).toMatchObject({ instances: [{ port: 82 }] });
  });

  test('where the list may not be read, a read has to show', async () => {
    await using running = await startTwo();
    running.consul.fail('catalog/datacenters', { kind: 'status', status: 403, body: 'Permission denied' });
    expect(await running.read(service('web', within('dc2')))).toMatchObject({ instances: [{ port: 82 }] });
    expect(await running.read(service('web', within('nowhere')))).toMatchObject({ kind: 'unknown-datacenter' });
  });

  test('is not told of while the backend is away: nobody knows', async () => {
    await using running = await startTwo();
    await running.consul.goAway();
    await expect(running.read(service('web', within('nowhere')))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

test('D6: a non-terminal depends on the list of datacenters', async () => {
  await using running = await startTwo();
  const read = (datacenter: string) => running.read({ kind: 'non-terminal', datacenter });
  const rows = await read('dc2');
  expect(rows).toMatchObject({ kind: 'datacenters', datacenters: ['dc1', 'dc2'] });
  running.consul.addDatacenter('dc3');
  await running.pass(31_000);
  expect(running.changes.some((entry) => rows.dependsOn.includes(entry))).toBe(true);
  expect(await read('dc3')).toMatchObject({ datacenters: ['dc1', 'dc2', 'dc3'] });
});

test('no more than 16 other datacenters are kept current', async () => {
  const names = Array.from({ length: 20 }, (_unused, index) => `far-${index}`);
  await using running = await Running.start({
    prepare: (consul) => {
      for (const name of names) consul.addDatacenter(name).setService('web', [{ port: 80 }]);
    },
    cache: { client: { maxConnections: 100 } },
  });
  for (const name of names) {
    expect(await running.instances('web', within(name))).toHaveLength(1);
    await running.clock.advance(1);
  }
  await running.quiet();
  expect(running.cache.stats().watches).toBeLessThanOrEqual(4 * 17 + 20);
  expect(running.consul.mostSockets).toBeLessThanOrEqual(100);
});
