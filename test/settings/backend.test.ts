import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { TestClock } from '../support/test-clock.js';
import { answers, ask } from './seen.js';
import { configFrom, testSettings } from './setting-case.js';

/** As whom Consul is asked, how, and for what (dns-behaviour sections 16 and 17, http-api A2 and A4). */

let consul: FakeConsul;
let names = 0;

beforeEach(async () => {
  consul = await startFakeConsul({
    nodes: [{ name: 'web-1', address: '10.20.0.1' }],
    services: { web: [{ node: 'web-1', address: '192.0.2.22', port: 80 }] },
  });
});
afterEach(() => consul.close());

/** Asks for a service that nobody asked for before; the last request that this led to. */
async function requestFor(server: TestServer) {
  names += 1;
  const name = `new-${names}`;
  consul.setService(name, [{ port: 1 }]);
  await expect.poll(async () => (await ask(server, `${name}.service.consul`)).rcode, { interval: 10 }).toBe(0);
  const request = consul.requestsTo(`health/service/${name}`)[0];
  if (request === undefined) throw new Error(`Nobody asked Consul for "${name}"`);
  return request;
}

async function consistencyOf(server: TestServer): Promise<readonly string[]> {
  const { query } = await requestFor(server);
  return ['stale', 'consistent'].filter((mode) => query.has(mode));
}

testSettings(
  [
    {
      key: 'acl.tokens.default',
      rows: '17, A4.1, 5.4.9',
      sides: [
        { json: { acl: { tokens: { default: 'one' } } }, sees: 'one' },
        { json: {}, sees: undefined },
      ],
      ask: async (server) => (await requestFor(server)).headers['x-consul-token'],
    },
    {
      key: 'acl.tokens.dns before acl.tokens.default',
      rows: '17',
      sides: [
        { json: { acl: { tokens: { default: 'one', dns: 'two' } } }, sees: 'two' },
        { json: { acl: { tokens: { default: 'one' } } }, sees: 'one' },
      ],
      ask: async (server) => (await requestFor(server)).headers['x-consul-token'],
    },
    {
      key: 'dns_config.allow_stale',
      rows: '16.1, 18.1, H052',
      sides: [
        { json: { dns_config: { allow_stale: true } }, sees: ['stale'] },
        { json: { dns_config: { allow_stale: false } }, sees: [] },
      ],
      ask: consistencyOf,
    },
    {
      key: 'consul_dnsd.consistency',
      rows: 'A2, H052',
      sides: [
        { json: { consul_dnsd: { consistency: 'stale' } }, sees: ['stale'] },
        { json: { consul_dnsd: { consistency: 'consistent' } }, sees: ['consistent'] },
      ],
      ask: consistencyOf,
    },
    {
      key: 'consul_dnsd.consistency',
      rows: 'A2, H052',
      sides: [
        { json: { consul_dnsd: { consistency: 'consistent' } }, sees: ['consistent'] },
        { json: { consul_dnsd: { consistency: 'default' } }, sees: [] },
      ],
      ask: consistencyOf,
    },
    {
      key: 'consul_dnsd.reverse_scope',
      rows: '5.11, 18.4',
      sides: [
        { json: { consul_dnsd: { reverse_scope: 'all' } }, sees: { node: 1, service: 1, rcode: 0 } },
        { json: { consul_dnsd: { reverse_scope: 'nodes' } }, sees: { node: 1, service: 0, rcode: 3 } },
      ],
      ask: async (server) => {
        const { answer, rcode } = await ask(server, '22.2.0.192.in-addr.arpa', 'PTR');
        return { node: (await answers(server, '1.0.20.10.in-addr.arpa', 'PTR')).length, service: answer.length, rcode };
      },
    },
  ],
  () => consul.url,
);

