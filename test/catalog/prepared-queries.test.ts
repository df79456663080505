import { describe, expect, test } from 'vitest';
import type { CatalogLookup } from '../../src/catalog/source.js';
import { Running } from './running.js';

const near: CatalogLookup = { kind: 'prepared-query', query: 'near', datacenter: undefined };
const consul = { services: { web: [{ node: 'a', port: 80 }] }, queries: { near: { service: 'web', ttl: '10s' } } };

describe('a prepared query', () => {
  test('has the rows, order and TTL of its result', async () => {
    await using running = await Running.start({ consul });
    const instances = ['c', 'a', 'b'].map((node) => ({ node }));
    running.consul.setQuery('near', { service: 'web', ttl: '10s', datacenter: 'dc2', instances });
    expect(await running.read(near)).toMatchObject({
      kind: 'prepared-query',
      isStale: false,
      result: {
        service: 'web',
        ttlSeconds: 10,
        datacenter: 'dc2',
        instances: instances.map(({ node }) => ({ node: { name: node } })),
      },
    });
  });

  test('C181: that does not exist has no result', async () => {
    await using running = await Running.start({ consul });
    expect(await running.read({ ...near, query: 'nope' })).toMatchObject({ kind: 'prepared-query', result: undefined });
  });

  test('H059: is executed once for many who ask the same, and kept for a second', async () => {
    await using running = await Running.start({ consul });
    const all = await Promise.all(Array.from({ length: 50 }, () => running.read(near)));
    const dependsOn = all.flatMap((rows) => rows.dependsOn);
    expect(running.read(near)).not.toBeInstanceOf(Promise);
    expect(running.count('query/near')).toBe(1);
    expect(running.changes.filter((entry) => dependsOn.includes(entry))).toEqual([]);
    await running.pass(1_000);
    // Answers made of it end with it.
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    await running.read(near);
    expect(running.count('query/near')).toBe(2);
  });

  test.each([
    { ttl: '0s', keptMs: 0 },
    { ttl: '', keptMs: 1_000 },
    { ttl: '1h', keptMs: 1_000 },
  ])('H059: with the TTL "$ttl" is kept for $keptMs ms', async ({ ttl, keptMs }) => {
    await using running = await Running.start({ consul });
    running.consul.setQuery('near', { service: 'web', ttl });
    await running.read(near);
    if (keptMs > 0) {
      await running.clock.advance(keptMs - 1);
      await running.read(near);
      expect(running.count('query/near')).toBe(1);
    }
    await running.clock.advance(1);
    await running.read(near);
    expect(running.count('query/near')).toBe(2);
  });

  test('C182: has a result for each source address', async () => {
    await using running = await Running.start({ consul });
    running.consul.setQuery('near', {
      service: 'web',
      instances: (source) => [{ node: source === '192.0.2.1' ? 'a' : 'b' }],
    });
    const nodeFor = async (source: string) => {
      const rows = await running.read(near, source);
      return rows.kind === 'prepared-query' ? rows.result?.instances[0]?.node.name : undefined;
    };
    expect(await Promise.all(['192.0.2.1', '192.0.2.2', '192.0.2.1'].map(nodeFor))).toEqual(['a', 'b', 'a']);
    expect(running.count('query/near')).toBe(2);
  });

  test('for another datacenter says so', async () => {
    await using running = await Running.start({ consul });
    running.consul.addDatacenter('dc2').queries.set('near', { service: 'consul' });
    await running.read({ ...near, datacenter: 'dc2' });
    expect(running.consul.requestsTo('query/near').at(-1)?.query.get('dc')).toBe('dc2');
    await running.read({ ...near, datacenter: 'dc1' });
    expect(running.consul.requestsTo('query/near').at(-1)?.query.has('dc')).toBe(false);
  });

  test('results are bounded in number', async () => {
    await using running = await Running.start({ consul, cache: { serviceCacheEntries: 10 } });
    for (let index = 0; index < 30; index += 1) await running.read(near, `192.0.2.${index}`);
    await running.read(near, '192.0.2.0');
    expect(running.count('query/near')).toBe(31);
  });
});

describe('D20: while the backend is away', () => {
  test('the last result is served at once and said to be stale, a query never asked for fails', async () => {
    await using running = await Running.start({ consul });
    await running.read(near);
    await running.consul.goAway();
    await expect.poll(() => running.cache.stats().isStale, { interval: 5 }).toBe(true);
    await running.pass(5_000);
    expect(running.read(near)).toMatchObject({ isStale: true, result: { service: 'web' } });
    await expect(running.read({ ...near, query: 'other' })).rejects.toMatchObject({ code: 'unreachable' });
    await expect(running.read(near, '192.0.2.77')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('answers made of an old result are called back a second later', async () => {
    await using running = await Running.start({ consul });
    await running.read(near);
    await running.pass(2_000);
    running.consul.fail('query/near', { kind: 'status', status: 500, body: 'rpc error making call: EOF' });
    const { isStale, dependsOn } = await running.read(near);
    expect(isStale).toBe(true);
    running.changes.length = 0;
    await running.pass(1_000);
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
  });

  test('not for longer than allowed, and never that there is no such query', async () => {
    await using running = await Running.start({ consul, cache: { staleMaxAgeMs: 30_000 } });
    await running.read(near);
    await running.read({ ...near, query: 'nope' });
    await running.consul.goAway();
    await expect.poll(() => running.cache.stats().isStale, { interval: 5 }).toBe(true);
    await running.pass(2_000);
    await expect(running.read({ ...near, query: 'nope' })).rejects.toMatchObject({ code: 'unreachable' });
    await running.pass(30_000);
    await expect(running.read(near)).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('H049: an execution slower than 1500 ms fails', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('query/near', { kind: 'hang' });
    const reading = expect(running.read(near)).rejects.toMatchObject({ code: 'timeout' });
    await running.quiet();
    await running.clock.advance(1_500);
    await reading;
  });

  test('also when the token is refused, as for services; but not when there is no such datacenter', async () => {
    await using running = await Running.start({ consul });
    await running.read(near);
    await running.pass(2_000);
    running.consul.fail('query/near', { kind: 'status', status: 403, body: 'Permission denied' });
    expect(await running.read(near)).toMatchObject({ isStale: true, result: { service: 'web' } });
    await expect(running.read({ ...near, query: 'other' })).resolves.toMatchObject({ isStale: false });
    running.consul.fail('query/near', { kind: 'status', status: 500, body: 'No path to datacenter' });
    await expect(running.read(near)).rejects.toMatchObject({ code: 'unknown-datacenter' });
  });
});
