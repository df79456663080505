/** Faults of Consul's own DNS server that broke its users, by the number of the issue that told of them: not here. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import { askTcp, askTcpAll, askUdp, question, type ServerAddress, UdpClient } from '../support/client.js';
import type { FakeInstance } from '../support/fake-catalog.js';
import { startFakeConsul } from '../support/fake-consul.js';
import { startFakeRecursor } from '../support/fake-recursor.js';
import { startTestServer } from '../support/server.js';

function lines(records: Message['answer']): string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' ')).sort();
}

/** Instances with addresses `10.NET.x.y` of their own. */
function wide(count: number, net = 30): readonly FakeInstance[] {
  return Array.from({ length: count }, (_, index) => ({
    node: `wide-${index}`,
    id: `wide-${net}-${index}`,
    address: `10.${net}.${index >> 8}.${index & 255}`,
    port: 20_000 + index,
  }));
}

test('#21325: SRV targets tell the instances of a service apart', async () => {
  await using consul = await startFakeConsul({
    nodes: [{ name: 'web-1', address: '10.20.0.1' }],
    services: {
      livetiler: [
        { node: 'web-1', address: '192.168.2.38', port: 31_072, tags: ['prod'] },
        { node: 'web-1', id: 'other', address: '192.168.2.105', port: 25_013, tags: ['prod'] },
        { node: 'web-1', id: 'node', port: 80, tags: ['prod'] },
      ],
    },
  });
  await using server = await startTestServer(consul.url);
  const reply = await askTcp(server, question('_livetiler._prod.service.consul', 'SRV'));
  const owner = '_livetiler._prod.service.consul. 0 IN SRV 1 1';
  expect(lines(reply.answer)).toEqual([
    `${owner} 25013 c0a80269.addr.dc1.consul.`,
    `${owner} 31072 c0a80226.addr.dc1.consul.`,
    `${owner} 80 web-1.node.dc1.consul.`,
  ]);
  expect(lines(reply.additional)).toEqual([
    'c0a80226.addr.dc1.consul. 0 IN A 192.168.2.38',
    'c0a80269.addr.dc1.consul. 0 IN A 192.168.2.105',
    'web-1.node.dc1.consul. 0 IN A 10.20.0.1',
  ]);
});

test('#21336: a tag selects, and one that nobody has selects nothing', async () => {
  await using consul = await startFakeConsul({
    services: {
      'grafana-db': [
        { address: '10.0.1.168', tags: ['master'] },
        { id: 'replica', address: '10.0.1.169', tags: ['replica', 'x'] },
      ],
    },
  });
  await using server = await startTestServer(consul.url);
  const ask = (name: string) => askUdp(server, question(`${name}.service.consul`, 'A'));
  expect(lines((await ask('master.grafana-db')).answer)).toEqual([
    'master.grafana-db.service.consul. 0 IN A 10.0.1.168',
  ]);
  expect(lines((await ask('Replica.grafana-db')).answer)).toEqual([
    'Replica.grafana-db.service.consul. 0 IN A 10.0.1.169',
  ]);
  expect(await ask('any-prefix.grafana-db')).toMatchObject({ rcode: 3, answer: [] });
  expect(await ask('master.replica.grafana-db')).toMatchObject({ rcode: 3, answer: [] });
});

