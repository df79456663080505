import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CatalogCache } from '../../src/catalog/cache.js';
import type { Rows } from '../../src/catalog/source.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { instancesOf, portsOf } from './running.js';
import { anyone, createCache, createClient, service } from './setup.js';

const within = { interval: 10, timeout: 2_000 };
const local = { datacenter: undefined, peer: undefined };

describe.skipIf(consulBinary === undefined)(`with a real Consul${unlessMissing('consul', consulBinary)}`, () => {
  let consul: RealConsul;
  let cache: CatalogCache & AsyncDisposable;

  beforeAll(async () => {
    consul = await RealConsul.start();
    cache = createCache(consul.url, { datacenter: 'dc1' });
    await cache.ready(anyone);
  });

  afterAll(async () => {
    await cache?.[Symbol.asyncDispose]();
    await consul?.close();
  });

  const register = (definition: object) => consul.put('/v1/agent/service/register', definition);
  const deregister = (id: string) => consul.put(`/v1/agent/service/deregister/${id}`);
  const read = async (name: string) => instancesOf(await cache.read(service(name), anyone));

  test('the agent tells its datacenter', async () => {
    const client = createClient(consul.url);
    expect(await client.self(anyone)).toMatchObject({ datacenter: 'dc1', domain: 'consul.' });
    await client.close();
  });

  test('a service is found once registered, with what was registered', async () => {
    await register({
      Name: 'web',
      ID: 'web-1',
      Port: 8080,
      Tags: ['b', 'a'],
      Meta: { version: '1' },
      Weights: { Passing: 5, Warning: 2 },
      TaggedAddresses: { wan: { Address: '192.0.2.1', Port: 80 } },
    });
    await expect.poll(() => read('web'), within).toHaveLength(1);
    expect(await read('web')).toMatchObject([
      {
        id: 'web-1',
        service: 'web',
        port: 8080,
        tags: ['b', 'a'],
        meta: { version: '1' },
        weights: { passing: 5, warning: 2 },
        taggedAddresses: { wan: { address: '192.0.2.1', port: 80 } },
        checks: [{ id: 'serfHealth', status: 'passing', serviceId: '' }],
        node: { name: 'srv-1', address: '127.0.0.1', datacenter: 'dc1' },
      },
    ]);
  });

  test('H030: a port that changes reaches the next answer', async () => {
    await register({ Name: 'web', ID: 'web-1', Port: 8081 });
    await expect.poll(async () => portsOf(await read('web')), within).toEqual([8081]);
  });

  test('H031, H170: a check that fails and recovers does so too', async () => {
    await register({ Name: 'ttl', ID: 'ttl', Port: 1, Check: { CheckID: 'alive', TTL: '1h', Status: 'passing' } });
    const statuses = async () => (await read('ttl')).flatMap(({ checks }) => checks.map(({ status }) => status)).sort();
    await expect.poll(statuses, within).toEqual(['passing', 'passing']);
    await consul.put('/v1/agent/check/fail/alive');
    await expect.poll(statuses, within).toEqual(['critical', 'passing']);
    await consul.put('/v1/agent/check/warn/alive');
    await expect.poll(statuses, within).toEqual(['passing', 'warning']);
    await consul.put('/v1/agent/check/pass/alive');
    await expect.poll(statuses, within).toEqual(['passing', 'passing']);
  });

  test('H032: maintenance of the node shows at each of its instances', async () => {
    await consul.put('/v1/agent/maintenance?enable=true');
    const ids = async () => (await read('web')).flatMap(({ checks }) => checks.map(({ id }) => id));
    await expect.poll(ids, within).toContain('_node_maintenance');
    await consul.put('/v1/agent/maintenance?enable=false');
    await expect.poll(ids, within).not.toContain('_node_maintenance');
  });

  test('H027: a service that takes another name under the same ID loses the old one', async () => {
    // Several in a row, so that some meet the names between two reads.
    for (let round = 1; round <= 3; round += 1) {
      const [before, after] = [`before-${round}`, `after-${round}`];
      await register({ Name: before, ID: `renamed-${round}`, Port: 1 });
      await expect.poll(() => read(before), within).toHaveLength(1);
      await register({ Name: after, ID: `renamed-${round}`, Port: 1 });
      await expect.poll(() => read(before), within).toEqual([]);
      expect(await read(after)).toHaveLength(1);
    }
  });

  test('H166: one of two instances that takes another name is gone from the old one', async () => {
    await register({ Name: 'pair', ID: 'pair-1', Port: 1 });
    await register({ Name: 'pair', ID: 'pair-2', Port: 2 });
    await expect.poll(async () => portsOf(await read('pair')), within).toEqual([1, 2]);
    await register({ Name: 'single', ID: 'pair-1', Port: 1 });
    await expect.poll(async () => portsOf(await read('pair')), within).toEqual([2]);
  });

  test('H028, H029: nodes come, change and go', async () => {
    const readNode = async () => {
      const rows: Rows = await cache.read({ kind: 'node', node: 'outside', locality: local }, anyone);
      return rows.kind === 'node' ? rows.node?.address : undefined;
    };
    expect(await readNode()).toBeUndefined();
    const body = { Node: 'Outside', Address: '192.0.2.50', Service: { Service: 'external', Port: 9 } };
    await consul.put('/v1/catalog/register', body);
    await expect.poll(readNode, within).toBe('192.0.2.50');
    await expect.poll(() => read('external'), within).toMatchObject([{ node: { address: '192.0.2.50' } }]);
    await consul.put('/v1/catalog/register', { ...body, Address: '192.0.2.51' });
    await expect.poll(readNode, within).toBe('192.0.2.51');
    await expect.poll(() => read('external'), within).toMatchObject([{ node: { address: '192.0.2.51' } }]);
    await consul.put('/v1/catalog/deregister', { Node: 'Outside' });
    await expect.poll(readNode, within).toBeUndefined();
    await expect.poll(() => read('external'), within).toEqual([]);
  });

  test('H036: a name denied a moment before is found within 100 ms of its registration', async () => {
    expect(await read('fresh')).toEqual([]);
    await register({ Name: 'fresh', Port: 1 });
    await expect.poll(() => read('fresh'), { interval: 5, timeout: 100 }).toHaveLength(1);
    await deregister('fresh');
  });

  test('prepared queries run, and unknown ones are unknown', async () => {
    await consul.request('POST', '/v1/query', { Name: 'q', Service: { Service: 'web' }, DNS: { TTL: '10s' } });
    const run = (query: string) => cache.read({ kind: 'prepared-query', query, datacenter: undefined }, anyone);
    expect(await run('q')).toMatchObject({ result: { service: 'web', ttlSeconds: 10, instances: [{ port: 8081 }] } });
    expect(await run('nope')).toMatchObject({ result: undefined });
  });

  test('C172: an unknown datacenter is unknown for every kind of lookup', async () => {
    const locality = { datacenter: 'nowhere', peer: undefined };
    for (const lookup of [
      service('web', { locality }),
      service('web', { locality, view: 'connect' }),
      { kind: 'node', node: 'srv-1', locality } as const,
      { kind: 'prepared-query', query: 'q', datacenter: 'nowhere' } as const,
    ]) {
      expect(await cache.read(lookup, anyone)).toMatchObject({ kind: 'unknown-datacenter' });
    }
  });

  test('D14: an address has its node and its services', async () => {
    await register({ Name: 'addressed', Port: 1, Address: '192.0.2.77' });
    const owners = async (address: string) => {
      const rows = await cache.read({ kind: 'reverse', address }, anyone);
      return rows.kind === 'owners' ? rows.owners.map(({ name }) => name) : [];
    };
    expect(await owners('127.0.0.1')).toContain('srv-1');
    await expect.poll(() => owners('192.0.2.77'), within).toEqual(['addressed']);
  });

  test('D20, H079: killed, its rows are served stale; started again, everything is as it says', async () => {
    await read('web');
    await consul.kill();
    await expect.poll(() => cache.stats().isStale, within).toBe(true);
    expect(await cache.read(service('web'), anyone)).toMatchObject({ isStale: true, instances: [{ port: 8081 }] });
    await expect(cache.read(service('unheard-of'), anyone)).rejects.toMatchObject({ code: 'unreachable' });
    await consul.restart();
    await register({ Name: 'web', ID: 'web-1', Port: 9090 });
    await expect.poll(async () => portsOf(await read('web')), { interval: 50, timeout: 17_000 }).toEqual([9090]);
    await expect.poll(() => cache.stats().isStale, { interval: 50, timeout: 17_000 }).toBe(false);
    // In dev mode nothing survives the restart, so the names of before are gone, at once or after a minute's doubt.
    expect(await read('unheard-of')).toEqual([]);
  }, 45_000);
});
