import { afterEach, beforeEach, expect, test } from 'vitest';
import { put } from '../agent/exchange.js';
import { startTestAgent, type TestAgent } from '../agent/test-agent.js';
import { Resolver } from './resolver.js';

const INSTANCES = 20;
const ROUNDS = 10;

let agent: TestAgent;
let resolver: Resolver;
beforeEach(async () => {
  agent = await startTestAgent();
  resolver = new Resolver(agent.url, 'web');
});
afterEach(async () => {
  await resolver.close();
  await agent.close();
});

const register = (id: string, port = 80): Promise<string> =>
  put(agent.url, '/v1/agent/service/register', {
    Name: 'web',
    ID: id,
    Port: port,
    Check: { TTL: '1h', Status: 'passing' },
  });
const agentPut = (path: string): Promise<string> => put(agent.url, `/v1/agent/${path}`);

/** The ways in which an instance goes out of service and comes back, and what may change while it is there. */
const WAYS: readonly {
  readonly out: (id: string) => Promise<string>;
  readonly back: (id: string) => Promise<string>;
}[] = [
  { out: (id) => agentPut(`service/deregister/${id}`), back: (id) => register(id) },
  { out: (id) => agentPut(`check/fail/service:${id}`), back: (id) => agentPut(`check/pass/service:${id}`) },
  {
    out: (id) => agentPut(`service/maintenance/${id}?enable=true`),
    back: (id) => agentPut(`service/maintenance/${id}?enable=false`),
  },
  {
    out: (id) => put(agent.url, '/v1/agent/service/register', { Name: 'web-away', ID: id, Port: 80 }),
    back: (id) => register(id),
  },
];

test('H139 a resolver sees every instance come and go exactly once, however many change at a time', async () => {
  await Promise.all(
    Array.from({ length: INSTANCES }, async (_, number) => {
      const id = `web-${number}`;
      await register(id);
      await resolver.sees(id, true);
      for (let round = 0; round < ROUNDS; round += 1) {
        const way = WAYS[(number + round) % WAYS.length];
        await way?.out(id);
        await resolver.sees(id, false);
        await way?.back(id);
        await resolver.sees(id, true);
        // Seen by the resolver, and no turn: the instance is the same.
        await register(id, 80 + round);
      }
      await agentPut(`service/deregister/${id}`);
      await resolver.sees(id, false);
    }),
  );
  for (let number = 0; number < INSTANCES; number += 1) {
    const seen = resolver.turns.filter(({ id }) => id === `web-${number}`).map(({ kind }) => kind);
    const expected = Array.from({ length: 2 * (ROUNDS + 1) }, (_, turn) => (turn % 2 === 0 ? 'add' : 'delete'));
    expect(seen).toEqual(expected);
  }
  expect(resolver.largestFall).toBe(0);
});

test('H139 a resolver is woken by each single change', async () => {
  await register('web-1');
  await resolver.sees('web-1', true);
  for (let round = 0; round < 200; round += 1) {
    // Nothing else changes: a wake that is lost is missed.
    const way = WAYS[round % WAYS.length];
    await way?.out('web-1');
    await resolver.sees('web-1', false);
    await way?.back('web-1');
    await resolver.sees('web-1', true);
  }
  expect(resolver.turns).toHaveLength(2 * 200 + 1);
});

test('H139 H164 a resolver is woken by what concerns it, and by nothing else', async () => {
  await register('web-1');
  await resolver.sees('web-1', true);
  const before = resolver.answers;
  for (let round = 0; round < 50; round += 1) {
    await put(agent.url, '/v1/agent/service/register', { Name: 'db', Port: round + 1 });
    await put(agent.url, '/v1/kv/app/mode', String(round));
    // The same again changes nothing.
    await register('web-1');
  }
  await register('web-2');
  await resolver.sees('web-2', true);
  // One answer for the registration; Consul would count the check as a second change.
  expect(resolver.answers - before).toBe(1);
});

test('H139 an instance that comes and goes between two answers leaves the resolver as it was', async () => {
  await register('web-1');
  await resolver.sees('web-1', true);
  // Sent on connections of their own, without waiting: the answers meet them in any order.
  const flicker = Array.from({ length: 100 }, async (_, number) => {
    await register(`flicker-${number}`);
    await agentPut(`service/deregister/flicker-${number}`);
  });
  await Promise.all(flicker);
  await register('last');
  await resolver.sees('last', true);
  const counts = new Map<string, number>();
  for (const { kind, id } of resolver.turns) counts.set(id, (counts.get(id) ?? 0) + (kind === 'add' ? 1 : -1));
  const there = [...counts].filter(([, count]) => count !== 0);
  expect(there.sort()).toEqual([
    ['last', 1],
    ['web-1', 1],
  ]);
});
