import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { freePort } from '../support/free-port.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { answers, ask, askOverTcp, lines } from './seen.js';
import { configFrom, testSettings } from './setting-case.js';

/** Zones and listeners (dns-behaviour sections 2.1, 3 and 17). */

let consul: FakeConsul;

beforeAll(async () => {
  consul = await startFakeConsul({
    nodes: [{ name: 'web-1', address: '10.20.0.1' }],
    services: {
      web: [{ node: 'web-1', port: 8080 }],
      many: Array.from({ length: 200 }, (_, at) => ({ id: `many-${at}`, address: `192.0.2.${at + 1}`, port: 80 })),
    },
  });
});
afterAll(() => consul.close());

const NOERROR = 0;
const NXDOMAIN = 3;
const REFUSED = 5;

async function rcodes(server: TestServer, names: readonly string[]): Promise<Record<string, number>> {
  const replies = await Promise.all(names.map(async (name) => [name, (await ask(server, name)).rcode] as const));
  return Object.fromEntries(replies);
}

testSettings(
  [
    {
      key: 'domain',
      rows: '3, C024, C026',
      sides: [
        {
          json: { domain: 'Consul' },
          sees: {
            'web.service.consul': NOERROR,
            'web.service.svc.example.net': REFUSED,
            ptr: 'web-1.node.dc1.consul.',
          },
        },
        {
          json: { domain: 'SVC.example.net.' },
          sees: {
            'web.service.consul': REFUSED,
            'web.service.svc.example.net': NOERROR,
            ptr: 'web-1.node.dc1.svc.example.net.',
          },
        },
      ],
      ask: async (server) => ({
        ...(await rcodes(server, ['web.service.consul', 'web.service.svc.example.net'])),
        ptr: (await answers(server, '1.0.20.10.in-addr.arpa', 'PTR'))[0]?.split(' ').at(-1),
      }),
    },
    {
      key: 'alt_domain',
      rows: '3.1, C028, D9',
      sides: [
        {
          json: { alt_domain: 'alt.example' },
          sees: {
            'web.service.consul': NOERROR,
            'web.service.alt.example': NOERROR,
            srv: ['web.service.ALT.example. 0 IN SRV 1 1 8080 web-1.node.dc1.alt.example.'],
            soaOwner: 'alt.example.',
          },
        },
        {
          json: {},
          sees: { 'web.service.consul': NOERROR, 'web.service.alt.example': REFUSED, srv: [], soaOwner: undefined },
        },
      ],
      ask: async (server) => ({
        ...(await rcodes(server, ['web.service.consul', 'web.service.alt.example'])),
        srv: await answers(server, 'web.service.ALT.example', 'SRV'),
        soaOwner: (await ask(server, 'nope.service.ALT.example')).authority[0]?.name,
      }),
    },
    {
      key: 'domain within alt_domain',
      rows: '3.5, C027: the longer suffix is stripped first',
      sides: [
        {
          json: { domain: 'example', alt_domain: 'bar.example' },
          sees: { 'web.service.bar.example': NOERROR, 'web.service.example': NOERROR },
        },
        {
          json: { domain: 'example' },
          sees: { 'web.service.bar.example': NXDOMAIN, 'web.service.example': NOERROR },
        },
      ],
      ask: (server) => rcodes(server, ['web.service.bar.example', 'web.service.example']),
    },
    {
      key: 'consul_dnsd.advertise',
      rows: '5.8, 5.10, D7',
      sides: [
        {
          json: { consul_dnsd: { advertise: ['192.0.2.53', '2001:db8::53'] } },
          sees: {
            ns: ['consul. 0 IN NS ns.consul.'],
            glue: ['ns.consul. 0 IN A 192.0.2.53', 'ns.consul. 0 IN AAAA 2001:db8::53'],
            a: ['ns.consul. 0 IN A 192.0.2.53'],
          },
        },
        {
          json: {},
          sees: {
            ns: ['consul. 0 IN NS node-1.node.dc1.consul.'],
            glue: ['node-1.node.dc1.consul. 0 IN A 10.0.0.1'],
            a: [],
          },
        },
      ],
      ask: async (server) => {
        const ns = await ask(server, 'consul', 'NS');
        return { ns: lines(ns.answer), glue: lines(ns.additional), a: await answers(server, 'ns.consul') };
      },
    },
    {
      key: 'consul_dnsd.udp_payload_max',
      rows: '11.1, D4',
      sides: [
        { json: { consul_dnsd: { udp_payload_max: 1232 } }, sees: { told: 1232, isCut: true } },
        { json: { consul_dnsd: { udp_payload_max: 4096 } }, sees: { told: 4096, isCut: false } },
      ],
      ask: async (server) => {
        const reply = await ask(server, 'many.service.consul', 'A', { edns: { udpPayloadBytes: 4096 } });
        return { told: reply.edns?.udpPayloadBytes, isCut: reply.truncated };
      },
    },
  ],
  () => consul.url,
);

test.each([
  { json: { client_addr: '::1' }, hosts: ['::1'], why: 'client_addr' },
  { json: { client_addr: '127.0.0.1', addresses: { dns: '::1' } }, hosts: ['::1'], why: 'addresses.dns before it' },
  { json: { addresses: { dns: '127.0.0.1 ::1' } }, hosts: ['127.0.0.1', '::1'], why: 'several' },
  { json: {}, hosts: ['127.0.0.1'], why: 'loopback alone' },
])('listens where $json says, over UDP and TCP: $why (2.1)', async ({ json, hosts }) => {
  await using server = await startTestServer(consul.url, configFrom(json, { httpAddr: [consul.url] }));
  expect(server.addresses.map(({ host }) => host)).toEqual(hosts);
  for (const address of server.addresses) {
    expect(await answers(address, 'web.service.consul')).toEqual(['web.service.consul. 0 IN A 10.20.0.1']);
    expect((await askOverTcp(address, 'web.service.consul')).answer).toHaveLength(1);
  }
});

test('ports.dns is the port of UDP and of TCP (2.1)', async () => {
  const port = await freePort();
  const config = configFrom({ ports: { dns: port } }, { httpAddr: [consul.url] });
  await using server = await startTestServer(consul.url, config);
  expect(server.addresses).toMatchObject([{ port }]);
  expect((await ask(server, 'web.service.consul')).rcode).toBe(NOERROR);
  expect((await askOverTcp(server, 'web.service.consul')).rcode).toBe(NOERROR);
});

test('where it listens waits for the next start, which a reload says; the rest takes effect (17)', async () => {
  const over = { httpAddr: [consul.url] };
  await using server = await startTestServer(consul.url, configFrom({}, over));
  const next = { addresses: { dns: '::1' }, ports: { dns: 53 }, dns_config: { node_ttl: '9s' } };
  expect(await server.reload(configFrom(next, over))).toEqual(['bind', 'dnsPort']);
  expect(await answers(server, 'web-1.node.consul')).toEqual(['web-1.node.consul. 9 IN A 10.20.0.1']);
});
