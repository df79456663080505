import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { TestClock } from '../support/test-clock.js';
import { ask, get, indexOf, put } from './exchange.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

describe('an agent', () => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await startTestAgent();
  });
  afterAll(() => agent?.close());

  test('H083 H084 H086 H087 H165 starts with its own node, service and check', async () => {
    const [node] = (await get(agent.url, '/v1/catalog/nodes')) as [{ ID: string }];
    expect(node).toMatchObject({
      Node: 'srv-1',
      Address: '127.0.0.1',
      Datacenter: 'dc1',
      TaggedAddresses: { lan: '127.0.0.1', lan_ipv4: '127.0.0.1', wan: '127.0.0.1', wan_ipv4: '127.0.0.1' },
    });
    expect(node.ID).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await get(agent.url, '/v1/catalog/services')).toEqual({ consul: [] });
    expect(await get(agent.url, '/v1/agent/services')).toEqual({});
    expect(await get(agent.url, '/v1/health/state/passing')).toMatchObject([
      { CheckID: 'serfHealth', Output: 'Agent alive and reachable' },
    ]);
    expect(await get(agent.url, '/v1/status/leader')).toBe('127.0.0.1:8300');
    expect(await get(agent.url, '/v1/agent/self')).toMatchObject({
      Config: { Datacenter: 'dc1', NodeName: 'srv-1', NodeID: node.ID },
      DebugConfig: { DNSDomain: 'consul.', DNSPort: 8600 },
    });
  });

  test('H089 H090 a service is in the catalog when the PUT returns', async () => {
    expect(await ask(agent.url, 'PUT', '/v1/agent/service/register', { body: '{"Name":"now"}' })).toMatchObject({
      status: 200,
      body: '',
    });
    expect(await get(agent.url, '/v1/health/service/now')).toMatchObject([
      { Service: { ID: 'now', Weights: { Passing: 1, Warning: 1 } }, Checks: [{ CheckID: 'serfHealth' }] },
    ]);
    await put(agent.url, '/v1/agent/service/deregister/now');
    expect(await get(agent.url, '/v1/health/service/now')).toEqual([]);
  });

  test('H108 B4 GET writes on five endpoints, for callers that are no browsers', async () => {
    await put(agent.url, '/v1/agent/service/register', { Name: 'old', Check: { TTL: '1h' } });
    for (const verb of ['pass', 'warn', 'fail']) {
      expect((await ask(agent.url, 'GET', `/v1/agent/check/${verb}/service:old`)).status).toBe(200);
    }
    const browsers: Readonly<Record<string, string>>[] = [
      { origin: 'http://evil.example' },
      { referer: 'http://evil.example/' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of browsers) {
      expect((await ask(agent.url, 'GET', '/v1/agent/service/deregister/old', { headers })).status).toBe(405);
    }
    const rebound = { host: 'evil.example' };
    expect((await ask(agent.url, 'GET', '/v1/agent/service/deregister/old', { headers: rebound })).status).toBe(403);
    expect((await ask(agent.url, 'GET', '/v1/agent/check/deregister/service:old')).status).toBe(200);
    expect((await ask(agent.url, 'GET', '/v1/agent/service/deregister/old')).status).toBe(200);
    expect(await get(agent.url, '/v1/agent/services')).toEqual({});
    expect((await ask(agent.url, 'GET', '/v1/agent/service/register')).headers['allow']).toBe('OPTIONS,PUT');
  });

  test.each<[Readonly<Record<string, string>>, number, string]>([
    [{ origin: 'http://evil.example' }, 403, 'a page of another origin'],
    [{ origin: 'null' }, 403, 'a page without an origin'],
    [{ host: 'evil.example' }, 403, 'a name that is not ours (DNS rebinding)'],
    [{ host: 'localhost.evil.example:80' }, 403, 'a name that only starts like ours'],
    [{ host: 'localhost:8500' }, 200, 'localhost'],
    [{ host: 'SRV-1:8500' }, 200, 'the name of the node'],
    [{ host: '[::1]:8500' }, 200, 'an address'],
    [{ host: 'localhost:8500', origin: 'http://localhost:8500' }, 200, 'a page of our own'],
    [{ host: 'localhost:8500', origin: 'http://localhost:9999' }, 403, 'a page of another port'],
  ])('H163 a write with %j is answered %d: %s', async (headers, status) => {
    expect((await ask(agent.url, 'PUT', '/v1/kv/guarded', { headers, body: 'x' })).status).toBe(status);
    expect((await ask(agent.url, 'GET', '/v1/catalog/nodes', { headers })).status).toBe(200);
  });

  test('H163 a listener that others can reach takes any name, but no foreign origin', async () => {
    await using open = await startTestAgent({ http: { hosts: ['0.0.0.0'], port: 0 } });
    const url = `http://127.0.0.1:${open.address.port}`;
    expect((await ask(url, 'PUT', '/v1/kv/a', { headers: { host: 'consul.example' }, body: 'x' })).status).toBe(200);
    const headers = { host: 'consul.example', origin: 'http://evil.example' };
    expect((await ask(url, 'PUT', '/v1/kv/a', { headers, body: 'x' })).status).toBe(403);
  });

  test('H162 long answers are compressed when that is asked for', async () => {
    const plain = await ask(agent.url, 'GET', '/v1/agent/self');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers['vary']).toBe('Accept-Encoding');
    const socket = connect(agent.address.port, agent.address.host);
    socket.write(
      'GET /v1/agent/self HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n',
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    const reply = Buffer.concat(chunks);
    const split = reply.indexOf('\r\n\r\n');
    const head = reply.subarray(0, split).toString();
    expect(head).toContain('Content-Encoding: gzip');
    // Go's canonical spelling, which is what other clients see of a real agent.
    expect(head).toContain('\r\nContent-Type: application/json\r\n');
    expect(gunzipSync(reply.subarray(split + 4)).toString()).toBe(plain.body);
  });

  test('HTTP/1.0, which has no Host, is answered', async () => {
    const socket = connect(agent.address.port, agent.address.host);
    socket.write('GET /v1/status/leader HTTP/1.0\r\n\r\n');
    let reply = '';
    for await (const chunk of socket) reply += chunk;
    expect(reply).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('header names are spelled as Go spells them', async () => {
    const { rawHeaders } = await ask(agent.url, 'GET', '/v1/catalog/nodes');
    expect(rawHeaders).toEqual(
      expect.arrayContaining([
        'X-Consul-Index',
        'X-Consul-Knownleader',
        'X-Consul-Lastcontact',
        'X-Consul-Default-Acl-Policy',
      ]),
    );
  });

  test.each([
    ['/v1/kv/%zz', 400],
    ['/v1/kv/%ff', 400],
    ['/v1/kv/a%00b', 400],
    ['/v1/kv//a', 301],
    ['/v1/kv', 301],
    ['/v1/nosuch', 404],
    ['/', 200],
  ])('B2 GET %s is answered %d', async (path, status) => {
    expect((await ask(agent.url, 'GET', path)).status).toBe(status);
  });

  test('a body beyond any use is refused while it is sent', async () => {
    const body = `{"Name":"${'x'.repeat(9 * 1024 * 1024)}"}`;
    expect((await ask(agent.url, 'PUT', '/v1/agent/service/register', { body })).status).toBe(413);
  });

  test('H146 a value beyond half a mebibyte is refused with both sizes', async () => {
    expect(await ask(agent.url, 'PUT', '/v1/kv/big', { body: 'x'.repeat(524_288) })).toMatchObject({ status: 200 });
    const { status, body } = await ask(agent.url, 'PUT', '/v1/kv/big', { body: 'x'.repeat(524_289) });
    expect(status).toBe(413);
    expect(body).toMatch(/^Request body\(524289 bytes\) too large, max size: 524288 bytes\. /);
    await ask(agent.url, 'DELETE', '/v1/kv/big');
  });

  test('B3 a node that was taken out of the catalog comes back with the next registration', async () => {
    await put(agent.url, '/v1/catalog/deregister', { Node: 'srv-1' });
    expect(await get(agent.url, '/v1/catalog/nodes')).toEqual([]);
    await put(agent.url, '/v1/agent/service/register', { Name: 'back' });
    expect(await get(agent.url, '/v1/health/service/back?passing')).toHaveLength(1);
    await put(agent.url, '/v1/agent/service/deregister/back');
  });

  test('B8 agent/metrics tells what there is under the names of Consul', async () => {
    const before = await gaugesOf(agent.url);
    await put(agent.url, '/v1/agent/service/register', { ID: 'counted-1', Name: 'counted' });
    await put(agent.url, '/v1/agent/service/register', { ID: 'counted-2', Name: 'counted' });
    await put(agent.url, '/v1/kv/counted', 'x');
    const after = await gaugesOf(agent.url);
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(['state.services', 'state.service_instances', 'state.kv_entries'].map(grown)).toEqual([1, 2, 1]);
    expect([after.get('state.nodes'), after.get('autopilot.healthy'), grown('raft.applied_index')]).toEqual([1, 1, 3]);
    expect(after.get('runtime.sys_bytes')).toBeGreaterThan(1_000_000);
    for (const id of ['counted-1', 'counted-2']) await put(agent.url, `/v1/agent/service/deregister/${id}`);
    await ask(agent.url, 'DELETE', '/v1/kv/counted');
  });

  test('H111 a read of one service waits until its hash is another', async () => {
    await put(agent.url, '/v1/agent/service/register', { Name: 'hashed', Port: 1 });
    const first = await ask(agent.url, 'GET', '/v1/agent/service/hashed');
    const hash = String(first.headers['x-consul-contenthash']);
    expect(JSON.parse(first.body)).toMatchObject({ ContentHash: hash });
    const poll = ask(agent.url, 'GET', `/v1/agent/service/hashed?hash=${hash}&wait=60s`);
    await put(agent.url, '/v1/agent/service/register', { Name: 'hashed', Port: 1 });
    await put(agent.url, '/v1/agent/service/register', { Name: 'hashed', Port: 2 });
    expect(JSON.parse((await poll).body)).toMatchObject({ Port: 2 });
    expect((await ask(agent.url, 'GET', '/v1/agent/service/hashed?hash=other')).status).toBe(200);
    const last = ask(
      agent.url,
      'GET',
      `/v1/agent/service/hashed?hash=${String((await poll).headers['x-consul-contenthash'])}`,
    );
    await put(agent.url, '/v1/agent/service/deregister/hashed');
    expect(await last).toMatchObject({ status: 404, body: 'unknown service ID: hashed' });
  });

  test('H093 old and new spellings of a body register the same service', async () => {
    const bodies = [
      '{"name":"x","port":5}',
      '{"Name":"x","Port":5}',
      '{"NAME":"x","PORT":5}',
      '{"Name":"y","name":"x","Port":5}',
    ];
    const shown: unknown[] = [];
    for (const body of bodies) {
      await put(agent.url, '/v1/agent/service/register', body);
      shown.push(await get(agent.url, '/v1/agent/service/x'));
    }
    expect(new Set(shown.map((view) => JSON.stringify(view))).size).toBe(1);
    await put(agent.url, '/v1/agent/service/deregister/x');
  });
});

describe('blocking reads', () => {
  test('H139 wake with the write: registration, check, node check, deregistration', async () => {
    const held = new Held();
    await using agent = await held.start();
    const path = '/v1/health/service/web';
    const writes = [
      // A TTL is one more timer.
      { write: () => put(agent.url, '/v1/agent/service/register', { Name: 'web', Check: { TTL: '1h' } }), timers: 0 },
      { write: () => put(agent.url, '/v1/agent/check/pass/service:web'), timers: 1 },
      { write: () => put(agent.url, '/v1/agent/maintenance?enable=true'), timers: 1 },
      { write: () => put(agent.url, '/v1/agent/maintenance?enable=false'), timers: 1 },
      { write: () => put(agent.url, '/v1/agent/service/deregister/web'), timers: 1 },
    ];
    const sizes: number[] = [];
    for (const { write, timers } of writes) {
      const poll = ask(agent.url, 'GET', `${path}?passing&index=${await indexOf(agent.url, path)}&wait=10m`);
      await held.until(timers + 1);
      await write();
      sizes.push((JSON.parse((await poll).body) as unknown[]).length);
    }
    expect(sizes).toEqual([0, 1, 0, 1, 0]);
  });

  test('H140 H144 end with their time and a sixteenth of it at most, with what there is', async () => {
    const held = new Held();
    await using agent = await held.start();
    await put(agent.url, '/v1/kv/k', 'value');
    let isOver = false;
    const poll = ask(agent.url, 'GET', '/v1/kv/k?index=210&wait=5s').finally(() => {
      isOver = true;
    });
    await held.until(1);
    await held.clock.advance(4_999);
    await delay(20);
    expect(isOver).toBe(false);
    await held.clock.advance(1 + 5000 / 16);
    expect(JSON.parse((await poll).body)).toMatchObject([{ Key: 'k', Value: 'dmFsdWU=' }]);
  });

  test('A1.1 wait alone does not block, and an index beyond 2^53 is understood', async () => {
    await using agent = await startTestAgent();
    expect((await ask(agent.url, 'GET', '/v1/catalog/nodes?wait=10m')).status).toBe(200);
    const poll = ask(agent.url, 'GET', '/v1/catalog/nodes?index=18446744073709551615&wait=1ms');
    expect((await poll).headers['x-consul-index']).toBe(await indexOf(agent.url, '/v1/catalog/nodes'));
  });

  test('B7 keys wake for themselves, prefixes for all below, also for what is deleted', async () => {
    const held = new Held();
    await using agent = await held.start();
    await put(agent.url, '/v1/kv/a/one', '1');
    await put(agent.url, '/v1/kv/a/two', '2');
    const watch = async (path: string): Promise<() => ReturnType<typeof ask>> => {
      const index = await indexOf(agent.url, path);
      const reply = ask(agent.url, 'GET', `${path}${path.includes('?') ? '&' : '?'}index=${index}&wait=10m`);
      return () => reply;
    };
    const missing = await watch('/v1/kv/a/three');
    const below = await watch('/v1/kv/a/?recurse');
    await held.until(2);
    await put(agent.url, '/v1/kv/other', 'x');
    await put(agent.url, '/v1/kv/a/three', '3');
    expect((await missing()).status).toBe(200);
    expect(JSON.parse((await below()).body)).toHaveLength(3);
    const [gone, rest] = [await watch('/v1/kv/a/three'), await watch('/v1/kv/a/?keys')];
    await held.until(2);
    await ask(agent.url, 'DELETE', '/v1/kv/a/three');
    expect((await gone()).status).toBe(404);
    expect(JSON.parse((await rest()).body)).toEqual(['a/one', 'a/two']);
  });

  test('B8 a transaction that is rolled back leaves no trace, and wakes nobody', async () => {
    const held = new Held();
    await using agent = await held.start();
    await put(agent.url, '/v1/kv/a/one', '1');
    await put(agent.url, '/v1/kv/b', '2');
    const reads = ['/v1/kv/a/?recurse', '/v1/kv/b', '/v1/kv/missing'];
    const before = await Promise.all(reads.map((path) => ask(agent.url, 'GET', path)));
    const poll = ask(agent.url, 'GET', `/v1/kv/a/?keys&index=${before[0]?.headers['x-consul-index']}&wait=10m`);
    await held.until(1);
    const operations = [
      { KV: { Verb: 'delete', Key: 'a/one' } },
      { KV: { Verb: 'set', Key: 'a/two', Value: 'Mg==' } },
      { KV: { Verb: 'set', Key: 'b', Value: 'Mw==' } },
      { KV: { Verb: 'get', Key: 'missing' } },
    ];
    const body = JSON.stringify(operations);
    expect((await ask(agent.url, 'PUT', '/v1/txn', { body })).status).toBe(409);
    const after = await Promise.all(reads.map((path) => ask(agent.url, 'GET', path)));
    const shown = (replies: typeof before): unknown =>
      replies.map(({ headers, body: text }) => [headers['x-consul-index'], text]);
    expect(shown(after)).toEqual(shown(before));
    expect((await ask(agent.url, 'PUT', '/v1/txn', { body: JSON.stringify(operations.slice(0, 3)) })).status).toBe(200);
    expect(JSON.parse((await poll).body)).toEqual(['a/two']);
  });

  test('event/list waits while the newest event is the one of the index', async () => {
    const held = new Held();
    await using agent = await held.start();
    await put(agent.url, '/v1/event/fire/deploy');
    const index = await indexOf(agent.url, '/v1/event/list');
    expect(BigInt(index)).toBeGreaterThan(1n);
    const poll = ask(agent.url, 'GET', `/v1/event/list?index=${index}`);
    await held.until(1);
    await put(agent.url, '/v1/event/fire/again');
    expect(JSON.parse((await poll).body)).toMatchObject([{ Name: 'deploy' }, { Name: 'again' }]);
  });

  test('H078 closing answers those that wait, and at once', async () => {
    const held = new Held();
    const agent = await held.start();
    const polls = Array.from({ length: 50 }, () => ask(agent.url, 'GET', '/v1/catalog/nodes?index=999&wait=10m'));
    await held.until(50);
    await agent.close();
    expect((await Promise.all(polls)).map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(held.clock.sleeping).toBe(0);
    await agent.close();
  });
});

describe('leaving and starting', () => {
  test('H152 leave is answered, and tells the owner', async () => {
    const agent = await startTestAgent();
    expect(await ask(agent.url, 'PUT', '/v1/agent/leave')).toMatchObject({ status: 200, body: '' });
    await agent.left;
    await agent.close();
  });

  test('several addresses are served on one port', async () => {
    await using agent = await startTestAgent({ http: { hosts: ['127.0.0.1', '127.0.0.2'], port: 0 } });
    expect((await ask(`http://127.0.0.2:${agent.address.port}`, 'GET', '/v1/status/leader')).status).toBe(200);
  });

  test('a port that is taken is said so, and nothing is left open', async () => {
    const port = await freePort('127.0.0.1');
    const holder = createServer().listen(port, '127.0.0.2');
    await once(holder, 'listening');
    const http = { hosts: ['127.0.0.1', '127.0.0.2'], port };
    await expect(startTestAgent({ http })).rejects.toThrow(
      `Cannot serve the HTTP API on 127.0.0.2:${port}: another process has this port`,
    );
    await expect(ask(`http://127.0.0.1:${port}`, 'GET', '/')).rejects.toThrow('ECONNREFUSED');
    holder.close();
  });
});

/** What /v1/agent/metrics measures, without the prefix that all names have. */
async function gaugesOf(url: string): Promise<ReadonlyMap<string, number>> {
  // The shape is that of Consul's telemetry API.
  const metrics = (await get(url, '/v1/agent/metrics')) as {
    readonly Timestamp: string;
    readonly Gauges: readonly { readonly Name: string; readonly Value: number; readonly Labels: object }[];
  };
  expect(metrics.Timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d0 \+0000 UTC$/);
  return new Map(metrics.Gauges.map(({ Name, Value }) => [Name.replace(/^consul\./, ''), Value]));
}

/** Reads that the agent holds: each has a timer of its own. */
class Held {
  readonly clock = new TestClock();
  #idle = 0;

  async start(): Promise<TestAgent> {
    const agent = await startTestAgent({ clock: this.clock });
    this.#idle = this.clock.sleeping;
    return agent;
  }

  async until(count: number): Promise<void> {
    while (this.clock.sleeping < this.#idle + count) await delay(1);
  }
}
