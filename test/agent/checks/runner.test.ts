import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { TestClock } from '../../support/test-clock.js';
import { ask, get, put } from '../exchange.js';
import { startTestAgent, type TestAgent } from '../test-agent.js';

interface CheckView {
  readonly Status: string;
  readonly Output: string;
}

async function checkOf({ url }: TestAgent, id: string): Promise<CheckView | undefined> {
  // The shape is that of A5.
  const checks = (await get(url, '/v1/agent/checks')) as Readonly<Record<string, CheckView>>;
  return checks[id];
}

async function services({ url }: TestAgent): Promise<readonly string[]> {
  return Object.keys((await get(url, '/v1/catalog/services')) as object);
}

const registerService = ({ url }: TestAgent, body: object): Promise<string> =>
  put(url, '/v1/agent/service/register', body);
const registerCheck = ({ url }: TestAgent, body: object): Promise<string> => put(url, '/v1/agent/check/register', body);

describe('TTL checks', () => {
  test('H115 H116 start critical, follow their owner, and expire with the last note', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await registerCheck(agent, { Name: 'ttl', TTL: '10s' });
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'critical', Output: '' });
    await put(agent.url, '/v1/agent/check/pass/ttl?note=all%20well');
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'passing', Output: 'all well' });
    await clock.advance(9_999);
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'passing' });
    await clock.advance(1);
    expect(await checkOf(agent, 'ttl')).toMatchObject({
      Status: 'critical',
      Output: 'TTL expired (last output before timeout follows): all well',
    });
    await put(agent.url, '/v1/agent/check/warn/ttl');
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'warning', Output: '' });
    await clock.advance(10_000);
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'critical', Output: 'TTL expired' });
    await put(agent.url, '/v1/agent/check/fail/ttl');
  });

  test('H116 every word of the owner starts the time anew, and a status given at registration starts it', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await registerCheck(agent, { Name: 'ttl', TTL: '10s', Status: 'passing' });
    for (let turn = 0; turn < 3; turn += 1) {
      await clock.advance(6000);
      await put(agent.url, '/v1/agent/check/update/ttl', { Status: 'passing', Output: '' });
    }
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'passing' });
    await clock.advance(10_000);
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Status: 'critical' });
  });

  test('H117 a note that is too long is cut, and other checks take none', async () => {
    await using agent = await startTestAgent();
    await registerCheck(agent, { Name: 'ttl', TTL: '10s', OutputMaxSize: 3 });
    await registerCheck(agent, { Name: 'tcp', TCP: '127.0.0.1:1', Interval: '1h' });
    await put(agent.url, '/v1/agent/check/pass/ttl?note=abcdef');
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Output: 'abc ... (captured 3 of 6 bytes)' });
    expect(await ask(agent.url, 'PUT', '/v1/agent/check/pass/tcp')).toMatchObject({
      status: 500,
      body: 'CheckID "tcp" does not have associated TTL',
    });
  });

  test('a deregistered or replaced check leaves no timer behind', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    const before = clock.sleeping;
    await registerCheck(agent, { Name: 'ttl', TTL: '10s' });
    await registerCheck(agent, { Name: 'ttl', TTL: '20s' });
    await put(agent.url, '/v1/agent/check/pass/ttl');
    expect(clock.sleeping).toBe(before + 1);
    await put(agent.url, '/v1/agent/check/deregister/ttl');
    expect(clock.sleeping).toBe(before);
  });
});

