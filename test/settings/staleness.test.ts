import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/settings.js';
import type { Message } from '../../src/wire/message.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ask } from './seen.js';
import { configFrom, testSettings } from './setting-case.js';

/** How old rows may be, and what an outage does to answers (dns-behaviour section 16, http-api A2, D20). */

const SERVFAIL = 2;
const STALE_ANSWER = 3;

let consul: FakeConsul;

beforeEach(async () => {
  consul = await startFakeConsul({
    nodes: [{ name: 'web-1', address: '10.20.0.1' }],
    services: { web: [{ node: 'web-1', port: 80 }], db: [{ node: 'web-1', port: 81 }] },
    queries: { q: { service: 'web' } },
  });
});
afterEach(() => consul.close());

const from = (json: unknown): Config => configFrom(json, { httpAddr: [consul.url] });
const staleFor = (max_age: string): Config => from({ consul_dnsd: { stale: { max_age } } });

function askWithEdns(server: TestServer, name: string): Promise<Message> {
  return ask(server, name, 'A', { edns: true });
}

/** `fresh`, `stale` (it says so) or `failed`. */
function stateOf({ rcode, answer, edns }: Message): string {
  if (rcode === SERVFAIL) return 'failed';
  const errors = edns?.options.filter(({ code }) => code === 15) ?? [];
  const isStale = errors.some(({ data }) => Buffer.from(data).readUInt16BE(0) === STALE_ANSWER);
  return answer.length === 0 ? 'empty' : isStale ? 'stale' : 'fresh';
}

/** Takes Consul away; resolves when the server has noticed. */
async function outage(server: TestServer): Promise<void> {
  await consul.goAway();
  await expect.poll(() => server.status().isStale, { interval: 10, timeout: 5_000 }).toBe(true);
}

describe('dns_config.max_stale (16.2, 18.7, C177)', () => {
  beforeEach(() => {
    consul.fail(/stale/, { kind: 'headers', headers: { 'x-consul-lastcontact': '6000' } });
  });

  let names = 0;

  testSettings(
    [
      {
        key: 'dns_config.max_stale',
        rows: 'answers of a server that has not heard of its leader for six seconds',
        sides: [
          { json: { dns_config: { max_stale: '5s' } }, sees: ['stale', 'leader'] },
          { json: { dns_config: { max_stale: '6s' } }, sees: ['stale'] },
        ],
        ask: async (server) => {
          names += 1;
          const name = `new-${names}`;
          consul.setService(name, [{ port: 1 }]);
          await expect.poll(async () => stateOf(await askWithEdns(server, `${name}.service.consul`))).toBe('fresh');
          const first = consul.requestsTo(`health/service/${name}`).filter(({ query }) => !query.has('index'));
          return first.map(({ query }) => (query.has('stale') ? 'stale' : 'leader')).slice(0, 2);
        },
      },
    ],
    () => consul.url,
  );

  test('without a leader names are SERVFAIL, reverse lookups and SOA are not', async () => {
    await using server = await startTestServer(consul.url, from({ dns_config: { max_stale: '5s' } }));
    consul.fail(/^(?!.*stale)/, { kind: 'status', status: 500, body: 'No cluster leader' });
    expect((await ask(server, 'web.service.consul')).rcode).toBe(SERVFAIL);
    expect((await ask(server, '1.0.20.10.in-addr.arpa', 'PTR')).answer).toHaveLength(1);
    expect((await ask(server, 'consul', 'SOA')).answer).toHaveLength(1);
  });
});

