import { afterAll, beforeAll } from 'vitest';
import { question, UdpClient } from '../support/client.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import type { TestServer } from '../support/server.js';
import { answers, ask, askOverTcp, ofType, ttls } from './seen.js';
import { testSettings } from './setting-case.js';

/** What shapes answers (dns-behaviour section 17). */

let consul: FakeConsul;

beforeAll(async () => {
  consul = await startFakeConsul({
    nodes: [
      { name: 'web-1', address: '10.20.0.1', meta: { rack: 'a7' } },
      { name: 'web-2', address: '10.20.0.2' },
    ],
    services: {
      web: [
        { node: 'web-1', port: 8080, meta: { version: '7' } },
        { node: 'web-2', port: 8081, checks: [{ id: 'load', status: 'warning' }] },
      ],
      many: Array.from({ length: 40 }, (_, at) => ({ id: `many-${at}`, address: `192.0.2.${at + 1}`, port: 80 })),
    },
  });
  const far = consul.addDatacenter('dc2');
  far.setNode({ name: 'far-1', address: '10.9.0.1', taggedAddresses: { wan: '198.51.100.1' } });
  far.setService('far', [
    {
      node: 'far-1',
      address: '10.9.1.1',
      port: 80,
      taggedAddresses: { wan: { Address: '198.51.100.7', Port: 8080 } },
    },
  ]);
});
afterAll(() => consul.close());

const dns = (config: unknown) => ({ dns_config: config });

async function soa(server: TestServer): Promise<readonly string[]> {
  // Without the serial, which is the time.
  return (await answers(server, 'consul', 'SOA')).map((line) => line.replace(/ \d{9,} /, ' '));
}

async function zoneSpellings(server: TestServer): Promise<number> {
  await using client = await UdpClient.open(server);
  client.send(question('web.service.consul', 'SRV'));
  return (
    Buffer.from(await client.next())
      .toString('latin1')
      .split('\x06consul\0').length - 1
  );
}