/** An HTTP server that counts its requests and answers with the status it is set to. */
async function serveStatus(): Promise<{ url: string; status: number; requests: number } & AsyncDisposable> {
  const server = createServer((_, response) => {
    served.requests += 1;
    response.writeHead(served.status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const served = {
    url: `http://127.0.0.1:${port}`,
    status: 200,
    requests: 0,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return served;
}

describe('checks that run', () => {
  test('H128 an interval below a second is a second', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await using target = await serveStatus();
    await registerCheck(agent, { Name: 'http', HTTP: target.url, Interval: '10ms' });
    expect(agent.log.lines).toEqual([
      {
        level: 'warn',
        message: 'check time raised to the minimum',
        fields: { checkId: 'http', key: 'Interval', askedMs: 10, minimumMs: 1000 },
      },
    ]);
    const idle = clock.sleeping;
    for (let second = 1; second <= 5; second += 1) {
      await clock.advance(1000);
      await vi.waitFor(() => expect([target.requests, clock.sleeping]).toEqual([second, idle]));
    }
  });

  test('H127 the first result counts at once, then three failures and two successes in a row', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await using target = await serveStatus();
    await registerCheck(agent, {
      Name: 'http',
      HTTP: target.url,
      Interval: '1s',
      SuccessBeforePassing: 2,
      FailuresBeforeCritical: 3,
    });
    const statuses: (string | undefined)[] = [];
    const idle = clock.sleeping;
    for (const status of [200, 500, 500, 500, 200, 200]) {
      target.status = status;
      const runs = target.requests;
      await clock.advance(1000);
      await vi.waitFor(() => expect([target.requests, clock.sleeping]).toEqual([runs + 1, idle]));
      statuses.push((await checkOf(agent, 'http'))?.Status);
    }
    expect(statuses).toEqual(['passing', 'passing', 'passing', 'critical', 'critical', 'passing']);
  });

  test('B5 a new output alone is in agent/checks at once, in the catalog after five minutes', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await registerCheck(agent, { Name: 'ttl', TTL: '24h', Status: 'passing' });
    const catalogOutput = async (): Promise<unknown> => {
      const [first] = (await get(agent.url, '/v1/health/state/passing?filter=CheckID==ttl')) as readonly CheckView[];
      return first?.Output;
    };
    await put(agent.url, '/v1/agent/check/pass/ttl?note=new');
    expect(await checkOf(agent, 'ttl')).toMatchObject({ Output: 'new' });
    expect(await catalogOutput()).toBe('');
    await clock.advance(300_000);
    await put(agent.url, '/v1/agent/check/pass/ttl?note=newer');
    expect(await catalogOutput()).toBe('newer');
  });

  test('H129 a service that stays critical is deregistered after a minute at least, within 95 seconds', async () => {
    const clock = new TestClock();
    await using agent = await startTestAgent({ clock });
    await registerService(agent, { Name: 'doomed', Check: { TTL: '1s', DeregisterCriticalServiceAfter: '1s' } });
    await registerService(agent, { Name: 'healed', Check: { TTL: '1h', DeregisterCriticalServiceAfter: '1s' } });
    await registerCheck(agent, { Name: 'node check', TTL: '1h', DeregisterCriticalServiceAfter: '1s' });
    await put(agent.url, '/v1/agent/check/pass/service:doomed');
    await clock.advance(1000);
    expect(await checkOf(agent, 'service:doomed')).toMatchObject({ Status: 'critical' });
    await clock.advance(30_000);
    await put(agent.url, '/v1/agent/check/pass/service:healed');
    await clock.advance(29_000);
    expect(await services(agent)).toEqual(['consul', 'doomed', 'healed']);
    await clock.advance(36_000);
    expect(await services(agent)).toEqual(['consul', 'healed']);
    expect(await checkOf(agent, 'node check')).toBeDefined();
    expect(agent.log.lines.map(({ message }) => message)).toEqual([
      ...Array<string>(3).fill('check time raised to the minimum'),
      'deregistering a service that has been critical for too long',
    ]);
  });

  test('a probe under way ends with the agent', async () => {
    await using target = await serveStatus();
    const clock = new TestClock();
    const agent = await startTestAgent({ clock });
    await registerCheck(agent, { Name: 'sleep', Args: ['sleep', '60'], Interval: '1s' });
    await registerCheck(agent, { Name: 'http', HTTP: target.url, Interval: '1s' });
    await clock.advance(1000);
    await agent.close();
    expect(clock.sleeping).toBe(0);
  });
});

describe('H124 alias checks', () => {
  test('take over the worst status of their target at once', async () => {
    await using agent = await startTestAgent();
    await registerService(agent, { Name: 'db', Check: { TTL: '1h', Status: 'passing', Name: 'up' } });
    await registerService(agent, { Name: 'app', Check: { AliasService: 'db' } });
    const aliasShows = (expected: CheckView): Promise<void> =>
      vi.waitFor(async () => expect(await checkOf(agent, 'service:app')).toMatchObject(expected));
    await aliasShows({ Status: 'passing', Output: 'All checks passing.' });
    await put(agent.url, '/v1/agent/check/warn/service:db?note=slow');
    await aliasShows({ Status: 'warning', Output: 'Aliased check "up" failing: slow' });
    await registerCheck(agent, { Name: 'disk', TTL: '1h' });
    await aliasShows({ Status: 'critical', Output: 'Aliased check "disk" failing: ' });
    await put(agent.url, '/v1/agent/check/deregister/disk');
    await put(agent.url, '/v1/agent/check/pass/service:db');
    await aliasShows({ Status: 'passing', Output: 'All checks passing.' });
    await put(agent.url, '/v1/agent/service/deregister/db');
    await aliasShows({ Status: 'critical', Output: 'Service db could not be found on node ' });
  });

  test('a service on another node, and a node that is not there', async () => {
    await using agent = await startTestAgent();
    await registerCheck(agent, { Name: 'far', AliasService: 'db', AliasNode: 'ext' });
    await vi.waitFor(async () =>
      expect(await checkOf(agent, 'far')).toMatchObject({
        Status: 'critical',
        Output: 'Service db could not be found on node ext',
      }),
    );
    await put(agent.url, '/v1/catalog/register', { Node: 'ext', Address: '192.0.2.1', Service: { Service: 'db' } });
    await vi.waitFor(async () => expect(await checkOf(agent, 'far')).toMatchObject({ Status: 'passing' }));
  });
});