describe('without a leader (16.1, C174, C176, H051)', () => {
  const noLeader = (): void => {
    consul.fail(/stale/, { kind: 'headers', headers: { 'x-consul-knownleader': 'false' } });
    consul.fail(/^(?!.*stale)/, { kind: 'status', status: 500, body: 'No cluster leader' });
    consul.dropConnections();
  };

  test('allow_stale true goes on as if nothing were', async () => {
    await using server = await startTestServer(consul.url, from({ dns_config: { allow_stale: true } }));
    noLeader();
    consul.setService('late', [{ port: 82 }]);
    await expect.poll(async () => stateOf(await askWithEdns(server, 'late.service.consul'))).toBe('fresh');
  });

  test('allow_stale false is SERVFAIL for names not seen before; others are the last good ones', async () => {
    await using server = await startTestServer(consul.url, from({ dns_config: { allow_stale: false } }));
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('fresh');
    noLeader();
    await expect.poll(async () => stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('stale');
    expect(stateOf(await askWithEdns(server, 'db.service.consul'))).toBe('failed');
  });

  test("allow_stale false with stale.max_age 0s is Consul's way: SERVFAIL", async () => {
    const config = from({ dns_config: { allow_stale: false }, consul_dnsd: { stale: { max_age: '0s' } } });
    await using server = await startTestServer(consul.url, config);
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('fresh');
    noLeader();
    await expect.poll(async () => stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('failed');
  });

  test('allowing stale answers by a reload brings names back', async () => {
    const config = from({ dns_config: { allow_stale: false } });
    await using server = await startTestServer(consul.url, config);
    noLeader();
    await expect.poll(async () => stateOf(await askWithEdns(server, 'db.service.consul'))).toBe('failed');
    await server.reload(from({ dns_config: { allow_stale: true } }));
    await expect.poll(async () => stateOf(await askWithEdns(server, 'db.service.consul'))).toBe('fresh');
  });
});

test('a start waits some seconds for a Consul that takes requests and never answers, not longer', async () => {
  consul.fail('/v1/', { kind: 'hang' });
  await using server = await startTestServer(consul.url, from({}));
  expect((await ask(server, '0a140001.addr.consul')).answer).toHaveLength(1);
  expect((await ask(server, 'web.service.consul')).rcode).toBe(SERVFAIL);
});

describe('consul_dnsd.stale.max_age (16.6, D20)', () => {
  const NAMES = ['web.service.consul', 'web-1.node.consul', 'q.query.consul'];

  async function states(server: TestServer): Promise<readonly string[]> {
    return Promise.all(NAMES.map(async (name) => stateOf(await askWithEdns(server, name))));
  }

  test.each([
    { age: '1h', state: 'stale' },
    { age: '0s', state: 'failed' },
  ])('in an outage, with $age answers are: $state', async ({ age, state }) => {
    await using server = await startTestServer(consul.url, staleFor(age));
    expect(await states(server)).toEqual(['fresh', 'fresh', 'fresh']);
    await outage(server);
    await delay(1_100); // A prepared query's result is good for a second.
    expect(await states(server)).toEqual([state, state, state]);
    expect(stateOf(await askWithEdns(server, 'db.service.consul'))).toBe('failed');
  });

  test('a reload in the outage switches, and what is known stays known', async () => {
    await using server = await startTestServer(consul.url, staleFor('0s'));
    await askWithEdns(server, 'web.service.consul');
    await outage(server);
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('failed');
    await server.reload(staleFor('1h'));
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('stale');
    await server.reload(staleFor('0s'));
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('failed');
  });

  test('a reload in the outage that needs other rows keeps the old ones until Consul is back', async () => {
    await using server = await startTestServer(consul.url, from({ dns_config: { only_passing: true } }));
    await askWithEdns(server, 'web.service.consul');
    await outage(server);
    await server.reload(from({ dns_config: { only_passing: false, allow_stale: false } }));
    expect(stateOf(await askWithEdns(server, 'web.service.consul'))).toBe('stale');
    await consul.comeBack();
    const asksTheLeader = async (): Promise<boolean> => {
      const state = stateOf(await askWithEdns(server, 'web.service.consul'));
      const last = consul.requestsTo('health/service/web').at(-1);
      return state === 'fresh' && last?.query.has('stale') === false;
    };
    await expect.poll(asksTheLeader, { timeout: 18_000 }).toBe(true);
  });
});

describe.skipIf(consulBinary === undefined)(`with a real Consul${unlessMissing('consul', consulBinary)}`, () => {
  test.each([
    { json: { consul_dnsd: { stale: { max_age: '1h' } } }, state: 'stale' },
    { json: { consul_dnsd: { stale: { max_age: '0s' } } }, state: 'failed' },
  ])('that dies, answers with $json are: $state (C174, D20)', async ({ json, state }) => {
    await using real = await RealConsul.start();
    await real.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    await using server = await startTestServer(real.url, configFrom(json, { httpAddr: [real.url] }));
    const wait = (wanted: string) =>
      eventually(
        async () => stateOf(await askWithEdns(server, 'web.service.consul')),
        (found) => found === wanted,
      );
    expect(await wait('fresh')).toBe('fresh');
    await real.kill();
    expect(await wait(state)).toBe(state);
  });

  test.each(['stale', 'default', 'consistent'])(
    'consistency "%s" is one that Consul takes (A2)',
    async (consistency) => {
      await using real = await RealConsul.start();
      await real.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
      const config = configFrom({ consul_dnsd: { consistency } }, { httpAddr: [real.url] });
      await using server = await startTestServer(real.url, config);
      const reply = await eventually(
        () => askWithEdns(server, 'web.service.consul'),
        ({ answer }) => answer.length > 0,
      );
      expect(stateOf(reply)).toBe('fresh');
      expect(server.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    },
  );
});
