import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { ReadQuery } from '../../src/catalog/answer.js';
import type { TlsOptions } from '../../src/catalog/backend.js';
import type { ConsulClient } from '../../src/catalog/client.js';
import { startFakeConsul } from '../support/fake-consul.js';
import { createClient } from './setup.js';

function pem(name: string): string {
  return readFileSync(new URL(`../../fixtures/catalog/tls/${name}`, import.meta.url), 'utf8');
}

const server = { cert: pem('server.pem'), key: pem('server-key.pem') };
const trusting: TlsOptions = {
  ca: [pem('ca.pem')],
  cert: undefined,
  key: undefined,
  servername: 'server.dc1.consul',
  verify: true,
};
const query: ReadQuery = { signal: new AbortController().signal, consistency: 'default', datacenter: undefined };
setMaxListeners(0, query.signal);
const clients: ConsulClient[] = [];

function clientFor(...parameters: Parameters<typeof createClient>): ConsulClient {
  const client = createClient(...parameters);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

test('H072: a server is trusted by the given authority and name', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  await expect(clientFor(consul.url, { tls: trusting }).nodes(query)).resolves.toMatchObject({
    value: [{ name: 'node-1' }],
  });
});

test.each([
  { why: 'by the system roots', tls: { ...trusting, ca: undefined } },
  { why: 'under another name', tls: { ...trusting, servername: 'server.dc2.consul' } },
  { why: 'under its address alone', tls: { ...trusting, servername: undefined } },
])('H072: a server is not trusted $why', async ({ tls }) => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  await expect(clientFor(consul.url, { tls }).nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
  expect(consul.requests).toHaveLength(0);
});

test('H072: a server that is not trusted is asked again, each time anew', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  for (const tls of [
    { ...trusting, servername: 'server.dc2.consul' },
    { ...trusting, ca: undefined },
  ]) {
    const client = clientFor(consul.url, { tls });
    for (let times = 0; times < 5; times += 1) {
      await expect(client.nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
    }
    expect(client.openSockets).toBe(0);
  }
});

test('H073: without verification any certificate will do', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  const tls = { ...trusting, ca: undefined, servername: undefined, verify: false };
  await clientFor(consul.url, { tls }).nodes(query);
  expect(consul.requests).toHaveLength(1);
});

test('H072: a server that wants a certificate gets ours', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: false, clientCa: pem('ca.pem') } });
  await expect(clientFor(consul.url, { tls: trusting }).nodes(query)).rejects.toMatchObject({ code: 'unreachable' });
  const tls = { ...trusting, cert: pem('client.pem'), key: pem('client-key.pem') };
  await clientFor(consul.url, { tls }).nodes(query);
  expect(consul.requests).toHaveLength(1);
});

test('H066: TLS is used where the address says http, when asked for', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  await clientFor(consul.url.replace('https', 'http'), { useTls: true, tls: trusting }).nodes(query);
  expect(consul.requests).toHaveLength(1);
});

test('H041: over HTTP/2 hundreds of blocking queries share a few connections, 200 on each at most', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: true } });
  const client = clientFor(consul.url, { tls: trusting, maxConnections: 3 });
  await client.nodes(query);
  expect(client.capacity).toBe(600);
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const blocking = { index: '999', waitMs: 60_000 };
  const polls = Array.from({ length: 450 }, () => client.nodes({ ...query, signal: ending.signal, blocking }));
  const ended = Promise.allSettled(polls);
  await expect.poll(() => consul.holding, { interval: 10, timeout: 5_000 }).toBe(450);
  expect(consul.requests.every(({ httpVersion }) => httpVersion === '2.0')).toBe(true);
  expect(consul.mostSockets).toBeLessThanOrEqual(3);
  expect(consul.mostSockets).toBeGreaterThanOrEqual(3);
  // An ordinary read is not held up by them.
  await client.instances('service', 'consul', query);
  ending.abort(new Error('enough'));
  await ended;
});

test('H042: where ALPN agrees on HTTP/1.1 that is used, one request at a time on each connection', async () => {
  await using consul = await startFakeConsul({ tls: { ...server, allowH2: false } });
  const client = clientFor(consul.url, { tls: trusting, maxConnections: 3 });
  await client.nodes(query);
  expect(client.capacity).toBe(3);
  const ending = new AbortController();
  const blocking = { index: '999', waitMs: 60_000 };
  const ended = Promise.allSettled([1, 2].map(() => client.nodes({ ...query, signal: ending.signal, blocking })));
  await expect.poll(() => consul.holding, { interval: 10 }).toBe(2);
  await client.nodes(query);
  expect(consul.requests.every(({ httpVersion }) => httpVersion === '1.1')).toBe(true);
  ending.abort(new Error('enough'));
  await ended;
});
