import { afterEach, describe, expect, test } from 'vitest';
import type { ReadQuery } from '../../src/catalog/answer.js';
import type { ConsulClient } from '../../src/catalog/client.js';
import { startFakeConsul } from '../support/fake-consul.js';
import { TestClock } from '../support/test-clock.js';
import { createClient } from './setup.js';

const query: ReadQuery = { signal: new AbortController().signal, consistency: 'default', datacenter: undefined };
const clients: ConsulClient[] = [];

function clientFor(...parameters: Parameters<typeof createClient>): ConsulClient {
  const client = createClient(...parameters);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

test('requests stay with the first address as long as it works', async () => {
  await using one = await startFakeConsul();
  await using two = await startFakeConsul();
  const client = clientFor([one.url, two.url]);
  for (let count = 0; count < 5; count += 1) await client.nodes(query);
  expect([one.requests.length, two.requests.length]).toEqual([5, 0]);
});

describe('the next address is asked', () => {
  test('when nobody listens at the first, within the same read, and from then on', async () => {
    await using one = await startFakeConsul();
    await using two = await startFakeConsul();
    const client = clientFor([one.url, two.url]);
    await one.goAway();
    await client.nodes(query);
    await one.comeBack();
    await client.nodes(query);
    expect([one.requests.length, two.requests.length]).toEqual([0, 2]);
  });

  test.each([
    { status: 500, body: 'No cluster leader' },
    { status: 500, body: 'rpc error making call: EOF' },
    { status: 429, body: '' },
    { status: 503, body: '' },
    { status: 502, body: 'Bad Gateway' },
  ])('when the first answers $status "$body"', async (answer) => {
    await using one = await startFakeConsul();
    await using two = await startFakeConsul();
    one.fail('/v1/', { kind: 'status', ...answer });
    await clientFor([one.url, two.url]).nodes(query);
    expect(two.requests).toHaveLength(1);
  });

  test('by the read after one that took too long', async () => {
    await using one = await startFakeConsul();
    await using two = await startFakeConsul();
    one.fail('/v1/', { kind: 'hang' });
    const client = clientFor([one.url, two.url]);
    const { CatalogError } = await import('../../src/catalog/catalog-error.js');
    const ending = new AbortController();
    const reading = expect(client.nodes({ ...query, signal: ending.signal })).rejects.toMatchObject({
      code: 'timeout',
    });
    await expect.poll(() => one.requests.length, { interval: 5 }).toBe(1);
    ending.abort(new CatalogError('timeout', 'Cannot wait any longer'));
    await reading;
    await client.nodes(query);
    expect(two.requests).toHaveLength(1);
  });
});

describe('the next address is not asked', () => {
  test.each([
    { status: 403, body: 'ACL not found', code: 'unknown-token' },
    { status: 500, body: 'No path to datacenter', code: 'unknown-datacenter' },
    { status: 400, body: 'Invalid index', code: 'bad-request' },
    { status: 404, body: '', code: 'not-found' },
  ])('when the first answers $status "$body": it would say the same', async ({ code, ...answer }) => {
    await using one = await startFakeConsul();
    await using two = await startFakeConsul();
    one.fail('/v1/', { kind: 'status', ...answer });
    await expect(clientFor([one.url, two.url]).nodes(query)).rejects.toMatchObject({ code });
    expect(two.requests).toHaveLength(0);
  });

  test('when the reader gives up', async () => {
    await using one = await startFakeConsul();
    await using two = await startFakeConsul();
    one.fail('/v1/', { kind: 'hang' });
    const client = clientFor([one.url, two.url]);
    const ending = new AbortController();
    const reading = expect(client.nodes({ ...query, signal: ending.signal })).rejects.toThrow('enough');
    await expect.poll(() => one.requests.length, { interval: 5 }).toBe(1);
    ending.abort(new Error('enough'));
    await reading;
    one.heal();
    await client.nodes(query);
    expect(two.requests).toHaveLength(0);
  });
});

test('when all addresses fail, the first failure is told, each having been asked once', async () => {
  await using one = await startFakeConsul();
  await using two = await startFakeConsul();
  one.fail('/v1/', { kind: 'status', status: 500, body: 'No cluster leader' });
  two.fail('/v1/', { kind: 'status', status: 429 });
  await expect(clientFor([one.url, two.url]).nodes(query)).rejects.toMatchObject({ code: 'no-leader' });
  expect([one.requests.length, two.requests.length]).toEqual([1, 1]);
});

test('requests go back to the first address once it has a leader', async () => {
  await using one = await startFakeConsul();
  await using two = await startFakeConsul();
  const clock = new TestClock();
  const client = clientFor([one.url, two.url], { clock });
  await one.goAway();
  await client.nodes(query);
  await one.comeBack();
  one.fail('status/leader', { kind: 'body', body: '""' });

  await clock.advance(5_000);
  await expect.poll(() => one.requestsTo('status/leader').length, { interval: 5 }).toBe(1);
  await expect.poll(() => clock.sleeping, { interval: 5 }).toBe(1);
  await client.nodes(query);
  expect(two.requests).toHaveLength(2);

  one.heal();
  await clock.advance(5_000);
  await expect.poll(() => one.requestsTo('status/leader').length, { interval: 5 }).toBe(2);
  await expect.poll(() => clock.sleeping, { interval: 5 }).toBe(0);
  await client.nodes(query);
  expect(one.requestsTo('catalog/nodes')).toHaveLength(1);
});

test('a client without an address cannot be made', () => {
  expect(() => createClient([])).toThrow('no address is given');
});
