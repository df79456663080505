import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Running } from './running.js';
import { service } from './setup.js';

const dc1 = { datacenter: undefined, peer: undefined };

describe('names that do not exist', () => {
  test('H035: cost no request and are answered at once', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    const before = running.consul.requests.length;
    for (let index = 0; index < 100; index += 1) expect(running.known(`nope-${index}`)).toEqual([]);
    await running.quiet();
    expect(running.consul.requests).toHaveLength(before);
  });

  test('H036: are found once they are registered, and answers that denied them are called back', async () => {
    await using running = await Running.start();
    running.known('web');
    running.consul.setService('web', [{ port: 80 }]);
    await running.quiet();
    expect(running.changes).toContain('service/dc1/web');
    expect(await running.instances('web')).toHaveLength(1);
    running.consul.setService('web', []);
    await running.quiet();
    expect(await running.instances('web')).toEqual([]);
  });

  /** Quick changes use up the burst: the next read of the names comes a second later. */
  async function startGap(): Promise<Running> {
    const running = await Running.start();
    for (const name of ['one', 'two', 'three']) {
      running.consul.setService(name, [{ port: 1 }]);
      await running.quiet();
    }
    return running;
  }

  test('are looked up one by one while the names are between two reads, so that a new one is found at once', async () => {
    await using running = await startGap();
    running.consul.setService('four', [{ port: 4 }]);
    expect(await running.instances('four')).toHaveLength(1);
    expect(await running.instances('nope')).toEqual([]);
    expect(running.count('health/service/nope')).toBe(1);
  });

  test('H036: a name denied in that time is found at once when it comes, and the denial is called back', async () => {
    await using running = await startGap();
    const { dependsOn } = await running.read(service('four'));
    running.changes.length = 0;
    await running.clock.advance(50);
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    running.consul.setService('four', [{ port: 4 }]);
    expect(await running.instances('four')).toHaveLength(1);
  });

  test('are looked up as well when the query that waits for names has only just been sent', async () => {
    await using running = await startGap();
    running.consul.setService('four', [{ port: 4 }]);
    running.consul.fail('catalog/services', { kind: 'hang' });
    await running.clock.advance(1_000);
    expect(await running.instances('four')).toHaveLength(1);
  });

  test('then too cost a hundred requests a second at most', async () => {
    await using running = await startGap();
    const names = Array.from({ length: 300 }, (_unused, index) => `nope-${index}`);
    await Promise.all(names.map((name) => running.instances(name)));
    expect(running.count('health/service/nope')).toBe(100);
  });

  test('H038: never get a blocking query of their own', async () => {
    await using running = await Running.start();
    running.consul.fail('catalog/services', { kind: 'status', status: 404 });
    running.consul.catalog.touch();
    await running.quiet();
    for (let index = 0; index < 20; index += 1) expect(await running.instances(`nope-${index}`)).toEqual([]);
    await running.quiet();
    const asked = running.consul.requestsTo('health/service/nope');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.some(({ query }) => query.has('index'))).toBe(false);
  });

  test('a name that loses its last instance loses its blocking query', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web');
    await running.quiet();
    const holding = running.consul.holding;
    running.consul.setService('web', []);
    await running.pass(2_000);
    expect(running.consul.holding).toBe(holding - 1);
  });
});

test('H037, H168: names are matched in any case', async () => {
  await using running = await Running.start({
    consul: { services: { WebShop: [{ node: 'Node-A', port: 80 }] }, nodes: [{ name: 'Node-A', address: '10.0.0.7' }] },
  });
  expect(await running.instances('webshop')).toMatchObject([{ service: 'WebShop', node: { name: 'Node-A' } }]);
  expect(running.read({ kind: 'node', node: 'node-a', locality: dc1 })).toMatchObject({
    kind: 'node',
    node: { name: 'Node-A', address: '10.0.0.7' },
    datacenter: 'dc1',
  });
});

describe('nodes', () => {
  test('H168: are answered from the list of nodes, without a request', async () => {
    await using running = await Running.start({ consul: { nodes: [{ name: 'db-1', address: '10.0.0.9' }] } });
    const before = running.consul.requests.length;
    expect(running.read({ kind: 'node', node: 'db-1', locality: dc1 })).toMatchObject({
      node: { address: '10.0.0.9' },
    });
    expect(running.read({ kind: 'node', node: 'nope', locality: dc1 })).toMatchObject({
      node: undefined,
      isStale: false,
    });
    expect(running.consul.requests).toHaveLength(before);
  });

  test('H028: disappear with their node, which wakes no query on it', async () => {
    await using running = await Running.start({ consul: { nodes: [{ name: 'db-1', address: '10.0.0.9' }] } });
    running.read({ kind: 'node', node: 'db-1', locality: dc1 });
    running.consul.removeNode('db-1');
    await running.quiet();
    expect(running.changes).toContain('node/dc1/db-1');
    expect(await running.read({ kind: 'node', node: 'db-1', locality: dc1 })).toMatchObject({ node: undefined });
  });

  test('change with their node', async () => {
    await using running = await Running.start({ consul: { nodes: [{ name: 'db-1', address: '10.0.0.9' }] } });
    running.consul.setNode({ name: 'db-1', address: '10.0.0.10', meta: { rack: '2' } });
    await running.quiet();
    expect(running.changes).toContain('node/dc1/db-1');
    expect(running.read({ kind: 'node', node: 'db-1', locality: dc1 })).toMatchObject({
      node: { address: '10.0.0.10', meta: { rack: '2' } },
    });
  });

  test('of a peer are asked for one by one', async () => {
    await using running = await Running.start();
    await running.read({ kind: 'node', node: 'node-1', locality: { datacenter: undefined, peer: 'west' } });
    expect(running.consul.requestsTo('catalog/node/node-1')[0]?.query.get('peer')).toBe('west');
  });
});

