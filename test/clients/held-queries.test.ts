import { setMaxListeners } from 'node:events';
import { expect, test } from 'vitest';
import { ask, indexOf, put } from '../agent/exchange.js';
import { startTestAgent } from '../agent/test-agent.js';

const CONCERNED = 4500;
/** Paths of things that the change leaves alone, each asked this often. */
const OTHERS = ['/v1/health/service/db', '/v1/catalog/service/db', '/v1/kv/app/mode', '/v1/health/service/absent'];
const EACH = 125;
/** Fewer than may wait to be accepted at a time. */
const BATCH = 500;

/** A settled answer's status, without a wait. */
async function settled<T>(answers: readonly Promise<T>[]): Promise<number> {
  const pending = Symbol();
  const states = await Promise.all(answers.map((answer) => Promise.race([answer, pending])));
  return states.filter((state) => state !== pending).length;
}

test('H142 of 5,000 blocking queries, a change answers all that it concerns and no other', async () => {
  await using agent = await startTestAgent();
  const register = (name: string, port: number): Promise<string> =>
    put(agent.url, '/v1/agent/service/register', { Name: name, Port: port });
  await register('web', 80);
  await register('db', 81);
  await put(agent.url, '/v1/kv/app/mode', 'on');
  // The first extinction: from then on an absent service no longer waits for every change.
  await register('gone', 82);
  await put(agent.url, '/v1/agent/service/deregister/gone');

  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const hold = async (path: string): Promise<{ readonly status: number; readonly body: string }> =>
    ask(agent.url, 'GET', `${path}?index=${await indexes.get(path)}&wait=10m`, { signal: over.signal });
  const web = '/v1/health/service/web';
  const indexes = new Map([web, ...OTHERS].map((path) => [path, indexOf(agent.url, path)]));
  await Promise.all(indexes.values());
  const holdAll = async (path: string, count: number): Promise<readonly ReturnType<typeof hold>[]> => {
    const held: ReturnType<typeof hold>[] = [];
    while (held.length < count) {
      held.push(...Array.from({ length: Math.min(BATCH, count - held.length) }, () => hold(path)));
      // What is asked later is answered later: the batch is held by then.
      await ask(agent.url, 'GET', '/v1/status/leader');
    }
    return held;
  };
  const others: ReturnType<typeof hold>[] = [];
  for (const path of OTHERS) others.push(...(await holdAll(path, EACH)));
  const concerned = await holdAll(web, CONCERNED);
  expect(await settled([...others, ...concerned])).toBe(0);

  await register('web', 8080);
  const answers = await Promise.all(concerned);
  expect(answers.filter(({ status, body }) => status === 200 && body.includes('"Port": 8080'))).toHaveLength(CONCERNED);
  expect(await settled(others)).toBe(0);

  await register('db', 8081);
  const ofDb = await Promise.all(others.slice(0, 2 * EACH));
  expect(ofDb.filter(({ body }) => body.includes('8081'))).toHaveLength(2 * EACH);
  expect(await settled(others.slice(2 * EACH))).toBe(0);

  const rest = Promise.allSettled(others.slice(2 * EACH));
  over.abort();
  expect((await rest).filter(({ status }) => status === 'rejected')).toHaveLength(2 * EACH);
}, 60_000);