describe('#21556, #21560: no question takes the server down', () => {
  const odd: readonly FakeInstance[] = [{ node: 'blank', address: '', port: 0 }];

  test.each([
    { name: 'foo.virtual.consul', type: 'SRV', rcode: 3 },
    { name: 'web.virtual.consul', type: 'SRV', rcode: 0 },
    { name: 'port.web.virtual.x.peer.consul', type: 'ANY', rcode: 3 },
    { name: 'blank.service.consul', type: 'SRV', rcode: 0 },
    { name: 'blank.service.consul', type: 'A', rcode: 0 },
    { name: 'nulls.service.consul', type: 'SRV', rcode: 0 },
    { name: 'q-blank.query.consul', type: 'SRV', rcode: 0 },
    { name: 'q-none.query.consul', type: 'SRV', rcode: 3 },
    { name: '_._._.consul', type: 'SRV', rcode: 3 },
    { name: '1.0.20.10.in-addr.arpa', type: 'SRV', rcode: 0 },
  ] as const)('$name $type', async ({ name, type, rcode }) => {
    await using consul = await startFakeConsul({
      nodes: [
        { name: 'blank', address: '' },
        { name: 'web-1', address: '10.20.0.1' },
      ],
      services: { web: [{ node: 'web-1' }], blank: odd },
      queries: {
        'q-blank': { service: 'web', instances: odd },
        'q-none': { service: 'web', instances: [] },
      },
    });
    const nulls = {
      ID: 'nulls',
      Service: 'nulls',
      Tags: null,
      Meta: null,
      TaggedAddresses: null,
      Weights: null,
      Port: 1,
    };
    const node = { Node: 'web-1', Address: '10.20.0.1', Datacenter: 'dc1', TaggedAddresses: null, Meta: null };
    consul.setService('nulls', [{ node: 'web-1' }]);
    consul.fail('/v1/health/service/nulls', {
      kind: 'body',
      body: JSON.stringify([{ Node: node, Service: nulls, Checks: null }]),
    });
    await using server = await startTestServer(consul.url);
    for (const ask of [askUdp, askTcp]) {
      expect(await ask(server, question(name, type))).toMatchObject({ rcode });
      // It goes on answering.
      expect((await ask(server, question('web.service.consul', 'A'))).answer).toHaveLength(1);
    }
  });
});

describe('#21580: an answer never holds what another question asked for', () => {
  const SERVICES = 40;
  const ROUNDS = 10;

  /** Service 7 has addresses 10.7.x.y and ports from 7000 up; so every record tells which service it belongs to. */
  function instancesOf(service: number, count: number): readonly FakeInstance[] {
    return Array.from({ length: count }, (_, index) => ({
      node: `node-${service}-${index}`,
      id: `${service}-${index}`,
      address: `10.${service}.0.${index}`,
      port: service * 1000 + index,
    }));
  }

  function check(reply: Message, service: number): void {
    const hex = `0a${service.toString(16).padStart(2, '0')}00`;
    for (const { name, data } of [...reply.answer, ...reply.additional]) {
      if (data.kind === 'A') expect(data.address).toMatch(new RegExp(`^10\\.${service}\\.0\\.`));
      if (data.kind === 'SRV') {
        expect(Math.floor(data.port / 1000)).toBe(service);
        // Port and target are those of one instance.
        expect(data.target).toBe(`${hex}${(data.port % 1000).toString(16).padStart(2, '0')}.addr.dc1.consul.`);
      }
      expect(name).toMatch(new RegExp(`(^s${service}\\.(service|query)|^${hex}..\\.addr\\.dc1)\\.consul\\.$`));
    }
    expect(reply.answer.length).toBeGreaterThan(0);
  }

  test('however many are asked at once, while the catalog changes', async () => {
    const numbers = Array.from({ length: SERVICES }, (_, index) => index + 1);
    await using consul = await startFakeConsul({
      services: Object.fromEntries(numbers.map((service) => [`s${service}`, instancesOf(service, 1 + (service % 9))])),
      queries: Object.fromEntries(numbers.map((service) => [`s${service}`, { service: `s${service}` }])),
    });
    await using server = await startTestServer(consul.url);
    const questions = numbers.flatMap((service) => [
      { service, name: `s${service}.service.consul`, type: 'SRV' as const },
      { service, name: `s${service}.service.consul`, type: 'A' as const },
      { service, name: `s${service}.query.consul`, type: 'SRV' as const },
    ]);
    for (let round = 0; round < ROUNDS; round += 1) {
      const queries = questions.map(({ name, type }) => question(name, type, { edns: true }));
      const changed = (round % SERVICES) + 1;
      const overTcp = askTcpAll(server, queries);
      consul.setService(`s${changed}`, instancesOf(changed, 2 + (round % 7)));
      const [tcp, udp] = await Promise.all([overTcp, askAllByUdp(server, queries)]);
      for (const replies of [tcp, udp]) {
        expect(replies).toHaveLength(queries.length);
        const byId = new Map(replies.map((reply) => [reply.id, reply]));
        queries.forEach(({ id, questions: asked }, index) => {
          const reply = byId.get(id);
          if (reply === undefined) throw new Error(`There was no reply to question ${id}`);
          expect(reply.questions).toEqual(asked);
          check(reply, questions[index]?.service ?? 0);
        });
      }
    }
  });

  async function askAllByUdp(server: ServerAddress, queries: readonly Message[]): Promise<readonly Message[]> {
    return Promise.all(queries.map((query) => askUdp(server, query)));
  }
});

