import { describe, expect, test } from 'vitest';
import { TestClock } from '../support/test-clock.js';
import { ask, get, put } from './exchange.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

async function createSession({ url }: TestAgent, body: object = {}): Promise<string> {
  const { ID } = JSON.parse(await put(url, '/v1/session/create', body)) as { ID: string };
  return ID;
}

const lock = async ({ url }: TestAgent, key: string, session: string): Promise<boolean> =>
  JSON.parse(await put(url, `/v1/kv/${key}?acquire=${session}`, 'held')) === true;

async function holder({ url }: TestAgent, key: string): Promise<string | undefined> {
  const [pair] = (await get(url, `/v1/kv/${key}`)) as [{ Session?: string }];
  return pair.Session;
}

const ids = async ({ url }: TestAgent): Promise<readonly string[]> =>
  ((await get(url, '/v1/session/list')) as { ID: string }[]).map(({ ID }) => ID);

describe('H158 B8 sessions', () => {
  test('run out after their TTL, within twice its time, unless they are renewed', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    const session = await createSession(agent, { TTL: '10s' });
    expect(await lock(agent, 'key', session)).toBe(true);
    await clock.advance(10_000);
    expect(await ids(agent)).toEqual([session]);
    await put(agent.url, `/v1/session/renew/${session}`);
    await clock.advance(19_999);
    expect(await holder(agent, 'key')).toBe(session);
    await clock.advance(1);
    expect(await ids(agent)).toEqual([]);
    expect(await holder(agent, 'key')).toBeUndefined();
    expect((await ask(agent.url, 'PUT', `/v1/session/renew/${session}`)).status).toBe(404);
  });

  test('a lock whose session broke is not to be had before its delay is over', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    const [first, second] = [await createSession(agent, { LockDelay: '15s' }), await createSession(agent)];
    await lock(agent, 'key', first);
    expect(await lock(agent, 'key', second)).toBe(false);
    await put(agent.url, `/v1/session/destroy/${first}`);
    await clock.advance(14_999);
    expect(await lock(agent, 'key', second)).toBe(false);
    await clock.advance(1);
    expect(await lock(agent, 'key', second)).toBe(true);
  });

  test('Behavior "delete" takes the keys along', async () => {
    await using agent = await startTestAgent();
    const session = await createSession(agent, { Behavior: 'delete' });
    await lock(agent, 'a', session);
    await lock(agent, 'b', session);
    await put(agent.url, `/v1/session/destroy/${session}`);
    expect(await get(agent.url, '/v1/kv/?keys')).toEqual([]);
  });

  test('end when a check they depend on turns critical or goes, or the node does', async () => {
    await using agent = await startTestAgent();
    await put(agent.url, '/v1/agent/check/register', { Name: 'disk', TTL: '1h', Status: 'passing' });
    const careful = { NodeChecks: ['serfHealth', 'disk'] };
    const [first, bystander] = [await createSession(agent, careful), await createSession(agent)];
    await put(agent.url, '/v1/agent/check/warn/disk');
    expect(await ids(agent)).toContain(first);
    await put(agent.url, '/v1/agent/check/fail/disk');
    expect(await ids(agent)).toEqual([bystander]);
    expect(await ask(agent.url, 'PUT', '/v1/session/create', { body: JSON.stringify(careful) })).toMatchObject({
      status: 500,
      body: "Check 'disk' is in critical state",
    });
    await put(agent.url, '/v1/agent/check/pass/disk');
    const second = await createSession(agent, careful);
    await put(agent.url, '/v1/agent/check/deregister/disk');
    expect(await ids(agent)).not.toContain(second);
    await put(agent.url, '/v1/catalog/deregister', { Node: 'srv-1' });
    expect(await ids(agent)).toEqual([]);
  });

  test('a session that a prepared query is bound to takes the query along', async () => {
    await using agent = await startTestAgent();
    const session = await createSession(agent);
    const query = { Session: session, Service: { Service: 'consul' } };
    expect((await ask(agent.url, 'POST', '/v1/query', { body: JSON.stringify(query) })).status).toBe(200);
    await put(agent.url, `/v1/session/destroy/${session}`);
    expect(await get(agent.url, '/v1/query')).toEqual([]);
  });

  test('no timer outlives its session or the agent', async () => {
    const clock = new TestClock();
    const agent = await startTestAgent({ clock });
    const idle = clock.sleeping;
    const session = await createSession(agent, { TTL: '10s' });
    await put(agent.url, `/v1/session/renew/${session}`);
    expect(clock.sleeping).toBe(idle + 1);
    await put(agent.url, `/v1/session/destroy/${session}`);
    expect(clock.sleeping).toBe(idle);
    await createSession(agent, { TTL: '10s' });
    await agent.close();
    expect(clock.sleeping).toBe(0);
  });
});
