import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import { askTcp, askTcpAll, askUdp, question, UdpClient } from '../support/client.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { startFakeRecursor } from '../support/fake-recursor.js';
import { startTestServer, type TestServer } from '../support/server.js';

const ASK = { udp: askUdp, tcp: askTcp };

function lines(records: Message['answer']): string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' ')).sort();
}

async function startCatalog(): Promise<FakeConsul> {
  return startFakeConsul({
    nodes: [
      { name: 'srv-1', address: '127.0.0.1' },
      { name: 'web-1', address: '10.20.0.1', meta: { rack: 'a7' } },
      { name: 'web-2', address: '10.20.0.2' },
      { name: 'web-3', address: '10.20.0.3' },
      { name: 'web-6', address: '2001:db8::6' },
    ],
    services: {
      consul: [{ node: 'srv-1', port: 8300 }],
      web: [
        { node: 'web-1', port: 8080, tags: ['v1'] },
        { node: 'web-2', address: '192.0.2.22', port: 8081, tags: ['v2', 'canary'] },
        { node: 'web-3', port: 8082, checks: [{ id: 'http', status: 'critical' }] },
      ],
      web6: [{ node: 'web-6', port: 8080 }],
      api: [{ node: 'web-1', address: 'api.example.net', port: 443 }],
      many: Array.from({ length: 300 }, (_, index) => ({
        node: `many-${index}`,
        id: `many-${index}`,
        address: `10.30.${index >> 8}.${index & 255}`,
        port: 9000,
      })),
    },
    queries: { 'q.1': { service: 'web', ttl: '13s' } },
  });
}