describe('#23815: services with several ports', () => {
  test('are not read as listening on port 0', async () => {
    const ports = [
      { Name: 'admin', Port: 9_000 },
      { Name: 'http', Port: 8_080, Default: true },
    ];
    await using consul = await startFakeConsul({
      services: { multi: [{ node: 'n1', port: 0, ports }], plain: [{ node: 'n1', port: 8_000 }] },
    });
    await using server = await startTestServer(consul.url);
    const portsOf = async (name: string) =>
      (await askUdp(server, question(name, 'SRV'))).answer.map(({ data }) => (data.kind === 'SRV' ? data.port : -1));
    expect(await portsOf('multi.service.consul')).toEqual([8_080]);
    expect(await portsOf('multi.service.admin.port.consul')).toEqual([9_000]);
    expect(await portsOf('plain.service.consul')).toEqual([8_000]);
    expect(await askUdp(server, question('multi.service.nope.port.consul', 'SRV'))).toMatchObject({ rcode: 3 });
  });
});

describe('#10224, #10431: whoever asks for the alternative domain gets names of that domain', () => {
  test.each(['svc.alt.example', 'SVC.Alt.Example'])('%s', async (zone) => {
    await using consul = await startFakeConsul({
      nodes: [
        { name: 'srv-1', address: '127.0.0.1' },
        { name: 'Web-1', address: '10.20.0.1', meta: { rack: 'a7' } },
      ],
      services: {
        consul: [{ node: 'srv-1', port: 8300 }],
        web: [
          { node: 'Web-1', port: 80 },
          { node: 'Web-1', id: 'own', address: '192.0.2.22', port: 81 },
        ],
      },
    });
    await using server = await startTestServer(consul.url, { altDomain: 'svc.alt.example.' });
    const srv = await askTcp(server, question(`web.service.${zone}`, 'SRV'));
    expect(srv.answer.map(({ data }) => (data.kind === 'SRV' ? data.target : '')).sort()).toEqual([
      'Web-1.node.dc1.svc.alt.example.',
      'c0000216.addr.dc1.svc.alt.example.',
    ]);
    expect(lines(srv.additional)).toEqual([
      'Web-1.node.dc1.svc.alt.example. 0 IN A 10.20.0.1',
      'Web-1.node.dc1.svc.alt.example. 0 IN TXT "rack=a7"',
      'c0000216.addr.dc1.svc.alt.example. 0 IN A 192.0.2.22',
    ]);
    const soa =
      /^svc\.alt\.example\. 0 IN SOA ns\.svc\.alt\.example\. hostmaster\.svc\.alt\.example\. \d+ 3600 600 86400 0$/;
    for (const name of [`nope.service.${zone}`, zone]) {
      expect(lines((await askUdp(server, question(name, 'A'))).authority)).toEqual([expect.stringMatching(soa)]);
    }
    expect(lines((await askUdp(server, question(zone, 'NS'))).answer)).toEqual([
      'svc.alt.example. 0 IN NS srv-1.node.dc1.svc.alt.example.',
    ]);
    // Targets lead back to where they came from.
    expect(await askUdp(server, question('Web-1.node.dc1.svc.alt.example', 'A'))).toMatchObject({ rcode: 0 });
  });
});

test.each([512, 513, 600, 1000, 1232, 1400, 4096])(
  '#9945: no reply is larger than the %i bytes advertised',
  async (size) => {
    await using consul = await startFakeConsul({ services: { many: wide(300) } });
    await using server = await startTestServer(consul.url, { udpPayloadMaxBytes: 65_467 });
    for (const type of ['A', 'SRV', 'ANY', 'TXT'] as const) {
      await using client = await UdpClient.open(server);
      client.send(question('many.service.consul', type, { edns: { udpPayloadBytes: size } }));
      const bytes = await client.next();
      expect(bytes.length).toBeLessThanOrEqual(size);
    }
  },
);

