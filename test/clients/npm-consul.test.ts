import { once } from 'node:events';
import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Closable } from '../../src/lifecycle.js';
import { SIDES } from './sides.js';

type Watch = ReturnType<Consul['watch']>;

describe.each(SIDES)("npm's consul 2 to $title", ({ start, isMissing }) => {
  let agent: Closable & { readonly url: string };
  let consul: Consul;
  const clientTest = test.skipIf(isMissing);

  beforeAll(async () => {
    agent = await start();
    const { hostname, port } = new URL(agent.url);
    consul = new Consul({ host: hostname, port: Number(port) });
  });
  afterAll(async () => {
    consul?.destroy();
    await agent?.close();
  });

  /** The data of the next change, or the watch's error. */
  async function nextChange(watch: Watch): Promise<unknown> {
    const [data]: unknown[] = await once(watch, 'change');
    return data;
  }

  /** The next change that has this length: a real agent may take several steps to get there. */
  async function changeTo(watch: Watch, length: number): Promise<unknown[]> {
    for (;;) {
      const data = await nextChange(watch);
      if (Array.isArray(data) && data.length === length) return data;
    }
  }

  clientTest('H155 a watch of a service tells of its registration, its check and its end', async () => {
    const watch = consul.watch({ method: consul.health.service, options: { service: 'web', passing: 'true' } });
    try {
      expect(await nextChange(watch)).toEqual([]);
      const added = changeTo(watch, 1);
      // Its types want a name and a timeout for every check, which Consul does not.
      const check = { name: 'alive', timeout: '1s', ttl: '10m', status: 'critical' };
      await consul.agent.service.register({ name: 'web', id: 'web-1', port: 80, tags: ['v1'], check });
      await consul.agent.check.pass({ id: 'service:web-1', note: 'fine' });
      expect(await added).toMatchObject([
        { Service: { ID: 'web-1', Tags: ['v1'] }, Checks: [{}, { Name: 'alive', Output: 'fine' }] },
      ]);
      const failed = changeTo(watch, 0);
      await consul.agent.check.fail('service:web-1');
      expect(await failed).toEqual([]);
      const healed = changeTo(watch, 1);
      await consul.agent.check.pass('service:web-1');
      await healed;
      const gone = changeTo(watch, 0);
      await consul.agent.service.deregister('web-1');
      expect(await gone).toEqual([]);
      expect(watch.isRunning()).toBe(true);
    } finally {
      watch.end();
    }
  });

  clientTest('H155 a watch of a key tells of its value and of its deletion', async () => {
    const watch = consul.watch({ method: consul.kv.get, options: { key: 'app/mode' } });
    try {
      expect(await nextChange(watch)).toBeUndefined();
      const set = nextChange(watch);
      await consul.kv.set('app/mode', 'on');
      expect(await set).toMatchObject({ Key: 'app/mode', Value: 'on' });
      const deleted = nextChange(watch);
      await consul.kv.del('app/mode');
      expect(await deleted).toBeUndefined();
    } finally {
      watch.end();
    }
  });

  clientTest('H155 services, checks and health', async () => {
    await consul.agent.service.register({
      name: 'api',
      address: '127.0.0.1',
      port: 8080,
      meta: { a: 'b' },
      checks: [
        { name: 'one', timeout: '1s', ttl: '10m', status: 'passing' },
        { name: 'two', timeout: '1s', http: 'http://127.0.0.1:1/', interval: '10m' },
      ],
    });
    expect(await consul.agent.service.list()).toMatchObject({ api: { Port: 8080, Meta: { a: 'b' } } });
    expect(Object.keys(await consul.agent.check.list()).sort()).toEqual(['service:api:1', 'service:api:2']);
    expect(await consul.health.checks('api')).toMatchObject([{ Status: 'passing' }, { Status: 'critical' }]);
    expect(await consul.health.service({ service: 'api', passing: true })).toEqual([]);
    expect(await consul.health.state('critical')).toMatchObject([{ CheckID: 'service:api:2' }]);
    expect(await consul.catalog.service.nodes('api')).toMatchObject([{ ServiceAddress: '127.0.0.1' }]);
    expect(await consul.catalog.service.list()).toMatchObject({ api: [] });
    expect(await consul.catalog.node.list()).toMatchObject([{ Node: 'srv-1' }]);
    expect(await consul.catalog.datacenters()).toEqual(['dc1']);
    await consul.agent.service.maintenance({ id: 'api', enable: true, reason: 'repair' });
    expect(await consul.agent.check.list()).toMatchObject({ '_service_maintenance:api': { Notes: 'repair' } });
    await consul.agent.service.deregister('api');
    expect(await consul.agent.check.list()).toEqual({});
  });

  clientTest('H155 keys', async () => {
    expect(await consul.kv.get('missing')).toBeUndefined();
    expect(await consul.kv.set('list/a', Buffer.from([0, 255]))).toBe(true);
    expect(await consul.kv.set({ key: 'list/b', value: 'text', flags: 42 })).toBe(true);
    expect(await consul.kv.set({ key: 'list/b', value: 'other', cas: 0 })).not.toBe(true);
    expect(await consul.kv.get('list/b')).toMatchObject({ Value: 'text', Flags: 42 });
    expect(await consul.kv.get({ key: 'list/a', raw: true })).toEqual(Buffer.from([0, 255]));
    expect(await consul.kv.keys('list/')).toEqual(['list/a', 'list/b']);
    expect(await consul.kv.del({ key: 'list/', recurse: true })).toBe(true);
    await expect(consul.kv.keys('list/')).rejects.toThrow('not found');
  });

  clientTest('H155 sessions, queries, events and status', async () => {
    const { ID: session } = await consul.session.create({ name: 'lock', ttl: '60s' });
    expect(await consul.kv.set({ key: 'leader', value: 'me', acquire: session })).toBe(true);
    expect(await consul.session.get(session)).toMatchObject({ Name: 'lock' });
    await consul.session.destroy(session);
    expect(await consul.kv.get('leader')).not.toHaveProperty('Session');
    const query = await consul.query.create({ name: 'find-api', service: { service: 'api' } });
    expect(await consul.query.execute('find-api')).toMatchObject({ Service: 'api', Nodes: [] });
    expect(await consul.query.get(query.ID)).toMatchObject({ Name: 'find-api' });
    expect(await consul.event.fire('deploy', 'now')).toMatchObject({ Name: 'deploy' });
    expect(await consul.event.list('deploy')).toMatchObject([{ Name: 'deploy' }]);
    expect(await consul.status.leader()).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await consul.agent.self()).toMatchObject({ Config: { Datacenter: 'dc1', NodeName: 'srv-1' } });
  });

  clientTest('H155 errors carry the status and the text', async () => {
    await expect(consul.catalog.node.list({ dc: 'nope' })).rejects.toThrow('No path to datacenter');
    const check = { name: 'soon', timeout: '1s', interval: 'soon', http: 'http://127.0.0.1:1/' };
    await expect(consul.agent.service.register({ name: 'web', check })).rejects.toMatchObject({
      response: { statusCode: 400, body: expect.stringMatching(/^Request decode failed: time: invalid duration/) },
    });
  });
});
