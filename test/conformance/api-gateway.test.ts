import { describe, expect, test } from 'vitest';
import { RecordType } from '../../src/wire/constants.js';
import { formatRecord } from '../../src/wire/present.js';
import { askUdp, question } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { startTestServer, type TestServer } from '../support/server.js';

const route = {
  Kind: 'http-route',
  Name: 'web-route',
  Parents: [{ Kind: 'api-gateway', Name: 'edge', SectionName: 'https' }],
  Rules: [{ Services: [{ Name: 'web' }] }],
};

async function startGateway(): Promise<FakeConsul> {
  const consul = await startFakeConsul({
    nodes: [
      { name: 'gw-1', address: '10.40.0.1' },
      { name: 'gw-2', address: '10.40.0.2' },
    ],
    services: {
      web: [{ port: 80 }],
      edge: [
        { node: 'gw-1', id: 'edge-1', port: 8443, kind: 'api-gateway' },
        { node: 'gw-2', id: 'edge-2', port: 8443, kind: 'api-gateway', checks: [{ id: 'up', status: 'critical' }] },
      ],
    },
  });
  const listeners = [{ Name: 'https', Port: 8443, Protocol: 'http' }];
  consul.catalog.setConfig('api-gateway', [{ Kind: 'api-gateway', Name: 'edge', Listeners: listeners }]);
  consul.catalog.setConfig('http-route', [route]);
  consul.catalog.setConfig('tcp-route', []);
  return consul;
}

/** Asked so often that the last answer is a compiled one. */
async function answersOf(server: TestServer, name: string, type: 'A' | 'SRV' = 'A'): Promise<string[]> {
  for (let times = 0; times < 4; times += 1) await askUdp(server, question(name, type));
  const { rcode, answer } = await askUdp(server, question(name, type));
  return rcode === 0 ? answer.map((record) => formatRecord(record).replace(/\s+/g, ' ')) : [`rcode ${rcode}`];
}

describe('NAME.api-gateway (5.2, 18.6)', () => {
  test('gives the passing instances of the gateways that expose the service, ports and all', async () => {
    await using consul = await startGateway();
    await using server = await startTestServer(consul.url);
    expect(await answersOf(server, 'web.api-gateway.consul')).toEqual(['web.api-gateway.consul. 0 IN A 10.40.0.1']);
    expect(await answersOf(server, 'any.thing.web.api-gateway.dc1.consul', 'SRV')).toEqual([
      'any.thing.web.api-gateway.dc1.consul. 0 IN SRV 1 1 8443 gw-1.node.dc1.consul.',
    ]);
    expect(await answersOf(server, 'edge.api-gateway.consul')).toEqual(['rcode 3']);
    const { rcode, authority } = await askUdp(server, question('web.api-gateway.consul', 'AAAA'));
    expect({ rcode, type: authority[0]?.type }).toEqual({ rcode: 0, type: RecordType.SOA });
  });

  test('answers given many times follow the routes, and the gateways’ checks', async () => {
    await using consul = await startGateway();
    await using server = await startTestServer(consul.url);
    const ask = (): Promise<string[]> => answersOf(server, 'web.api-gateway.consul');
    expect(await ask()).toHaveLength(1);
    consul.catalog.setConfig('http-route', []);
    expect(await eventually(ask, ([answer]) => answer === 'rcode 3')).toEqual(['rcode 3']);
    consul.catalog.setConfig('http-route', [route]);
    expect(await eventually(ask, ([answer]) => answer !== 'rcode 3')).toHaveLength(1);
    consul.setStatus('edge', 'passing');
    expect(await eventually(ask, (answers) => answers.length > 1)).toHaveLength(2);
  });

  test('is NXDOMAIN where Consul knows no API gateways', async () => {
    await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
    await using server = await startTestServer(consul.url);
    expect(await answersOf(server, 'web.api-gateway.consul')).toEqual(['rcode 3']);
    expect(server.log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });
});
