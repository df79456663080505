import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ReadQuery } from '../../src/catalog/answer.js';
import type { ConsulClient } from '../../src/catalog/client.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { TestClock } from '../support/test-clock.js';
import { createClient, metricOf, TestLog } from './setup.js';

const query: ReadQuery = { signal: new AbortController().signal, consistency: 'stale', datacenter: undefined };
const clients: ConsulClient[] = [];

function clientFor(...parameters: Parameters<typeof createClient>): ConsulClient {
  const client = createClient(...parameters);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** undici takes a connection up again the turn after its answer ended. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function lastRequest(consul: FakeConsul) {
  const request = consul.requests.at(-1);
  if (request === undefined) throw new Error('There was no request');
  return request;
}

describe('requests', () => {
  test('H014: a wait is sent in whole milliseconds, and never as 0', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url);
    for (const [waitMs, sent] of [
      [60_000, '60000ms'],
      [0.2, '1ms'],
      [0, '1ms'],
      [1.5, '2ms'],
    ] as const) {
      await client.nodes({ ...query, blocking: { index: '1', waitMs } });
      expect(lastRequest(consul).query.get('wait')).toBe(sent);
      expect(lastRequest(consul).query.get('index')).toBe('1');
    }
  });

  test('H005: an index beyond 2^53 goes out digit for digit', async () => {
    await using consul = await startFakeConsul();
    await clientFor(consul.url).nodes({ ...query, blocking: { index: '18060646641998215213', waitMs: 1 } });
    expect(lastRequest(consul).query.get('index')).toBe('18060646641998215213');
  });

  test('H052: consistency is sent as asked for', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url);
    for (const [consistency, sent] of [
      ['stale', ['stale']],
      ['default', []],
      ['consistent', ['consistent']],
    ] as const) {
      await client.instances('service', 'web', { ...query, consistency });
      expect([...lastRequest(consul).query.keys()]).toEqual(sent);
    }
  });

  test("C041: of what is asked of a peer, rows that are not the peer's are left out, as Consul before 1.13 sends them", async () => {
    await using consul = await startFakeConsul({ services: { web: [{ node: 'n1' }] } });
    const client = clientFor(consul.url);
    const ofPeer = { ...query, peer: 'west' };
    expect((await client.instances('service', 'web', ofPeer)).value).toEqual([]);
    expect((await client.node('n1', ofPeer)).value).toBeUndefined();

    const node = { Node: 'n9', Address: '10.9.0.9', PeerName: 'West' };
    consul.fail('health/service', {
      kind: 'body',
      body: JSON.stringify([{ Node: node, Service: { Service: 'web', Port: 1 }, Checks: [] }]),
    });
    consul.fail('catalog/node/', { kind: 'body', body: JSON.stringify({ Node: node }) });
    expect((await client.instances('service', 'web', ofPeer)).value).toMatchObject([{ node: { name: 'n9' } }]);
    expect((await client.node('n9', ofPeer)).value).toMatchObject({ name: 'n9' });
  });

  test('H053, H074: neither cached, ns nor partition is sent unless configured', async () => {
    await using consul = await startFakeConsul();
    await clientFor(consul.url).instances('service', 'web', query);
    expect([...lastRequest(consul).query.keys()]).toEqual(['stale']);
    await clientFor(consul.url, { namespace: 'team', partition: 'east' }).instances('service', 'web', query);
    expect(lastRequest(consul).query.get('ns')).toBe('team');
    expect(lastRequest(consul).query.get('partition')).toBe('east');
  });

  test.each(['a/b', 'web service', 'ü', 'a?b', 'a%2Fb', 'a#b', 'a//b'])(
    'H064: the name %j is one path part',
    async (name) => {
      await using consul = await startFakeConsul({ services: { [name]: [{ port: 80 }] } });
      const { value } = await clientFor(consul.url).instances('service', name, query);
      expect(value).toHaveLength(1);
      expect(lastRequest(consul).path).not.toContain('//');
    },
  );

  test('the token and basic credentials are sent, the token as it is at that moment', async () => {
    await using consul = await startFakeConsul();
    let token: string | undefined = 'one';
    const client = clientFor(consul.url, { token: () => token, basicAuth: 'u:p' });
    await client.nodes(query);
    expect(lastRequest(consul).headers).toMatchObject({ 'x-consul-token': 'one', authorization: 'Basic dTpw' });
    token = undefined;
    await client.nodes(query);
    expect(lastRequest(consul).headers).not.toHaveProperty('x-consul-token');
  });

  test('H060: gzip is not asked of a local backend', async () => {
    await using consul = await startFakeConsul();
    await clientFor(consul.url).nodes(query);
    expect(lastRequest(consul).headers['accept-encoding']).toBeUndefined();
  });

  test('H060: of a distant one it is, for answers over the whole catalog, which are unpacked', async () => {
    await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
    // Reaches this machine as well, but does not look like it.
    const client = clientFor(consul.url.replace('127.0.0.1', '0.0.0.0'));
    expect((await client.nodes(query)).value).toMatchObject([{ name: 'node-1' }]);
    expect(lastRequest(consul).headers['accept-encoding']).toBe('gzip');
    expect((await client.instances('service', 'web', query)).value).toHaveLength(1);
    expect(lastRequest(consul).headers['accept-encoding']).toBeUndefined();
    consul.fail('catalog/nodes', { kind: 'headers', headers: { 'content-encoding': 'gzip' } });
    const local = clientFor(consul.url);
    await expect(local.nodes(query)).rejects.toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('no gzip'),
    });
  });

  test('C182: a prepared query carries the source address, and no parameter that overrides the query', async () => {
    await using consul = await startFakeConsul({ queries: { near: { service: 'consul' } } });
    await clientFor(consul.url).executeQuery('near', { ...query, sourceAddress: '192.0.2.7' });
    expect(lastRequest(consul).headers['x-forwarded-for']).toBe('192.0.2.7');
    expect([...lastRequest(consul).query.keys()]).toEqual(['stale']);
  });

  test('a path prefix goes before every path', async () => {
    await using consul = await startFakeConsul();
    await clientFor(`${consul.url}/behind/proxy`)
      .nodes(query)
      .catch(() => {});
    expect(lastRequest(consul).path).toBe('/behind/proxy/v1/catalog/nodes');
  });

  test('H065: everything works over a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consul-socket-'));
    try {
      await using consul = await startFakeConsul({ socketPath: join(folder, 'http.sock') });
      const { value } = await clientFor(consul.url).nodes(query);
      expect(value.map(({ name }) => name)).toEqual(['node-1']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('answers', () => {
  test('C181: an unknown prepared query is no error', async () => {
    await using consul = await startFakeConsul();
    const { value } = await clientFor(consul.url).executeQuery('nope', { ...query, sourceAddress: '192.0.2.7' });
    expect(value).toBeUndefined();
  });

  test('an unknown node is no error', async () => {
    await using consul = await startFakeConsul();
    expect((await clientFor(consul.url).node('nope', query)).value).toBeUndefined();
  });

  test.each([
    { body: '<html>', contentType: 'text/html', why: 'no JSON by its type' },
    { body: '[{', contentType: 'application/json', why: 'no JSON by its text' },
    { body: '{}', contentType: 'application/json', why: 'an object in place of a list' },
    { body: '"text"', contentType: 'application/json', why: 'a text in place of a list' },
  ])('H024: $why is a bad response', async (answer) => {
    await using consul = await startFakeConsul();
    consul.fail('/v1/catalog/nodes', { kind: 'body', ...answer });
    await expect(clientFor(consul.url).nodes(query)).rejects.toMatchObject({ code: 'bad-response' });
  });

  test('H061: null is an empty list', async () => {
    await using consul = await startFakeConsul();
    consul.fail('/v1/', { kind: 'body', body: 'null' });
    expect((await clientFor(consul.url).nodes(query)).value).toEqual([]);
  });

  test('H024: an answer beyond the limit is given up, not collected', async () => {
    await using consul = await startFakeConsul();
    consul.fail('/v1/', { kind: 'body', body: `[${'"x",'.repeat(9_000_000)}"x"]` });
    await expect(clientFor(consul.url).instances('service', 'web', query)).rejects.toMatchObject({
      code: 'bad-response',
      message: expect.stringContaining('longer than'),
    });
  });

  test('C177: a stale answer of a server without a leader for too long is asked for again, of the leader', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url, { maxStaleMs: () => 5_000 });
    consul.fail('stale', { kind: 'headers', headers: { 'x-consul-lastcontact': '5000' } });
    await client.instances('service', 'web', query);
    expect(consul.requests).toHaveLength(1);
    consul.fail('stale', { kind: 'headers', headers: { 'x-consul-lastcontact': '5001' } });
    await client.instances('service', 'web', query);
    expect(consul.requests.map((request) => request.query.has('stale'))).toEqual([true, true, false]);
  });

  test('H055: rows taken out by ACLs are counted each time and warned of once', async () => {
    await using consul = await startFakeConsul();
    const log = new TestLog();
    const metrics = new Metrics();
    const client = clientFor(consul.url, { log, metrics });
    consul.fail('/v1/', { kind: 'headers', headers: { 'x-consul-results-filtered-by-acls': 'true' } });
    await client.nodes(query);
    await client.nodes(query);
    expect(await metricOf(metrics, 'consul_dnsd_acl_filtered_results_total')).toBe(2);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  test('the agent tells its datacenter', async () => {
    await using consul = await startFakeConsul({ datacenter: 'east' });
    expect(await clientFor(consul.url).self(query)).toMatchObject({ datacenter: 'east' });
  });

  test('H077: an agent that will not tell is an error of its own kind', async () => {
    await using consul = await startFakeConsul();
    consul.fail('agent/self', { kind: 'status', status: 403, body: 'Permission denied' });
    await expect(clientFor(consul.url).self(query)).rejects.toMatchObject({ code: 'permission-denied' });
  });
});

describe('failures', () => {
  test('H076: the token is in no error, its causes and the log included', async () => {
    await using consul = await startFakeConsul();
    const log = new TestLog();
    const client = clientFor(consul.url, { token: () => 'very-secret', log });
    const errors: unknown[] = [];
    const attempt = () => client.nodes(query).catch((error: unknown) => errors.push(error));
    consul.fail('/v1/', { kind: 'status', status: 403, body: 'token very-secret may not' });
    await attempt();
    consul.heal();
    consul.fail('/v1/', { kind: 'reset' });
    await attempt();
    await consul.goAway();
    await attempt();
    expect(errors).toHaveLength(3);
    for (let error: unknown = errors[0]; error instanceof Error; error = error.cause)
      expect(error.stack).not.toContain('very-secret');
    expect(JSON.stringify([errors, log.lines])).not.toContain('very-secret');
  });

  test('H070: each 403 gives the owner of the token a chance to read it again', async () => {
    await using consul = await startFakeConsul();
    let calls = 0;
    const client = clientFor(consul.url, {
      onForbidden: () => {
        calls += 1;
      },
    });
    consul.fail('/v1/', { kind: 'status', status: 403, body: 'ACL not found' });
    await expect(client.nodes(query)).rejects.toMatchObject({ code: 'unknown-token' });
    expect(calls).toBe(1);
  });

  test('H020: a kept-alive connection that was closed meanwhile is replaced once, and the read made again', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url);
    await client.nodes(query);
    await untilIdle();
    consul.fail('/v1/catalog/nodes', { kind: 'reset' }, { times: 1 });
    const { value } = await client.nodes({ ...query, blocking: { index: '5', waitMs: 60_000 } });
    expect(value).toHaveLength(1);
    expect(consul.requests).toHaveLength(3);
    // Whoever reset the connection may have started anew, with lower indexes.
    expect(consul.requests[2]?.query.has('index')).toBe(false);
  });

  test('H020: it is tried again once, not for ever', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url);
    await client.nodes(query);
    await untilIdle();
    consul.fail('/v1/catalog/nodes', { kind: 'reset' });
    await expect(client.nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
    expect(consul.requests).toHaveLength(3);
  });

  test('H021: a new connection that is closed without an answer halves the connection budget', async () => {
    await using consul = await startFakeConsul();
    const log = new TestLog();
    const clock = new TestClock();
    const client = clientFor(consul.url, { log, clock, maxConnections: 40 });
    expect(client.capacity).toBe(40);
    consul.fail('/v1/', { kind: 'reset' });
    await expect(client.nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
    expect(consul.requests).toHaveLength(1);
    expect(client.capacity).toBe(20);
    expect(log.count('backend closed a new connection')).toBe(1);
    for (let count = 0; count < 5; count += 1) await client.nodes(query).catch(() => {});
    expect(client.capacity).toBe(8);
    consul.heal();
    await clock.advance(60_000);
    await client.nodes(query);
    expect(client.capacity).toBe(16);
  });

  test('a backend that nobody listens at is unreachable, and says where', async () => {
    const consul = await startFakeConsul();
    const client = clientFor(consul.url);
    await consul.close();
    await expect(client.nodes(query)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(consul.url),
    });
  });

  test('a read that is aborted ends with the reason, and its connection is closed', async () => {
    await using consul = await startFakeConsul();
    const ending = new AbortController();
    const blocking = { index: '999', waitMs: 60_000 };
    const reading = clientFor(consul.url).nodes({ ...query, blocking, signal: ending.signal });
    await expect.poll(() => consul.holding, { interval: 5 }).toBe(1);
    ending.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    await expect.poll(() => consul.holding, { interval: 5 }).toBe(0);
  });

  test('H078: closing breaks what is under way', async () => {
    await using consul = await startFakeConsul();
    const client = clientFor(consul.url);
    const reading = client.nodes({ ...query, blocking: { index: '999', waitMs: 60_000 } });
    const ended = expect(reading).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(() => consul.holding, { interval: 5 }).toBe(1);
    await client.close();
    await ended;
    await expect.poll(() => consul.openSockets, { interval: 5 }).toBe(0);
  });

  test('an answer that breaks off is unreachable, not half an answer', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[{"Node":');
        socket.end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    await expect(clientFor(`http://127.0.0.1:${port}`).nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
    server.close();
  });
});

test('blocking queries leave a quarter of the connections to reads', async () => {
  await using consul = await startFakeConsul();
  const client = clientFor(consul.url, { maxConnections: 8 });
  const ending = new AbortController();
  const blocking = { index: '999', waitMs: 60_000 };
  const ended = Promise.allSettled(
    Array.from({ length: 10 }, () => client.nodes({ ...query, signal: ending.signal, blocking })),
  );
  await expect.poll(() => consul.holding, { interval: 5 }).toBe(6);
  await client.instances('service', 'web', query);
  expect(consul.holding).toBe(6);
  ending.abort(new Error('enough'));
  await ended;
});

test('H039: no more connections than allowed, however many reads there are', async () => {
  await using consul = await startFakeConsul();
  const client = clientFor(consul.url, { maxConnections: 10 });
  setMaxListeners(0, query.signal);
  const reads = Array.from({ length: 500 }, (_unused, index) => client.instances('service', `name-${index}`, query));
  await Promise.all(reads);
  expect(consul.requests).toHaveLength(500);
  expect(consul.mostSockets).toBeLessThanOrEqual(10);
});
