import { describe, expect, test } from 'vitest';
import { Running } from './running.js';

const consul = {
  nodes: [
    { name: 'Host-A', address: '192.0.2.10' },
    { name: 'host-b', address: '192.0.2.10' },
    { name: 'six', address: '2001:DB8:0::1' },
    { name: 'named', address: 'named.example.com' },
  ],
  services: {
    web: [{ node: 'six', address: '192.0.2.20', port: 80 }],
    api: [
      { node: 'six', address: '192.0.2.20', port: 81 },
      { node: 'six', id: 'api-2', address: '192.0.2.21' },
    ],
    db: [{ node: 'Host-A', address: '192.0.2.10' }],
    v6: [{ node: 'six', address: '2001:db8::0:5' }],
  },
};

async function ownersOf(running: Running, address: string): Promise<string[]> {
  const rows = await running.read({ kind: 'reverse', address });
  if (rows.kind !== 'owners') throw new Error(`The rows are ${rows.kind}`);
  return rows.owners.map(({ kind, name, datacenter }) => `${kind} ${name} ${datacenter}`);
}

describe('the owners of an address', () => {
  test('D14: are all its nodes in the server’s order, then all its services', async () => {
    await using running = await Running.start({ consul });
    await ownersOf(running, '192.0.2.99');
    expect(await ownersOf(running, '192.0.2.10')).toEqual(['node Host-A dc1', 'node host-b dc1', 'service db dc1']);
    expect(await ownersOf(running, '192.0.2.20')).toEqual(['service api dc1', 'service web dc1']);
    expect(await ownersOf(running, '192.0.2.21')).toEqual(['service api dc1']);
    expect(await ownersOf(running, '192.0.2.99')).toEqual([]);
  });

  test('18.4: are compared as addresses, not as texts', async () => {
    await using running = await Running.start({ consul });
    expect(await ownersOf(running, '2001:db8::1')).toEqual(['node six dc1']);
    expect(await ownersOf(running, '2001:db8::5')).toEqual(['service v6 dc1']);
  });

  test('are found among nodes alone where that is what is wanted, without reading services', async () => {
    await using running = await Running.start({ consul, cache: { reverseScope: 'nodes' } });
    expect(await ownersOf(running, '192.0.2.10')).toEqual(['node Host-A dc1', 'node host-b dc1']);
    expect(await ownersOf(running, '192.0.2.20')).toEqual([]);
    expect(running.count('catalog/service/')).toBe(0);
  });

  test('of a node are known without reading services first', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('catalog/service/', { kind: 'hang' });
    const reading = ownersOf(running, '192.0.2.10');
    await running.quiet();
    await running.clock.advance(1_500);
    expect(await reading).toEqual(['node Host-A dc1', 'node host-b dc1']);
  });

  test('no service is read before anybody asks, and each once then', async () => {
    await using running = await Running.start({ consul });
    expect(running.count('catalog/service/')).toBe(0);
    for (let count = 0; count < 5; count += 1) await ownersOf(running, '192.0.2.99');
    expect(running.count('catalog/service/')).toBe(5);
  });

  test('H049: that cannot be found in time are a failure, not nobody', async () => {
    await using running = await Running.start({ consul });
    running.consul.fail('catalog/service/', { kind: 'hang' });
    const reading = expect(running.read({ kind: 'reverse', address: '192.0.2.99' })).rejects.toMatchObject({
      code: 'timeout',
    });
    await running.quiet();
    await running.clock.advance(1_500);
    await reading;
  });
});

test('services that an outage kept from being looked at are looked at again', async () => {
  await using running = await Running.start({ consul });
  running.consul.fail('catalog/service/', { kind: 'status', status: 500, body: 'rpc error making call: EOF' });
  await expect(running.read({ kind: 'reverse', address: '192.0.2.20' })).rejects.toMatchObject({ code: 'timeout' });
  running.consul.heal();
  expect(await ownersOf(running, '192.0.2.20')).toEqual(['service api dc1', 'service web dc1']);
});

describe('a change reaches the next answer', () => {
  test('of a node’s address', async () => {
    await using running = await Running.start({ consul });
    const { dependsOn } = await running.read({ kind: 'reverse', address: '192.0.2.10' });
    running.changes.length = 0;
    running.consul.setNode({ name: 'host-b', address: '192.0.2.11' });
    await running.quiet();
    expect(running.changes.some((entry) => dependsOn.includes(entry))).toBe(true);
    expect(await ownersOf(running, '192.0.2.11')).toEqual(['node host-b dc1']);
  });

  test('of a service that comes or goes', async () => {
    await using running = await Running.start({ consul });
    await ownersOf(running, '192.0.2.30');
    running.changes.length = 0;
    running.consul.setService('new', [{ node: 'six', address: '192.0.2.30' }]);
    await running.quiet();
    expect(running.changes).toContain('reverse/dc1');
    expect(await ownersOf(running, '192.0.2.30')).toEqual(['service new dc1']);
    running.consul.setService('new', []);
    await running.pass(1_000);
    expect(await ownersOf(running, '192.0.2.30')).toEqual([]);
  });

  test('of a service that leaves the address, at once; and takes another, within about a minute', async () => {
    await using running = await Running.start({ consul });
    expect(await ownersOf(running, '192.0.2.21')).toEqual(['service api dc1']);
    running.consul.setService('api', [{ node: 'six', address: '192.0.2.22', port: 81 }]);
    await running.quiet();
    expect(await ownersOf(running, '192.0.2.21')).toEqual([]);
    await running.pass(65_000);
    expect(await ownersOf(running, '192.0.2.22')).toEqual(['service api dc1']);
  });

  test('services are not read again once nobody asks for ten minutes', async () => {
    await using running = await Running.start({ consul });
    await ownersOf(running, '192.0.2.20');
    await running.pass(12 * 60_000);
    const before = running.count('catalog/service/');
    await running.pass(3 * 60_000);
    expect(running.count('catalog/service/')).toBe(before);
  });
});
