import { describe, expect, test } from 'vitest';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import type { FakeConsul } from '../support/fake-consul.js';
import { portsOf, Running } from './running.js';
import { service } from './setup.js';

const services = {
  web: [{ port: 80 }],
  edge: [{ node: 'gw-1', port: 8443, kind: 'api-gateway' }],
  border: [{ node: 'gw-2', port: 9443, kind: 'api-gateway' }],
};
const edge = { Kind: 'api-gateway', Name: 'edge', Listeners: [{ Name: 'a', Port: 8443, Protocol: 'http' }] };
const border = { Kind: 'api-gateway', Name: 'border', Listeners: [{ Name: 'b', Port: 9443, Protocol: 'tcp' }] };
const route = {
  Kind: 'http-route',
  Name: 'web-route',
  Parents: [{ Kind: 'api-gateway', Name: 'edge', SectionName: '' }],
  Rules: [{ Services: [{ Name: 'web', Weight: 1 }] }],
};
const tcpRoute = {
  Kind: 'tcp-route',
  Name: 'raw',
  Parents: [{ Kind: 'api-gateway', Name: 'border' }],
  Services: [{ Name: 'web' }],
};
const behind = { view: 'api-gateway' } as const;

function configure(consul: FakeConsul, gateways: readonly unknown[] = [edge, border]): void {
  consul.catalog.setConfig('api-gateway', gateways);
  consul.catalog.setConfig('http-route', [route]);
  consul.catalog.setConfig('tcp-route', []);
}

function started(prepare: (consul: FakeConsul) => void = configure): Promise<Running> {
  return Running.start({ consul: { services }, prepare });
}

describe('a service behind an API gateway', () => {
  test('5.2, 18.6: has the gateway’s instances, with their own ports', async () => {
    await using running = await started();
    expect(await running.instances('web', behind)).toMatchObject([
      { service: 'edge', port: 8443, node: { name: 'gw-1' } },
    ]);
    expect(await running.instances('edge', behind)).toEqual([]);
    expect(await running.instances('nope', behind)).toEqual([]);
  });

  test('has those of all gateways that expose it', async () => {
    await using running = await started();
    running.consul.catalog.setConfig('tcp-route', [tcpRoute]);
    expect(portsOf(await running.instances('web', behind))).toEqual([9443, 8443]);
  });

  test('depends on the configuration it came from and on the gateways', async () => {
    await using running = await started();
    const { dependsOn } = await running.read(service('web', behind));
    expect([...dependsOn].sort()).toEqual(
      ['api-gateway/dc1', 'backend/dc1', 'http-route/dc1', 'service/dc1/edge', 'tcp-route/dc1'].sort(),
    );
  });

  test('a name without any depends on what could make it one', async () => {
    await using running = await started((consul) => configure(consul, []));
    const { dependsOn } = await running.read(service('web', behind));
    expect(dependsOn).toEqual(['api-gateway/dc1', 'backend/dc1']);
    expect(running.count('config/http-route')).toBe(0);
  });

  test.each([
    { what: 'a route that comes', kind: 'tcp-route', entries: [tcpRoute], ports: [9443, 8443] },
    { what: 'a route that goes', kind: 'http-route', entries: [], ports: [] },
    { what: 'a gateway that goes', kind: 'api-gateway', entries: [border], ports: [] },
  ])('$what is heard of at once, and calls back what was answered', async ({ kind, entries, ports }) => {
    await using running = await started();
    const { dependsOn } = await running.read(service('web', behind));
    await running.pass(2_000);
    running.changes.length = 0;
    running.consul.catalog.setConfig(kind, entries);
    await running.quiet();
    expect(running.changes).toContain(`${kind}/dc1`);
    expect(dependsOn).toContain(`${kind}/dc1`);
    expect(portsOf(await running.instances('web', behind))).toEqual(ports);
  });

  test('a first gateway is heard of at once', async () => {
    await using running = await started((consul) => configure(consul, []));
    expect(await running.instances('web', behind)).toEqual([]);
    await running.pass(2_000);
    running.changes.length = 0;
    running.consul.catalog.setConfig('api-gateway', [edge]);
    await running.quiet();
    expect(running.changes).toContain('api-gateway/dc1');
    expect(portsOf(await running.instances('web', behind))).toEqual([8443]);
  });

  test('a change of a gateway’s instance is as fresh as that of any service', async () => {
    await using running = await started();
    await running.instances('web', behind);
    running.consul.setStatus('edge', 'critical');
    await running.quiet();
    expect(running.changes).toContain('service/dc1/edge');
    expect(await running.instances('web', behind)).toMatchObject([{ checks: [{ status: 'critical' }] }]);
  });

  test('many questions at once are one request for each kind', async () => {
    await using running = await started();
    const names = Array.from({ length: 50 }, (_unused, index) => `web-${index}`);
    await Promise.all([...names, 'web', 'web'].map((name) => running.instances(name, behind)));
    await running.quiet();
    for (const kind of ['api-gateway', 'http-route', 'tcp-route']) {
      const asked = running.consul.requestsTo(`config/${kind}`).filter(({ query }) => !query.has('index'));
      expect(asked, kind).toHaveLength(1);
    }
  });

  test('is looked for where the name says', async () => {
    await using running = await Running.start({ consul: { services } });
    const dc2 = running.consul.addDatacenter('dc2');
    dc2.setService('far', [{ port: 7443 }]);
    dc2.setConfig('api-gateway', [{ ...edge, Name: 'far' }]);
    dc2.setConfig('http-route', [{ ...route, Parents: [{ Kind: 'api-gateway', Name: 'far' }] }]);
    dc2.setConfig('tcp-route', []);
    const there = { ...behind, locality: { datacenter: 'dc2', peer: undefined } };
    expect(portsOf(await running.instances('web', there))).toEqual([7443]);
  });

  test('no configuration is read before anybody asks', async () => {
    await using running = await started();
    await running.instances('web');
    expect(running.count('config/')).toBe(0);
  });
});

