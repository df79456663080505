import { describe, expect, test } from 'vitest';
import {
  decodeGatewayConfig,
  type GatewayConfig,
  type GatewayConfigKind,
  gatewaysExposing,
} from '../../src/catalog/gateway-config.js';

function entry(kind: GatewayConfigKind, row: Readonly<Record<string, unknown>>): GatewayConfig {
  const decoded = decodeGatewayConfig(kind, { Kind: kind, ...row });
  if (decoded === undefined) throw new Error('The row was not understood');
  return decoded;
}

const gateway = entry('api-gateway', {
  Name: 'Edge',
  Listeners: [
    { Name: 'web', Port: 8443, Protocol: 'http', Hostname: '*.example.com' },
    { Name: 'raw', Port: 5432, Protocol: 'tcp' },
  ],
});
const toEdge = { Kind: 'api-gateway', Name: 'edge' };

function httpRoute(changes: Readonly<Record<string, unknown>> = {}): GatewayConfig {
  const rules = [{ Services: [{ Name: 'Web', Weight: 1 }, { Name: 'canary' }] }, { Services: [{ Name: 'admin' }] }];
  return entry('http-route', { Name: 'r', Parents: [toEdge], Rules: rules, ...changes });
}

function tcpRoute(changes: Readonly<Record<string, unknown>> = {}): GatewayConfig {
  return entry('tcp-route', { Name: 't', Parents: [toEdge], Services: [{ Name: 'db' }], ...changes });
}

function status(bound: string, resource: Readonly<Record<string, unknown>> = toEdge): Record<string, unknown> {
  return { Status: { Conditions: [{ Type: 'Bound', Status: bound, Reason: 'Bound', Resource: resource }] } };
}

describe('5.2, 18.6: an API gateway exposes', () => {
  test.each([
    { service: 'web', config: [gateway, httpRoute()], exposed: true, why: 'an HTTP route names it' },
    { service: 'canary', config: [gateway, httpRoute()], exposed: true, why: 'as its second service' },
    { service: 'admin', config: [gateway, httpRoute()], exposed: true, why: 'in its second rule' },
    { service: 'db', config: [gateway, tcpRoute()], exposed: true, why: 'a TCP route names it' },
    { service: 'other', config: [gateway, httpRoute(), tcpRoute()], exposed: false, why: 'no route names it' },
    { service: 'web', config: [httpRoute()], exposed: false, why: 'there is no such gateway' },
    { service: 'edge', config: [gateway, httpRoute()], exposed: false, why: 'the gateway is not behind itself' },
    { service: 'web', config: [gateway, httpRoute({ Parents: null })], exposed: false, why: 'the route hangs nowhere' },
    {
      service: 'web',
      config: [gateway, httpRoute({ Parents: [{ Kind: 'api-gateway', Name: 'other' }] })],
      exposed: false,
      why: 'it hangs elsewhere',
    },
    {
      service: 'web',
      config: [gateway, httpRoute({ Parents: [{ Kind: 'mesh-gateway', Name: 'edge' }] })],
      exposed: false,
      why: 'its parent is no API gateway',
    },
    {
      service: 'web',
      config: [gateway, httpRoute({ Parents: [{ Name: 'edge', SectionName: 'web' }] })],
      exposed: true,
      why: 'it hangs on the listener of that name; the kind may be left out',
    },
    {
      service: 'web',
      config: [gateway, httpRoute({ Parents: [{ Name: 'edge', SectionName: 'nope' }] })],
      exposed: false,
      why: 'the gateway has no such listener',
    },
    {
      service: 'web',
      config: [gateway, httpRoute({ Parents: [{ Name: 'edge', SectionName: 'raw' }] })],
      exposed: false,
      why: 'that listener does not speak HTTP',
    },
    {
      service: 'db',
      config: [entry('api-gateway', { Name: 'edge', Listeners: [{ Name: 'raw' }] }), tcpRoute()],
      exposed: true,
      why: 'a listener is for TCP unless it says otherwise',
    },
    {
      service: 'db',
      config: [entry('api-gateway', { Name: 'edge', Listeners: [{ Name: 'web', Protocol: 'http' }] }), tcpRoute()],
      exposed: false,
      why: 'there is no TCP listener',
    },
    { service: 'web', config: [gateway, httpRoute(status('True'))], exposed: true, why: 'its status says so' },
    { service: 'web', config: [gateway, httpRoute(status('False'))], exposed: false, why: 'its status says not' },
    {
      service: 'web',
      config: [gateway, httpRoute(status('False', { ...toEdge, Name: 'other' }))],
      exposed: true,
      why: 'what failed was another parent',
    },
    { service: 'web', config: [gateway, httpRoute({ Status: null })], exposed: true, why: 'no status says nothing' },
  ])('"$service": $exposed, for $why', ({ service, config, exposed }) => {
    expect(gatewaysExposing(service, config)).toEqual(exposed ? ['edge'] : []);
  });

  test('what several gateways expose, in the order of their names', () => {
    const second = entry('api-gateway', { Name: 'border', Listeners: [{ Name: 'a', Protocol: 'http' }] });
    const route = httpRoute({ Parents: [toEdge, { Kind: 'api-gateway', Name: 'border' }] });
    expect(gatewaysExposing('web', [gateway, second, route])).toEqual(['border', 'edge']);
  });

  test.each([null, 'text', 7, []])('a row that is %j is none', (row) => {
    expect(decodeGatewayConfig('http-route', row)).toBeUndefined();
  });

  test('rows without what they should have expose nothing', () => {
    const rows = { Listeners: 'x', Rules: [7, { Services: [{}, { Name: 8 }] }], Parents: [null, {}], Status: 1 };
    const config = (['api-gateway', 'http-route', 'tcp-route'] as const).map((kind) => entry(kind, rows));
    expect(gatewaysExposing('', config)).toEqual([]);
  });
});
