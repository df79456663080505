import { describe, expect, test } from 'vitest';
import { portsOf, Running } from './running.js';
import { metricOf, service } from './setup.js';

function servicesNamed(count: number): Record<string, { port: number }[]> {
  return Object.fromEntries(Array.from({ length: count }, (_unused, index) => [`web-${index}`, [{ port: 80 }]]));
}

async function readAll(running: Running, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_unused, index) => `web-${index}`);
  await Promise.all(names.map((name) => running.instances(name)));
}

test('H039, H040: thousands of names open no more than 64 connections, 36 of them for watches', async () => {
  const count = 2_000;
  await using running = await Running.start({
    consul: { services: servicesNamed(count) },
    cache: { serviceCacheEntries: count },
  });
  for (let from = 0; from < count; from += 200) {
    await Promise.all(Array.from({ length: 200 }, (_unused, index) => running.instances(`web-${from + index}`)));
  }
  await running.quiet();
  expect(running.consul.mostSockets).toBeLessThanOrEqual(64);
  expect(running.cache.stats()).toMatchObject({ entries: count, watches: 4 + 36 });
  expect(running.consul.holding).toBe(4 + 36);
});

test('H040: with few connections fewer names are watched, and reads still get through', async () => {
  await using running = await Running.start({
    consul: { services: servicesNamed(50) },
    cache: { client: { maxConnections: 40 } },
  });
  await readAll(running, 50);
  await running.quiet();
  expect(running.cache.stats().watches).toBe(4 + 12);
  expect(running.consul.mostSockets).toBeLessThanOrEqual(40);
});

test('a name with a blocking query of its own shows a change while the aggregates pause', async () => {
  await using running = await Running.start({ consul: { services: servicesNamed(1) } });
  await running.instances('web-0');
  await running.quiet();
  for (let port = 1; port <= 4; port += 1) {
    running.consul.setService('web-0', [{ port }]);
    await running.quiet();
  }
  running.consul.fail('catalog/services', { kind: 'hang' });
  await running.pass(2_000);
  running.consul.setService('web-0', [{ port: 99 }]);
  await running.quiet();
  expect(portsOf(running.known('web-0'))).toEqual([99]);
});

test('H044: no more than 16 reads of single names run at once', async () => {
  await using running = await Running.start({ consul: { services: servicesNamed(100) }, cache: { maxWatches: 0 } });
  running.consul.fail('health/service/', { kind: 'hang' });
  const reads = Promise.allSettled(Array.from({ length: 100 }, (_unused, index) => running.instances(`web-${index}`)));
  await running.quiet();
  expect(running.count('health/service/')).toBe(16);
  await running.cache.close();
  await reads;
});

test('reads that would wait behind too many others fail at once', async () => {
  await using running = await Running.start({ consul: { services: servicesNamed(600) }, cache: { maxWatches: 0 } });
  running.consul.fail('health/service/', { kind: 'hang' });
  const reads = Array.from({ length: 600 }, (_unused, index) => running.instances(`web-${index}`));
  const ends = Promise.allSettled(reads);
  await expect(reads.at(-1)).rejects.toMatchObject({ code: 'overloaded' });
  await running.cache.close();
  await ends;
});

describe('H047: with more to read again than 200 a second', () => {
  test('the rest is served from rows up to 5 s old, and counted', async () => {
    const count = 500;
    await using running = await Running.start({ consul: { services: servicesNamed(count) }, cache: { maxWatches: 0 } });
    await readAll(running, count);
    await running.pass(3_000);
    const before = running.count('health/service/');
    for (let index = 0; index < count; index += 1) {
      running.consul.catalog.setService(`web-${index}`, [{ port: 81 }]);
    }
    await running.quiet();
    // The burst of 200, spent at once on the busiest.
    expect(running.count('health/service/') - before).toBe(200);
    running.consul.fail('health/service/', { kind: 'hang' });
    await running.clock.advance(1_100);
    const old = Array.from({ length: count }, (_unused, index) => running.read(service(`web-${index}`)));
    await running.quiet();
    await running.clock.advance(60);
    const ports = (await Promise.all(old)).flatMap((rows) =>
      rows.kind === 'instances' ? portsOf(rows.instances) : [],
    );
    expect(ports).toHaveLength(count);
    expect(new Set(ports)).toEqual(new Set([80, 81]));
    expect(await metricOf(running.metrics, 'consul_dnsd_postponed_rereads_total')).toBeGreaterThan(0);
  });

  test('all are read in the end', async () => {
    const count = 300;
    await using running = await Running.start({ consul: { services: servicesNamed(count) }, cache: { maxWatches: 0 } });
    await readAll(running, count);
    await running.pass(3_000);
    for (let index = 0; index < count; index += 1) running.consul.catalog.setService(`web-${index}`, [{ port: 81 }]);
    await running.pass(5_000);
    const ports = Array.from({ length: count }, (_unused, index) => portsOf(running.known(`web-${index}`))[0]);
    expect(new Set(ports)).toEqual(new Set([81]));
  });
});

test('names that are not listed cost a hundred first reads a second at most, whatever is asked of them', async () => {
  await using running = await Running.start({ consul: { services: servicesNamed(1) } });
  const reads = Array.from({ length: 150 }, (_unused, index) =>
    running.instances(`nope-${index}`, { view: 'connect' }),
  );
  const ends = await Promise.allSettled(reads);
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
  expect(running.count('health/connect/')).toBe(100);
  // Those that are known now, or listed, are not among them.
  expect(await running.instances('nope-0', { view: 'connect' })).toEqual([]);
  expect(await running.instances('web-0', { view: 'connect' })).toEqual([]);
});

test('a flood of names of prepared queries leaves reads alone', async () => {
  await using running = await Running.start({ consul: { services: servicesNamed(1) } });
  running.consul.fail('query/', { kind: 'hang' });
  const ends = Promise.allSettled(
    Array.from({ length: 100 }, (_unused, index) =>
      running.read({ kind: 'prepared-query', query: `made-up-${index}`, datacenter: undefined }),
    ),
  );
  await running.quiet();
  expect(running.count('query/')).toBe(8);
  expect(await running.instances('web-0')).toHaveLength(1);
  await running.cache.close();
  await ends;
});

describe('memory is bounded', () => {
  test('entries of services, the least recently asked giving way, and answers made of them are called back', async () => {
    await using running = await Running.start({
      consul: { services: servicesNamed(30) },
      cache: { serviceCacheEntries: 10 },
    });
    for (let index = 0; index < 30; index += 1) await running.instances(`web-${index}`);
    expect(running.cache.stats().entries).toBe(10);
    expect(running.changes).toContain('service/dc1/web-0');
    expect(running.read(service('web-29'))).not.toBeInstanceOf(Promise);
    expect(await running.instances('web-0')).toHaveLength(1);
  });

  test('entries of names without rows, which push out none that have some', async () => {
    await using running = await Running.start({
      consul: { services: servicesNamed(5) },
      cache: { serviceCacheEntries: 10, negativeCacheEntries: 10 },
    });
    await readAll(running, 5);
    for (let index = 0; index < 50; index += 1) await running.instances(`nope-${index}`, { view: 'connect' });
    expect(running.cache.stats()).toMatchObject({ entries: 5, negativeEntries: 10 });
  });
});