describe.each([
  { transport: 'udp', times: 1 },
  { transport: 'udp', times: 4 },
  { transport: 'tcp', times: 1 },
  { transport: 'tcp', times: 4 },
] as const)('over $transport, each question asked $times times', ({ transport, times }) => {
  let consul: FakeConsul;
  let server: TestServer;
  /** The last reply: the first ones are made for it, the later ones were compiled. */
  async function ask(name: string, type: Parameters<typeof question>[1], options: Parameters<typeof question>[2] = {}) {
    for (let left = times - 1; left > 0; left -= 1) await ASK[transport](server, question(name, type, options));
    return ASK[transport](server, question(name, type, options));
  }

  beforeAll(async () => {
    consul = await startCatalog();
    server = await startTestServer(consul.url);
  });
  afterAll(async () => {
    await server.close();
    await consul.close();
  });

  test('a service gives the addresses of its passing instances (E1, D1, C011, C012, C014)', async () => {
    const reply = await ask('wEb.service.consul', 'A', { rd: true });
    expect(reply).toMatchObject({ rcode: 0, authoritative: true, recursionDesired: true, recursionAvailable: false });
    expect(lines(reply.answer)).toEqual([
      'wEb.service.consul. 0 IN A 10.20.0.1',
      'wEb.service.consul. 0 IN A 192.0.2.22',
    ]);
  });

  test('SRV carries ports, targets and glue (E2, C108, C109, C113)', async () => {
    const reply = await ask('web.service.consul', 'SRV', { edns: true });
    expect(lines(reply.answer)).toEqual([
      'web.service.consul. 0 IN SRV 1 1 8080 web-1.node.dc1.consul.',
      'web.service.consul. 0 IN SRV 1 1 8081 c0000216.addr.dc1.consul.',
    ]);
    expect(lines(reply.additional)).toEqual([
      'c0000216.addr.dc1.consul. 0 IN A 192.0.2.22',
      'web-1.node.dc1.consul. 0 IN A 10.20.0.1',
      'web-1.node.dc1.consul. 0 IN TXT "rack=a7"',
    ]);
  });

  test.each([
    { name: 'v2.web.service.consul', why: 'tag form (E3)' },
    { name: '_web._v2.service.consul', why: 'RFC 2782 form with a tag (C050)' },
    { name: 'v2.web.service.dc1.consul', why: 'datacenter suffix (C038)' },
    { name: 'v2.web.service.dc1.dc.consul', why: 'datacenter pair (C040)' },
    { name: 'c0000216.addr.consul', why: 'the address is in the name (E26)' },
  ])('$name is 192.0.2.22: $why', async ({ name }) => {
    expect(lines((await ask(name, 'A')).answer)).toEqual([`${name}. 0 IN A 192.0.2.22`]);
  });

  test.each([
    { name: 'nope.service.consul', type: 'A', rcode: 3, why: 'unknown service (C061)' },
    { name: 'web.service.dc9.consul', type: 'A', rcode: 3, why: 'unknown datacenter (C172)' },
    { name: 'canary.v2.web.service.consul', type: 'A', rcode: 3, why: 'two tags (C049)' },
    { name: 'nope.node.consul', type: 'A', rcode: 3, why: 'unknown node (C069)' },
    { name: 'nope.query.consul', type: 'A', rcode: 3, why: 'unknown prepared query (C076)' },
    { name: 'web.service.consul', type: 'AAAA', rcode: 0, why: 'no record of the type (C064)' },
    { name: 'web6.service.consul', type: 'A', rcode: 0, why: 'other family (C106)' },
    { name: 'web-1.node.consul', type: 'MX', rcode: 0, why: 'node without such a record (D8)' },
    { name: 'service.consul', type: 'A', rcode: 0, why: 'empty non-terminal (D6)' },
    { name: 'consul', type: 'A', rcode: 0, why: 'the apex (D6)' },
  ] as const)('$name $type is negative, with the SOA as authority: $why', async ({ name, type, rcode }) => {
    const reply = await ask(name, type);
    expect(reply).toMatchObject({ rcode, authoritative: true, answer: [], additional: [] });
    expect(lines(reply.authority)).toEqual([
      expect.stringMatching(/^consul\. 0 IN SOA ns\.consul\. hostmaster\.consul\. \d+ 3600 600 86400 0$/),
    ]);
  });

  test('a node answers with its address, and with what is known of it (E21)', async () => {
    const reply = await ask('Web-1.node.consul', 'A');
    expect(lines(reply.answer)).toEqual(['Web-1.node.consul. 0 IN A 10.20.0.1']);
    expect(lines(reply.additional)).toEqual(['Web-1.node.consul. 0 IN TXT "rack=a7"']);
  });

  test('SOA and NS name the servers (E31, E32)', async () => {
    const reply = await ask('no.such.name.consul', 'SOA');
    expect(lines(reply.answer)).toEqual([expect.stringMatching(/^consul\. 0 IN SOA /)]);
    expect(lines(reply.authority)).toEqual(['consul. 0 IN NS srv-1.node.dc1.consul.']);
    expect(lines(reply.additional)).toEqual(['srv-1.node.dc1.consul. 0 IN A 127.0.0.1']);
    expect(lines((await ask('consul', 'NS')).answer)).toEqual(['consul. 0 IN NS srv-1.node.dc1.consul.']);
  });

  test('an address leads to its node (E28), an unknown one nowhere (E30, C100)', async () => {
    const reply = await ask('1.0.20.10.in-addr.arpa', 'PTR');
    expect(lines(reply.answer)).toEqual(['1.0.20.10.in-addr.arpa. 0 IN PTR web-1.node.dc1.consul.']);
    expect(await ask('9.9.9.10.in-addr.arpa', 'PTR')).toMatchObject({ rcode: 3, authoritative: true });
  });

  test('a prepared query gives its rows with its own TTL (E41, C055)', async () => {
    const reply = await ask('q.1.query.consul', 'A');
    expect(reply.answer.map(({ ttlSeconds }) => ttlSeconds)).toEqual(reply.answer.map(() => 13));
    expect(reply.answer.length).toBeGreaterThan(0);
  });

  test('a host name without recursors is a bare CNAME (E16)', async () => {
    const reply = await ask('api.service.consul', 'A');
    expect(lines(reply.answer)).toEqual(['api.service.consul. 0 IN CNAME api.example.net.']);
  });

  test('names outside our zones are REFUSED while there are no recursors (E35, C023), but for EDNS (D5)', async () => {
    const reply = await ask('db.example.net', 'A', { rd: true, edns: true });
    expect(reply).toMatchObject({ rcode: 5, authoritative: false, recursionAvailable: false, authority: [] });
    expect(reply.edns).toMatchObject({ udpPayloadBytes: 1232 });
  });

  test('other classes are REFUSED, ANY is IN (D16)', async () => {
    expect(await ask('web.service.consul', 'A', { class: 3 })).toMatchObject({ rcode: 5, answer: [] });
    expect((await ask('web.service.consul', 'A', { class: 255 })).answer).toHaveLength(2);
  });

  test('AXFR is NOTIMP (C016), and so is every opcode but QUERY (C003, D17)', async () => {
    expect(await ask('consul', 'AXFR')).toMatchObject({ rcode: 4, authoritative: true, authority: [] });
    expect(await ask('consul', 'SOA', { opcode: 4 })).toMatchObject({ rcode: 4, questions: [] });
  });

  test('EDNS above version 0 is BADVERS (D5)', async () => {
    expect(await ask('web.service.consul', 'A', { edns: { version: 1 } })).toMatchObject({ rcode: 16, answer: [] });
  });
});

