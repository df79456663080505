import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerDeps } from '../../src/serve.js';
import { ask } from '../settings/seen.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import type { TestServer } from '../support/server.js';
import { TestClock } from '../support/test-clock.js';
import { configured, type Given, logged, logText, startGiven } from './running.js';

/** What Consul says about a token's rights and about Enterprise, where 1.8.7 says less (http-api A1.6, A1.7, A2, A4.1). */

const SECRET = 'c0ffee00-2222-3333-4444-555555555555';
const SERVFAIL = 2;
const NXDOMAIN = 3;
const FILTERED = 'the token may not see everything: the backend took rows out of its answers';

let consul: FakeConsul;

beforeEach(async () => {
  consul = await startFakeConsul({ services: { web: [{ address: '192.0.2.22', port: 80 }], db: [{ port: 81 }] } });
});
afterEach(() => consul.close());

function start({ flags = {}, ...given }: Given = {}, deps: Partial<ServerDeps> = {}): Promise<TestServer> {
  const values = { datacenter: 'dc1', ...given.values };
  return startGiven({ ...given, values, flags: { '--http-addr': consul.url, '--token': SECRET, ...flags } }, deps);
}

async function metric(server: TestServer, name: string): Promise<number> {
  const found = new RegExp(`^consul_dnsd_${name} (\\d+)$`, 'm').exec(await server.metricsText());
  return Number(found?.[1] ?? 0);
}

async function rcodes(server: TestServer, count: number): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  for (let number = 0; number < count; number += 1)
    seen.add((await ask(server, `name-${number}.service.consul`)).rcode);
  return seen;
}

describe('403 (18.7, C175, H018)', () => {
  test.each([
    { body: 'ACL not found', code: 'unknown-token' },
    { body: `Permission denied: token with AccessorID 'a' lacks permission`, code: 'permission-denied' },
  ])('"$body" is SERVFAIL; every one is counted, the first is logged', async ({ body, code }) => {
    consul.fail('/v1/', { kind: 'status', status: 403, body });
    await using server = await start();
    expect(await rcodes(server, 30)).toEqual(new Set([SERVFAIL]));
    const counted = `backend_requests_total\\{endpoint="health/service",outcome="${code}"\\}`;
    expect(await metric(server, counted)).toBe(30);
    expect(await metric(server, 'acl_filtered_results_total')).toBe(0);
    expect(logged(server, 'warn')).toEqual({ 'cannot read from Consul': 1 });
  });

  test('what was known is served meanwhile, and the catalog is asked for again after half a minute (A1.5)', async () => {
    const clock = new TestClock();
    await using server = await start({}, { clock });
    expect((await ask(server, 'web.service.consul')).rcode).toBe(0);
    consul.fail('/v1/', { kind: 'status', status: 403, body: 'ACL not found' });
    consul.catalog.touch();
    await clock.advance(2_000);
    await expect.poll(() => logged(server, 'warn')['cannot read from Consul']).toBe(1);
    expect((await ask(server, 'web.service.consul')).rcode).toBe(0);
    expect((await ask(server, 'db.service.consul')).rcode).toBe(SERVFAIL);
    const asked = (): number => consul.requestsTo('catalog/services').length;
    const before = asked();
    await clock.advance(25_000);
    expect(asked()).toBe(before);
    await clock.advance(10_000);
    await expect.poll(asked).toBe(before + 1);
  });

  test('a backend that repeats the token does not get it into the log (H076)', async () => {
    consul.fail('/v1/', { kind: 'status', status: 403, body: `token ${SECRET} may not` });
    await using server = await start();
    await rcodes(server, 3);
    expect(logText(server)).toContain('[token]');
    expect(logText(server)).not.toContain(SECRET);
    expect(await server.metricsText()).not.toContain(SECRET);
  });
});

describe('X-Consul-Results-Filtered-By-ACLs (A1.7, H055)', () => {
  beforeEach(() => {
    consul.fail('health/service/name', { kind: 'headers', headers: { 'x-consul-results-filtered-by-acls': 'true' } });
    for (let number = 0; number < 30; number += 1) consul.setService(`name-${number}`, []);
  });

  test('is NXDOMAIN, not SERVFAIL; every one is counted, the first is logged', async () => {
    consul.fail('catalog/services', { kind: 'status', status: 404 });
    await using server = await start();
    expect(await rcodes(server, 30)).toEqual(new Set([NXDOMAIN]));
    expect(await metric(server, 'acl_filtered_results_total')).toBe(30);
    expect(logged(server, 'warn')).toEqual({ 'cannot read from Consul': 1, [FILTERED]: 1 });
    expect(logText(server)).toContain('404');
  });

  test('is told again when another token is filtered as well', async () => {
    consul.fail('/v1/', { kind: 'headers', headers: { 'x-consul-results-filtered-by-acls': 'true' } });
    const config = { datacenter: 'dc1', httpAddr: [consul.url] };
    await using server = await start({ values: config });
    expect(logged(server, 'warn')).toEqual({ [FILTERED]: 1 });
    await server.reload(configured({ flags: { '--token': 'another' }, values: config }));
    await expect.poll(() => logged(server, 'warn')).toEqual({ [FILTERED]: 2 });
  });
});

describe('namespace and partition (A4.1, H074)', () => {
  test('are not sent unless configured', async () => {
    await using server = await start();
    await ask(server, 'web.service.consul');
    expect(consul.requests.filter(({ query }) => query.has('ns') || query.has('partition'))).toEqual([]);
  });

  test.each<{ readonly how: string; readonly given: Given }>([
    { how: 'flags', given: { flags: { '--namespace': 'team', '--partition': 'eu' } } },
    { how: 'variables', given: { env: { CONSUL_NAMESPACE: 'team', CONSUL_PARTITION: 'eu' } } },
  ])('are sent with every read when $how say so', async ({ given }) => {
    await using server = await start(given);
    expect((await ask(server, 'web.service.consul')).rcode).toBe(0);
    const sent = consul.requests.map(({ query }) => `${query.get('ns')} ${query.get('partition')}`);
    expect(new Set(sent)).toEqual(new Set(['team eu']));
  });

  test('a Consul that has none is SERVFAIL, and the log says once what they need', async () => {
    const body = 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';
    consul.fail('ns=', { kind: 'status', status: 400, body });
    await using server = await start({ flags: { '--namespace': 'team' } });
    expect(await rcodes(server, 10)).toEqual(new Set([SERVFAIL]));
    expect(logged(server, 'warn')).toEqual({ 'cannot read from Consul': 1 });
    expect(logText(server)).toContain('namespace and partition need Consul Enterprise');
  });
});

test('user and password go along for a proxy in front of Consul (H071)', async () => {
  await using server = await start({ env: { CONSUL_HTTP_AUTH: 'user:hunter2' } });
  await ask(server, 'web.service.consul');
  const sent = consul.requests.map(({ headers }) => headers.authorization);
  expect(new Set(sent)).toEqual(new Set([`Basic ${Buffer.from('user:hunter2').toString('base64')}`]));
  expect(logText(server)).not.toContain('hunter2');
});

test('a server that knows no leader is counted (A2)', async () => {
  consul.fail('health/service/web', { kind: 'headers', headers: { 'x-consul-knownleader': 'false' } });
  await using server = await start();
  await ask(server, 'web.service.consul');
  expect(await metric(server, 'leaderless_answers_total')).toBe(1);
});