describe('other lookups', () => {
  test('connect and ingress lookups have rows of their own', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    running.consul.catalog.setService('web', [{ port: 21_000 }], { table: 'connect' });
    running.consul.catalog.setService('web', [{ port: 8_080 }], { table: 'ingress' });
    const ports = await Promise.all(
      (['service', 'connect', 'ingress'] as const).map(
        async (view) => (await running.instances('web', { view }))[0]?.port,
      ),
    );
    expect(ports).toEqual([80, 21_000, 8_080]);
  });

  test('connect lookups do not need a service of that name', async () => {
    await using running = await Running.start();
    running.consul.catalog.setService('hidden', [{ port: 21_000 }], { table: 'connect' });
    expect(await running.instances('hidden', { view: 'connect' })).toHaveLength(1);
  });

  test('services of a peer are asked for as such', async () => {
    await using running = await Running.start({ consul: { services: { web: [{ port: 80 }] } } });
    await running.instances('web', { locality: { datacenter: undefined, peer: 'west' } });
    expect(running.consul.requestsTo('health/service/web').at(-1)?.query.get('peer')).toBe('west');
    await running.instances('web');
    expect(running.consul.requestsTo('health/service/web').at(-1)?.query.has('peer')).toBe(false);
  });

  test('a peer and a service name cannot be mistaken for others', async () => {
    await using running = await Running.start();
    const keys = new Set<string>();
    const lookups = [
      service('b/c', { locality: { datacenter: undefined, peer: 'a' } }),
      service('c', { locality: { datacenter: undefined, peer: 'a/b' } }),
      service('a@b/c'),
      service('c', { view: 'connect', locality: { datacenter: undefined, peer: 'a' } }),
    ];
    for (const lookup of lookups) {
      const { dependsOn } = await running.read(lookup);
      keys.add(String(dependsOn[0]));
    }
    expect(keys.size).toBe(lookups.length);
  });

  test('the apex has the instances of the service "consul"', async () => {
    await using running = await Running.start();
    expect(await running.read({ kind: 'apex', part: 'zone' })).toMatchObject({
      kind: 'instances',
      instances: [{ service: 'consul' }],
    });
  });

  test('virtual lookups have the mesh instances, or else show that the service exists', async () => {
    await using running = await Running.start({ consul: { services: { plain: [{ port: 80 }] } } });
    const virtual = { 'consul-virtual': { Address: '240.0.0.1', Port: 80 } };
    running.consul.catalog.setService('web', [{ port: 1, taggedAddresses: virtual }], { table: 'connect' });
    const read = (name: string) => running.read({ kind: 'virtual', service: name, portName: undefined, locality: dc1 });
    expect(await read('web')).toMatchObject({
      instances: [{ taggedAddresses: { 'consul-virtual': { address: '240.0.0.1' } } }],
    });
    const plain = await read('plain');
    expect(plain).toMatchObject({ instances: [{ service: 'plain', port: 80 }] });
    expect(plain.dependsOn).toEqual(expect.arrayContaining(['connect/dc1/plain', 'service/dc1/plain']));
    expect(await read('nope')).toMatchObject({ instances: [] });
  });
});

test('for any names registered and asked for, exactly the registered ones are found', async () => {
  await using running = await Running.start();
  const name = fc.stringMatching(/^[a-z0-9_ -]{1,12}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(name, { maxLength: 5 }),
      fc.uniqueArray(name, { maxLength: 5 }),
      async (registered, asked) => {
        for (const service of registered) running.consul.setService(service, [{ port: 80 }]);
        await running.pass(2_000);
        for (const service of [...registered, ...asked]) {
          expect(await running.instances(service)).toHaveLength(
            registered.includes(service) || service === 'consul' ? 1 : 0,
          );
        }
        for (const service of registered) running.consul.setService(service, []);
        await running.pass(2_000);
      },
    ),
    { numRuns: 15 },
  );
});