describe('sizes (D2, D4)', () => {
  let consul: FakeConsul;
  let server: TestServer;
  beforeAll(async () => {
    consul = await startCatalog();
    server = await startTestServer(consul.url);
  });
  afterAll(async () => {
    await server.close();
    await consul.close();
  });

  test.each([
    { edns: undefined, limit: 512 },
    { edns: { udpPayloadBytes: 600 }, limit: 600 },
    { edns: { udpPayloadBytes: 65_000 }, limit: 1232 },
  ])('over UDP a reply to $edns has at most $limit bytes and says that it is not whole', async ({ edns, limit }) => {
    await using client = await UdpClient.open(server);
    client.send(question('many.service.consul', 'SRV', edns === undefined ? {} : { edns }));
    const bytes = await client.next();
    expect(bytes.length).toBeLessThanOrEqual(limit);
    expect(bytes.length).toBeGreaterThan(limit - 120);
    const reply = await askUdp(server, question('many.service.consul', 'SRV', edns === undefined ? {} : { edns }));
    expect(reply.truncated).toBe(true);
    // Each answer that was kept has its address beside it.
    expect(reply.additional).toHaveLength(reply.answer.length);
  });

  test('over TCP all 300 come, each with its address (C148)', async () => {
    const reply = await askTcp(server, question('many.service.consul', 'SRV'));
    expect(reply).toMatchObject({ truncated: false });
    expect([reply.answer.length, reply.additional.length]).toEqual([300, 300]);
  });

  test('questions on one connection are all answered (C019)', async () => {
    const names = ['web', 'nope', 'many', 'web6', 'api'];
    const queries = names.map((name) => question(`${name}.service.consul`, 'A'));
    const replies = await askTcpAll(server, queries);
    expect(replies.map(({ id }) => id).sort()).toEqual(queries.map(({ id }) => id).sort());
  });
});

describe('with recursors', () => {
  test('names outside come from upstream, are cached and count down (D13)', async () => {
    await using recursor = await startFakeRecursor(['www.example.net. 300 IN A 198.51.100.7']);
    await using consul = await startCatalog();
    await using server = await startTestServer(consul.url, {
      recursors: [{ host: recursor.host, port: recursor.port }],
    });
    const reply = await askUdp(server, question('www.example.net', 'A', { rd: true }));
    expect(reply).toMatchObject({ rcode: 0, authoritative: false, recursionAvailable: true });
    expect(lines(reply.answer)).toEqual(['www.example.net. 300 IN A 198.51.100.7']);
    await askUdp(server, question('WWW.example.net', 'A', { rd: true, edns: true }));
    expect(recursor.queries).toHaveLength(1);
  });

  test('RD=0 and clients that may not are REFUSED (D12)', async () => {
    await using recursor = await startFakeRecursor(['www.example.net. 300 IN A 198.51.100.7']);
    await using consul = await startCatalog();
    await using server = await startTestServer(consul.url, {
      recursors: [{ host: recursor.host, port: recursor.port }],
      allowRecursion: ['192.0.2.0/24'],
    });
    expect(await askUdp(server, question('www.example.net', 'A', { rd: false }))).toMatchObject({ rcode: 5 });
    expect(await askUdp(server, question('www.example.net', 'A', { rd: true }))).toMatchObject({ rcode: 5 });
    expect(recursor.queries).toHaveLength(0);
  });

  test('a service that is a host name is followed upstream (E17, D11)', async () => {
    await using recursor = await startFakeRecursor(['api.example.net. 300 IN A 198.51.100.7']);
    await using consul = await startCatalog();
    await using server = await startTestServer(consul.url, {
      recursors: [{ host: recursor.host, port: recursor.port }],
    });
    const reply = await askUdp(server, question('api.service.consul', 'A'));
    expect(lines(reply.answer)).toEqual([
      'api.example.net. 300 IN A 198.51.100.7',
      'api.service.consul. 0 IN CNAME api.example.net.',
    ]);
    const srv = await askUdp(server, question('api.service.consul', 'SRV'));
    expect(lines(srv.additional)).toContain('api.example.net. 300 IN A 198.51.100.7');
  });

  test('an address that the catalog does not know is asked upstream (C102)', async () => {
    await using recursor = await startFakeRecursor(['9.9.9.10.in-addr.arpa. 300 IN PTR host.example.net.']);
    await using consul = await startCatalog();
    await using server = await startTestServer(consul.url, {
      recursors: [{ host: recursor.host, port: recursor.port }],
    });
    const reply = await askUdp(server, question('9.9.9.10.in-addr.arpa', 'PTR', { rd: true }));
    expect(lines(reply.answer)).toEqual(['9.9.9.10.in-addr.arpa. 300 IN PTR host.example.net.']);
  });
});

test('the admin endpoint counts what was asked, and says that the catalog is known', async () => {
  await using consul = await startCatalog();
  await using server = await startTestServer(consul.url, { adminAddr: { host: '127.0.0.1', port: 0 } });
  const url = `http://127.0.0.1:${server.adminAddress?.port}`;
  await askUdp(server, question('web.service.consul', 'A'));
  await askUdp(server, question('web.service.consul', 'A'));
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^consul_dnsd_queries_total\{transport="udp",qtype="A"\} 2$/m);
  expect(metrics).toMatch(/^consul_dnsd_replies_total\{rcode="NOERROR"\} 2$/m);
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toEqual({ services: 5, isStale: false });
});
