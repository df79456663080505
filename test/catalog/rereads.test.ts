import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { portsOf, Running, type RunningOptions } from './running.js';
import { metricOf } from './setup.js';

const BUDGET_PER_SECOND = 200;

function servicesNamed(count: number): Record<string, { port: number; node: string }[]> {
  const services = Array.from({ length: count }, (_unused, index) => [
    `web-${index}`,
    [{ port: 80, node: `node-${index % 10}` }],
  ]);
  return Object.fromEntries(services);
}

/** Blocking queries of their own would hide what the aggregates do. */
async function startWith(count: number, cache: RunningOptions['cache'] = {}): Promise<Running> {
  const running = await Running.start({
    consul: { services: servicesNamed(count) },
    cache: { maxWatches: 0, ...cache },
  });
  for (let from = 0; from < count; from += 200) {
    const names = Array.from({ length: Math.min(200, count - from) }, (_unused, index) => `web-${from + index}`);
    await Promise.all(names.map((name) => running.instances(name)));
  }
  await running.pass(3_000);
  return running;
}

describe('A3.5.2: what the aggregates name is read again, and nothing else', () => {
  test.each([
    {
      what: 'a check of one instance',
      change: ({ consul }: Running) => consul.setStatus('web-3', 'critical'),
      reread: ['web-3'],
    },
    {
      what: 'a check of one instance that turns to a warning',
      change: ({ consul }: Running) => consul.setStatus('web-3', 'warning'),
      reread: ['web-3'],
    },
    {
      what: 'the address of a node',
      change: ({ consul }: Running) => consul.setNode({ name: 'node-3', address: '10.3.3.3' }),
      reread: ['web-3', 'web-13'],
    },
    {
      what: 'a check of a node',
      change: ({ consul }: Running) =>
        consul.setNode({ name: 'node-3', address: '10.0.0.9', checks: [{ id: 'alive', status: 'critical' }] }),
      reread: ['web-3', 'web-13'],
    },
  ])('$what', async ({ change, reread }) => {
    await using running = await startWith(20);
    running.consul.requests.length = 0;
    change(running);
    await running.quiet();
    await running.pass(3_000);
    const read = running.consul.requestsTo('health/service/').map(({ path }) => path.split('/').at(-1));
    expect([...new Set(read)].toSorted()).toEqual(reread.toSorted());
  });

  test('an instance that comes with a critical check, on a node where the service had none: by the name in the check', async () => {
    await using running = await startWith(20);
    running.consul.fail('catalog/services', { kind: 'hang' });
    running.consul.catalog.touch();
    await running.pass(5_000);
    running.consul.requests.length = 0;
    const checks = [{ id: 'up', status: 'critical' }];
    running.consul.setService('web-3', [
      { port: 80, node: 'node-3' },
      { id: 'second', port: 81, node: 'node-5', checks },
    ]);
    await running.quiet();
    expect(portsOf(running.known('web-3'))).toEqual([80, 81]);
    expect(running.count('health/service/')).toBe(1);
  });
});

test('what changes while it is read is read once more', async () => {
  await using running = await startWith(1);
  running.consul.fail('health/service/web-0', { kind: 'delay', ms: 100 }, { times: 1 });
  running.consul.setStatus('web-0', 'critical');
  while (running.count('health/service/web-0') < 2) await running.quiet();
  running.consul.setNode({ name: 'node-0', address: '10.5.5.5' });
  await eventually(
    async () => running.count('health/service/web-0'),
    (reads) => reads === 3,
  );
  await running.quiet();
  expect(running.known('web-0')).toMatchObject([{ node: { address: '10.5.5.5' }, checks: [{ status: 'critical' }] }]);
});

describe('H047: when all may have changed, every second, and there are more names than can be read again', () => {
  const count = 600;

  test('no more are read than the budget allows for, however often they are asked; no question waits', async () => {
    await using running = await startWith(count);
    running.consul.requests.length = 0;
    const seconds = 8;
    for (let second = 0; second < seconds; second += 1) {
      running.consul.catalog.touch();
      await running.pass(1_000);
      for (let index = 0; index < count; index += 1) running.known(`web-${index}`);
    }
    const reads = running.count('health/service/');
    expect(reads).toBeLessThanOrEqual(BUDGET_PER_SECOND * (seconds + 1));
    expect(reads).toBeGreaterThan(BUDGET_PER_SECOND * (seconds - 2));
    expect(await metricOf(running.metrics, 'consul_dnsd_postponed_rereads_total')).toBeGreaterThan(0);
  });

  test('a line that would take longer than five seconds is read faster', async () => {
    const many = 1_500;
    await using running = await startWith(many, { serviceCacheEntries: many });
    running.consul.requests.length = 0;
    running.consul.catalog.touch();
    // In small steps: what the budget saves up between two reads is bounded.
    for (let passedMs = 0; passedMs < 6_000; passedMs += 100) await running.pass(100);
    const paths = running.consul.requestsTo('health/service/').map(({ path }) => path);
    expect(new Set(paths).size).toBe(many);
  });

  test('each has its turn, whoever was asked last', async () => {
    await using running = await startWith(count);
    running.consul.requests.length = 0;
    for (let second = 0; second < 6; second += 1) {
      running.consul.catalog.touch();
      for (let index = 0; index < 100; index += 1) running.known(`web-${index}`);
      await running.pass(1_000);
    }
    const paths = running.consul.requestsTo('health/service/').map(({ path }) => path);
    expect(new Set(paths).size).toBe(count);
  });

  test('those that had to make room in the meantime are not', async () => {
    await using running = await startWith(400, { serviceCacheEntries: 400 });
    running.consul.catalog.touch();
    // Half of them, those asked last.
    await running.quiet();
    expect(running.count('health/service/web-399')).toBe(2);
    for (let index = 0; index < 200; index += 1) running.consul.setService(`new-${index}`, [{ port: 1 }]);
    await running.quiet();
    for (let index = 0; index < 200; index += 1) await running.instances(`new-${index}`);
    await running.pass(5_000);
    expect(running.count('health/service/web-0')).toBe(1);
    expect(running.cache.stats().entries).toBe(400);
  });

  test('those that are known to have changed come first', async () => {
    await using running = await startWith(count);
    for (let second = 0; second < 3; second += 1) {
      running.consul.catalog.touch();
      await running.pass(1_000);
    }
    running.consul.setStatus('web-599', 'critical');
    running.consul.setStatus('web-0', 'critical');
    await running.pass(2_000);
    for (const name of ['web-0', 'web-599']) {
      expect(running.known(name)).toMatchObject([{ checks: [{ status: 'critical' }] }]);
    }
  });
});