describe('datacenter (17)', () => {
  test.each([
    { datacenter: 'DC2', rcode: 0, target: '0a630001.addr.dc2.consul.' },
    { datacenter: 'dc1', rcode: 3, target: undefined },
  ])('names without a datacenter mean "$datacenter"', async ({ datacenter, rcode, target }) => {
    consul.addDatacenter('dc2').setService('far', [{ address: '10.99.0.1', port: 80 }]);
    await using server = await startTestServer(consul.url, configFrom({ datacenter }, { httpAddr: [consul.url] }));
    const reply = await ask(server, 'far.service.consul', 'SRV');
    expect(reply.rcode).toBe(rcode);
    expect(reply.answer[0]?.data).toEqual(target && { kind: 'SRV', priority: 1, weight: 1, port: 80, target });
  });

  test('left out, it is the one of the Consul that is asked', async () => {
    await using other = await startFakeConsul({ datacenter: 'berlin', services: { web: [{ port: 80 }] } });
    const config = { ...configFrom({}, { httpAddr: [other.url] }), datacenter: undefined };
    await using server = await startTestServer(other.url, config);
    expect(await answers(server, 'web.service.berlin.consul', 'SRV')).toEqual([
      'web.service.berlin.consul. 0 IN SRV 1 1 80 node-1.node.berlin.consul.',
    ]);
  });

  test('another one waits for the next start', async () => {
    await using server = await startTestServer(consul.url, configFrom({}, { httpAddr: [consul.url] }));
    const next = configFrom({ datacenter: 'dc2' }, { httpAddr: [consul.url] });
    expect(await server.reload(next)).toEqual(['datacenter']);
  });
});

describe('node_name (5.4.1, 18.3)', () => {
  test('a prepared query starts from the node of the agent that runs it, whatever our own is called', async () => {
    consul.setQuery('near', { service: 'web' });
    await using server = await startTestServer(
      consul.url,
      configFrom({ node_name: 'front-9' }, { httpAddr: [consul.url] }),
    );
    expect((await ask(server, 'near.query.consul')).answer).toHaveLength(1);
    expect([...(consul.requestsTo('query/near')[0]?.query.keys() ?? [])].sort()).toEqual(['dc', 'stale']);
  });
});

describe('dns_config.use_cache and cache_max_age (16.3, 16.4, C178, H059)', () => {
  const dns = (dns_config: unknown): Config => configFrom({ dns_config }, { httpAddr: [consul.url] });

  /** How often Consul runs a query that is asked for at these times. */
  async function runs(server: TestServer, clock: TestClock, times: readonly number[]): Promise<number> {
    const before = consul.requestsTo('query/q').length;
    const start = clock.now();
    for (const time of times) {
      await clock.advance(start + time - clock.now());
      expect((await ask(server, 'q.query.consul')).answer).toHaveLength(1);
    }
    return consul.requestsTo('query/q').length - before;
  }

  test.each([
    { config: {}, ttl: '', count: 2, why: 'a second' },
    { config: {}, ttl: '0s', count: 4, why: "the query's own TTL" },
    { config: { use_cache: true }, ttl: '', count: 2, why: 'a second, for without an age Consul sets no limit' },
    { config: { use_cache: true, cache_max_age: '5s' }, ttl: '', count: 1, why: 'five seconds' },
    { config: { use_cache: true, cache_max_age: '5s' }, ttl: '0s', count: 1, why: 'five seconds, whatever the TTL' },
    { config: { use_cache: true, cache_max_age: '200ms' }, ttl: '', count: 4, why: 'a fifth of a second' },
    {
      config: { use_cache: false, cache_max_age: '5s' },
      ttl: '',
      count: 2,
      why: 'as Consul, no age without the cache',
    },
  ])('with $config and TTL "$ttl" a result is used again for: $why', async ({ config, ttl, count }) => {
    consul.setQuery('q', { service: 'web', ttl });
    const clock = new TestClock();
    await using server = await startTestServer(consul.url, dns(config), { clock });
    expect(await runs(server, clock, [0, 400, 1_200, 1_600])).toBe(count);
  });

  test('a reload switches, and does not let an old result live on', async () => {
    consul.setQuery('q', { service: 'web' });
    const clock = new TestClock();
    const long = dns({ use_cache: true, cache_max_age: '1h' });
    await using server = await startTestServer(consul.url, long, { clock });
    expect(await runs(server, clock, [0, 5_000])).toBe(1);
    await server.reload(dns({}));
    expect(await runs(server, clock, [0, 5_000])).toBe(2);
    await server.reload(long);
    expect(await runs(server, clock, [0, 5_000])).toBe(1);
  });
});