describe('in an outage', () => {
  test('D20: the last instances are served', async () => {
    await using running = await started();
    await running.instances('web', behind);
    await running.consul.goAway();
    await running.pass(10_000);
    const rows = await running.read(service('web', behind));
    expect(rows).toMatchObject({ kind: 'instances', isStale: true, instances: [{ port: 8443 }] });
  });

  test('D20: but not that there are none', async () => {
    await using running = await started();
    await running.instances('nope', behind);
    await running.consul.goAway();
    await running.pass(10_000);
    await expect(running.instances('nope', behind)).rejects.toBeInstanceOf(CatalogError);
  });

  test('a name is not denied because its configuration could not be read', async () => {
    await using running = await started();
    running.consul.fail('config/tcp-route', { kind: 'status', status: 403, body: 'Permission denied' });
    await expect(running.instances('web', behind)).rejects.toMatchObject({ code: 'permission-denied' });
  });
});

describe('a Consul that knows no API gateways', () => {
  test.each([
    { version: '1.8.7', status: 500, body: 'invalid config entry kind: api-gateway' },
    { version: 'later ones before 1.15', status: 400, body: 'Bad request: invalid config entry kind: api-gateway' },
    { version: 'those before 1.5', status: 404, body: '' },
  ])('$version: nobody has such names, and it is asked again only every ten minutes', async ({ status, body }) => {
    await using running = await started((consul) => consul.fail('v1/config/', { kind: 'status', status, body }));
    expect(await running.instances('web', behind)).toEqual([]);
    expect(await running.instances('db', behind)).toEqual([]);
    for (let minute = 0; minute < 9; minute += 1) {
      await running.pass(60_000);
      expect(await running.instances('web', behind)).toEqual([]);
    }
    expect(running.count('config/')).toBe(1);
    expect(running.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(running.log.count('Consul knows no such configuration: nobody has such names')).toBe(1);
    running.consul.heal();
    configure(running.consul);
    running.changes.length = 0;
    await running.pass(61_000);
    expect(running.changes).toContain('api-gateway/dc1');
    expect(portsOf(await running.instances('web', behind))).toEqual([8443]);
  });

  test('that is, one that refuses for another reason has failed, which is no denial', async () => {
    const body = 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';
    await using running = await started((consul) => consul.fail('v1/config/', { kind: 'status', status: 400, body }));
    await expect(running.instances('web', behind)).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('its other names do not suffer', async () => {
    await using running = await Running.start({ consul: { services } });
    await running.instances('web', behind);
    expect(running.cache.stats()).toMatchObject({ downBy: undefined, isStale: false });
    expect(await running.read(service('web'))).toMatchObject({ isStale: false });
  });

  test('is asked again within a second when another token is used', async () => {
    await using running = await Running.start({ consul: { services } });
    await running.instances('web', behind);
    configure(running.consul);
    running.changes.length = 0;
    running.cache.startOver();
    expect(running.changes).toContain('api-gateway/dc1');
    await running.pass(1_000);
    expect(portsOf(await running.instances('web', behind))).toEqual([8443]);
  });
});