testSettings(
  [
    {
      key: 'dns_config.only_passing',
      rows: '8.1, C125, C126',
      sides: [
        { json: dns({ only_passing: true }), sees: ['10.20.0.1'] },
        { json: dns({ only_passing: false }), sees: ['10.20.0.1', '10.20.0.2'] },
      ],
      ask: async (server) => (await answers(server, 'web.service.consul')).map((line) => line.split(' ').at(-1)),
    },
    {
      key: 'dns_config.node_ttl',
      rows: '10.1, C140',
      sides: [
        { json: dns({ node_ttl: '7s' }), sees: { node: [7], addr: [7], ns: [7], service: [0] } },
        { json: dns({ node_ttl: '1m30s' }), sees: { node: [90], addr: [90], ns: [90], service: [0] } },
      ],
      ask: async (server) => ({
        node: ttls(await ask(server, 'web-1.node.consul')),
        addr: ttls(await ask(server, '0a140001.addr.consul')),
        ns: ttls(await ask(server, 'consul', 'NS')),
        service: ttls(await ask(server, 'web.service.consul')),
      }),
    },
    {
      key: 'dns_config.service_ttl',
      rows: '10.2, C138, C139',
      sides: [
        { json: dns({ service_ttl: { web: '5900ms', '*': '2s' } }), sees: { web: [5], many: [2], node: [0] } },
        { json: dns({ service_ttl: { 'm*': '9s' } }), sees: { web: [0], many: [9], node: [0] } },
      ],
      ask: async (server) => ({
        web: ttls(await ask(server, 'web.service.consul')),
        many: ttls(await ask(server, 'many.service.consul')),
        node: ttls(await ask(server, 'web-1.node.consul')),
      }),
    },
    {
      key: 'dns_config.enable_truncate',
      rows: '11.4, C153, D2',
      sides: [
        { json: dns({ enable_truncate: true }), sees: { truncated: true, isCut: true } },
        { json: dns({ enable_truncate: false }), sees: { truncated: false, isCut: true } },
      ],
      ask: async (server) => {
        const { truncated, answer } = await ask(server, 'many.service.consul');
        return { truncated, isCut: answer.length < 40 };
      },
    },
    {
      key: 'dns_config.udp_answer_limit',
      rows: '11.1.2, C142, C143, D3',
      sides: [
        { json: dns({ udp_answer_limit: 3 }), sees: { plain: 3, edns: 40, tcp: 40, truncated: false } },
        { json: dns({ udp_answer_limit: 12 }), sees: { plain: 12, edns: 40, tcp: 40, truncated: false } },
      ],
      ask: async (server) => {
        const plain = await ask(server, 'many.service.consul');
        return {
          plain: plain.answer.length,
          edns: (await ask(server, 'many.service.consul', 'A', { edns: true })).answer.length,
          tcp: (await askOverTcp(server, 'many.service.consul')).answer.length,
          truncated: plain.truncated,
        };
      },
    },
    {
      key: 'dns_config.a_record_limit',
      rows: '9.4, C136, D3',
      sides: [
        { json: dns({ a_record_limit: 2 }), sees: { udp: 2, tcp: 2, srv: 40, truncated: false } },
        { json: dns({ a_record_limit: 0 }), sees: { udp: 40, tcp: 40, srv: 40, truncated: false } },
      ],
      ask: async (server) => {
        const udp = await ask(server, 'many.service.consul', 'A', { edns: true });
        return {
          udp: udp.answer.length,
          tcp: (await askOverTcp(server, 'many.service.consul')).answer.length,
          srv: (await askOverTcp(server, 'many.service.consul', 'SRV')).answer.length,
          truncated: udp.truncated,
        };
      },
    },
    {
      key: 'dns_config.disable_compression',
      rows: '11.1.5, C147',
      sides: [
        // Once in the question, and once in the target of each SRV record, which is never compressed.
        { json: dns({ disable_compression: false, only_passing: false }), sees: 3 },
        // And in the owner of each of two SRV, two A and one TXT record.
        { json: dns({ disable_compression: true, only_passing: false }), sees: 8 },
      ],
      ask: zoneSpellings,
    },
    {
      key: 'dns_config.enable_additional_node_meta_txt',
      rows: '5.3.5, 6.3, C071, C072',
      sides: [
        { json: dns({ enable_additional_node_meta_txt: true }), sees: { node: 1, srv: 1, txt: 1, any: 1 } },
        { json: dns({ enable_additional_node_meta_txt: false }), sees: { node: 0, srv: 0, txt: 1, any: 1 } },
      ],
      ask: async (server) => ({
        node: ofType((await ask(server, 'web-1.node.consul')).additional, 'TXT').length,
        srv: ofType((await ask(server, 'web.service.consul', 'SRV')).additional, 'TXT').length,
        txt: ofType((await ask(server, 'web-1.node.consul', 'TXT')).answer, 'TXT').length,
        any: ofType((await ask(server, 'web-1.node.consul', 'ANY')).answer, 'TXT').length,
      }),
    },
    {
      key: 'dns_config.soa',
      rows: '6.6, C118, C141',
      sides: [
        { json: {}, sees: ['consul. 0 IN SOA ns.consul. hostmaster.consul. 3600 600 86400 0'] },
        {
          json: dns({ soa: { refresh: 1, retry: 2, expire: 3, min_ttl: 4 } }),
          sees: ['consul. 4 IN SOA ns.consul. hostmaster.consul. 1 2 3 4'],
        },
      ],
      ask: soa,
    },
    {
      key: 'dns_config.soa.min_ttl',
      rows: '10.5, C141',
      sides: [
        { json: dns({ soa: { min_ttl: 30 } }), sees: [30] },
        { json: dns({ soa: { min_ttl: 0 } }), sees: [0] },
      ],
      ask: async (server) => {
        const { authority } = await ask(server, 'nope.service.consul');
        return authority.map(({ ttlSeconds }) => ttlSeconds);
      },
    },
    {
      key: 'translate_wan_addrs',
      rows: '7.3, C123, C124',
      sides: [
        {
          json: { translate_wan_addrs: true },
          sees: {
            far: ['far.service.dc2.consul. 0 IN SRV 1 1 8080 c6336407.addr.dc2.consul.'],
            node: ['far-1.node.dc2.consul. 0 IN A 198.51.100.1'],
            near: ['web-1.node.consul. 0 IN A 10.20.0.1'],
          },
        },
        {
          json: { translate_wan_addrs: false },
          sees: {
            far: ['far.service.dc2.consul. 0 IN SRV 1 1 80 0a090101.addr.dc2.consul.'],
            node: ['far-1.node.dc2.consul. 0 IN A 10.9.0.1'],
            near: ['web-1.node.consul. 0 IN A 10.20.0.1'],
          },
        },
      ],
      ask: async (server) => ({
        far: await answers(server, 'far.service.dc2.consul', 'SRV'),
        node: await answers(server, 'far-1.node.dc2.consul'),
        near: await answers(server, 'web-1.node.consul'),
      }),
    },
    {
      key: 'consul_dnsd.service_meta_txt',
      rows: '6.1, D15',
      sides: [
        { json: { consul_dnsd: { service_meta_txt: true } }, sees: ['web.service.consul. 0 IN TXT "version=7"'] },
        { json: { consul_dnsd: { service_meta_txt: false } }, sees: [] },
      ],
      ask: (server) => answers(server, 'web.service.consul', 'TXT'),
    },
    {
      key: 'dns_config.prefer_namespace',
      rows: '4.2, C039: without effect, namespaces are Enterprise',
      sides: [
        { json: dns({ prefer_namespace: true }), sees: { plain: 1, suffixed: 3 } },
        { json: dns({ prefer_namespace: false }), sees: { plain: 1, suffixed: 3 } },
      ],
      ask: async (server) => ({
        plain: (await ask(server, 'web.service.dc1.consul')).answer.length,
        suffixed: (await ask(server, 'web.service.team.consul')).rcode,
      }),
    },
  ],
  () => consul.url,
);