test('#17156: a datacenter whose name ends as the alternative domain begins is still one', async () => {
  await using consul = await startFakeConsul({
    datacenter: 'dc-test',
    nodes: [{ name: 'test-node', address: '10.0.0.7' }],
    services: { web: [{ node: 'test-node' }] },
  });
  await using server = await startTestServer(consul.url, { datacenter: 'dc-test', altDomain: 'test.consul.' });
  for (const suffix of ['test.consul', 'consul', 'dc-test.test.consul', 'dc-test.consul']) {
    for (const name of [`web.service.${suffix}`, `test-node.node.${suffix}`]) {
      expect(lines((await askUdp(server, question(name, 'A'))).answer)).toEqual([`${name}. 0 IN A 10.0.0.7`]);
    }
  }
});

describe('#3355, #3937, #10694: limits on the number of answers', () => {
  test('udp_answer_limit is one for small replies, whatever EDNS says, and a_record_limit for all', async () => {
    await using consul = await startFakeConsul({ services: { many: wide(60) } });
    await using server = await startTestServer(consul.url, { udpAnswerLimit: 5 });
    const countOf = async (edns?: number) =>
      (await askUdp(server, question('many.service.consul', 'A', { ...(edns && { edns: { udpPayloadBytes: edns } }) })))
        .answer.length;
    expect([await countOf(), await countOf(100), await countOf(512), await countOf(1232)]).toEqual([5, 5, 5, 60]);
    await using limited = await startTestServer(consul.url, { aRecordLimit: 7 });
    expect((await askTcp(limited, question('many.service.consul', 'A'))).answer).toHaveLength(7);
    expect((await askTcp(limited, question('many.service.consul', 'SRV'))).answer).toHaveLength(60);
  });

  test('neither of them takes the address off the end of a chain', async () => {
    const chain = ['a', 'b', 'c', 'd'].map(
      (name, index) => `${name}.example.net. 60 IN CNAME ${'bcde'[index]}.example.net.`,
    );
    await using recursor = await startFakeRecursor([...chain, 'e.example.net. 60 IN A 198.51.100.7']);
    await using consul = await startFakeConsul({ services: { aws: [{ address: 'a.example.net' }] } });
    const recursors = [{ host: recursor.host, port: recursor.port }];
    await using server = await startTestServer(consul.url, { recursors, udpAnswerLimit: 3, aRecordLimit: 1 });
    const reply = await askUdp(server, question('aws.service.consul', 'A'));
    expect(reply.truncated).toBe(false);
    expect(lines(reply.answer)).toEqual(
      [...chain, 'aws.service.consul. 0 IN CNAME a.example.net.', 'e.example.net. 60 IN A 198.51.100.7'].sort(),
    );
  });
});

test('#14703: what comes from upstream keeps its own TTL', async () => {
  await using recursor = await startFakeRecursor([
    'lb.example.net. 300 IN CNAME lb-1.example.net.',
    'lb-1.example.net. 20 IN A 198.51.100.7',
  ]);
  await using consul = await startFakeConsul({
    nodes: [{ name: 'ext', address: 'lb.example.net' }],
    services: { lb: [{ node: 'ext', address: 'lb.example.net' }] },
  });
  const recursors = [{ host: recursor.host, port: recursor.port }];
  const serviceTtlSeconds = new Map([['*', 5]]);
  await using server = await startTestServer(consul.url, { recursors, serviceTtlSeconds, nodeTtlSeconds: 7 });
  const upstream = ['lb-1.example.net. 20 IN A 198.51.100.7', 'lb.example.net. 300 IN CNAME lb-1.example.net.'];
  expect(lines((await askUdp(server, question('lb.service.consul', 'A'))).answer)).toEqual(
    [...upstream, 'lb.service.consul. 5 IN CNAME lb.example.net.'].sort(),
  );
  expect(lines((await askUdp(server, question('ext.node.consul', 'A'))).answer)).toEqual(
    [...upstream, 'ext.node.consul. 7 IN CNAME lb.example.net.'].sort(),
  );
});
