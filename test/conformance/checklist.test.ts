import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeClientSubnet } from '../../src/wire/client-subnet.js';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import { askTcp, askUdp, question, UdpClient } from '../support/client.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { type FakeRecursor, startFakeRecursor } from '../support/fake-recursor.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { OLD_ONLY, OVERRULED, ROWS } from './checklist.js';

/** Every row of the specification's checklist has a test, here or elsewhere, or a tested difference that overrules it. */

function idsInTests(): ReadonlySet<string> {
  const directory = join(import.meta.dirname, '..');
  const ids = new Set<string>();
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts')) continue;
    const source = readFileSync(join(directory, file), 'utf8');
    for (const [, first = '', last = first] of source.matchAll(/\b(C\d{3})(?:-(C\d{3}))?\b/g)) {
      for (let row = Number(first.slice(1)); row <= Number(last.slice(1)); row += 1) ids.add(ROWS[row - 1] ?? '');
    }
    for (const [id] of source.matchAll(/\bD\d{1,2}\b/g)) ids.add(id);
  }
  return ids;
}

describe('the checklist', () => {
  const cited = idsInTests();

  test.each(ROWS.filter((row) => !OLD_ONLY.includes(row)))('%s has a test, or what overrules it has', (row) => {
    const needed = OVERRULED[row] ?? [row];
    expect(needed.filter((id) => !cited.has(id))).toEqual([]);
  });
});

function lines(records: Message['answer']): string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' ')).sort();
}

const NODE_COUNT = 1_500;

async function startCatalog(): Promise<FakeConsul> {
  const consul = await startFakeConsul({
    nodes: [
      { name: 'well', address: '10.20.0.1' },
      { name: 'failed', address: '10.20.0.2', checks: [{ id: 'serfHealth', status: 'critical' }] },
      { name: 'resting', address: '10.20.0.3', checks: [{ id: '_node_maintenance', status: 'critical' }] },
      ...Array.from({ length: 60 }, (_unused, index) => ({
        name: `rich-${index}`,
        address: `10.21.0.${index}`,
        meta: { rack: `a${index}` },
      })),
    ],
    services: {
      web: [{ node: 'well', port: 80 }],
      rich: Array.from({ length: 60 }, (_unused, index) => ({ node: `rich-${index}`, id: `rich-${index}`, port: 80 })),
      vast: Array.from({ length: NODE_COUNT }, (_unused, index) => ({
        node: 'well',
        id: `vast-${index}`,
        port: index,
      })),
    },
    queries: { q: { service: 'web' } },
  });
  consul.setService('sick', [{ node: 'failed' }, { node: 'resting', id: 'other' }]);
  return consul;
}

describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
  const ask = transport === 'udp' ? askUdp : askTcp;
  let consul: FakeConsul;
  let recursor: FakeRecursor;
  let server: TestServer;

  beforeAll(async () => {
    consul = await startCatalog();
    recursor = await startFakeRecursor(['www.example.net. 300 IN A 198.51.100.7']);
    server = await startTestServer(consul.url, { recursors: [{ host: recursor.host, port: recursor.port }] });
  });
  afterAll(async () => {
    await server.close();
    await Promise.all([consul.close(), recursor.close()]);
  });

  test.each([0, 3, 4, 254, 4711])('C015, D16: class %i is REFUSED', async (qclass) => {
    const reply = await ask(server, question('web.service.consul', 'A', { class: qclass, edns: true }));
    expect(reply).toMatchObject({ rcode: 5, answer: [], authority: [], questions: [{ class: qclass }] });
  });

  test('C015, D16: class ANY is answered with records of class IN', async () => {
    const reply = await ask(server, question('web.service.consul', 'A', { class: 255 }));
    expect(reply.questions[0]?.class).toBe(255);
    expect(lines(reply.answer)).toEqual(['web.service.consul. 0 IN A 10.20.0.1']);
  });

  test('C018, D10: DS inside our zones is NODATA and never leaves the house, outside it is forwarded', async () => {
    const before = recursor.queries.length;
    for (const name of ['web.service.consul', 'consul', 'service.consul']) {
      const reply = await ask(server, question(name, 'DS', { rd: true }));
      expect(reply, name).toMatchObject({
        rcode: 0,
        authoritative: true,
        answer: [],
        authority: [{ name: 'consul.' }],
      });
    }
    expect(await ask(server, question('nope.service.consul', 'DS', { rd: true }))).toMatchObject({ rcode: 3 });
    expect(recursor.queries).toHaveLength(before);
    await ask(server, question('www.example.net', 'DS', { rd: true }));
    expect(recursor.queries).toHaveLength(before + 1);
  });

  test('C017: IXFR is a type like any other that nobody has', async () => {
    expect(await ask(server, question('web.service.consul', 251))).toMatchObject({ rcode: 0, answer: [] });
    expect(await ask(server, question('nope.service.consul', 251))).toMatchObject({ rcode: 3 });
  });

  test.each(['consul', 'ns.consul', 'service.consul', 'node.dc1.consul', 'dc1.consul'])(
    'C033, C090, D6: %s exists, without records',
    async (name) => {
      const reply = await ask(server, question(name, 'A'));
      expect(reply).toMatchObject({ rcode: 0, authoritative: true, answer: [], authority: [{ name: 'consul.' }] });
    },
  );

  test.each([
    { name: 'c0000216.addr.consul', type: 'AAAA', record: 'A 192.0.2.22' },
    { name: 'c0000216.addr.consul', type: 'MX', record: 'A 192.0.2.22' },
    { name: '20010db8000000000000000000000001.addr.consul', type: 'A', record: 'AAAA 2001:db8::1' },
  ] as const)('C084: $name has no $type, and shows what it has', async ({ name, type, record }) => {
    const reply = await ask(server, question(name, type));
    expect(reply).toMatchObject({ rcode: 0, authoritative: true, answer: [], authority: [] });
    expect(lines(reply.additional)).toEqual([`${name}. 0 IN ${record}`]);
  });

  test.each([
    { name: 'failed', address: '10.20.0.2' },
    { name: 'resting', address: '10.20.0.3' },
  ])('C073: a $name node still resolves, its services do not (C127, C128)', async ({ name, address }) => {
    expect(lines((await ask(server, question(`${name}.node.consul`, 'A'))).answer)).toEqual([
      `${name}.node.consul. 0 IN A ${address}`,
    ]);
    expect(await ask(server, question('sick.service.consul', 'A'))).toMatchObject({ rcode: 3 });
  });

  test('C080, C182: a prepared query runs for the client, or for the address in its ECS option', async () => {
    const sourceOf = async (options: Parameters<typeof question>[2]): Promise<unknown> => {
      const before = consul.requestsTo('query/q').length;
      await ask(server, question('q.query.consul', 'A', options));
      return consul.requestsTo('query/q').slice(before).at(-1)?.headers['x-forwarded-for'];
    };
    // Each transport has a server of its own, so neither finds what the other asked for.
    const subnet = encodeClientSubnet({ family: 4, address: '203.0.113.0', sourcePrefix: 24, scopePrefix: 0 });
    expect(await sourceOf({})).toBe('127.0.0.1');
    expect(await sourceOf({ edns: { options: [subnet] } })).toBe('203.0.113.0');
  });

  test.each(['A', 'NS', 'SOA', 'TXT', 'MX'] as const)(
    'C098, C099, D14: a reverse name asked for %s is NODATA',
    async (type) => {
      const reply = await ask(server, question('1.0.20.10.in-addr.arpa', type));
      expect(reply).toMatchObject({
        rcode: 0,
        authoritative: true,
        answer: [],
        authority: [{ data: { kind: 'SOA' } }],
      });
    },
  );

  test('C104, D15: TXT of a service is NODATA', async () => {
    const reply = await ask(server, question('web.service.consul', 'TXT'));
    expect(reply).toMatchObject({ rcode: 0, answer: [], authority: [{ data: { kind: 'SOA' } }] });
  });

  test('C154, C155, D5: OPT comes with every reply to a query with OPT, and only then, with our own size', async () => {
    const names = ['web.service.consul', 'nope.service.consul', 'consul', 'rich.service.consul', 'no.such.kind.consul'];
    for (const name of names) {
      const sized = { udpPayloadBytes: 4000, dnssecOk: true };
      const reply = await ask(server, question(name, 'SRV', { edns: sized }));
      expect(reply.edns, name).toMatchObject({ udpPayloadBytes: 1232, version: 0, dnssecOk: true });
      expect((await ask(server, question(name, 'SRV'))).edns, name).toBeUndefined();
      expect(await ask(server, question(name, 'SRV', { edns: { version: 1 } })), name).toMatchObject({
        rcode: 16,
        answer: [],
        edns: { version: 0 },
      });
    }
  });
});

describe('sizes', () => {
  let consul: FakeConsul;
  let server: TestServer;

  beforeAll(async () => {
    consul = await startCatalog();
    server = await startTestServer(consul.url, { udpPayloadMaxBytes: 4096 });
  });
  afterAll(async () => {
    await server.close();
    await consul.close();
  });

  test.each([512, 513, 600, 1232, 2000])(
    'C144, C145, C150, C151, D2-D5: a reply cut to %i bytes has as many answers as fit, their glue, no TXT, OPT and TC',
    async (udpPayloadBytes) => {
      await using client = await UdpClient.open(server);
      client.send(question('rich.service.consul', 'SRV', { edns: { udpPayloadBytes } }));
      const size = (await client.next()).length;
      const reply = await askUdp(server, question('rich.service.consul', 'SRV', { edns: { udpPayloadBytes } }));
      // A further answer, its target spelled out, would have taken 20 + 26 bytes, and its address 16.
      expect(size).toBeLessThanOrEqual(udpPayloadBytes);
      expect(size).toBeGreaterThan(udpPayloadBytes - 70);
      expect(reply.truncated).toBe(true);
      expect(reply.edns).toMatchObject({ udpPayloadBytes: 4096 });
      const targets = reply.answer.map(({ data }) => (data.kind === 'SRV' ? data.target : ''));
      expect(reply.additional.map(({ name, data }) => [name, data.kind])).toEqual(targets.map((name) => [name, 'A']));
    },
  );

  test('C115, D18: the address of many answers stands beside them once, cut or not', async () => {
    for (const ask of [askUdp, askTcp]) {
      const { answer, additional } = await ask(server, question('vast.service.consul', 'SRV', { edns: true }));
      expect(answer.length).toBeGreaterThan(10);
      expect(lines(additional)).toEqual(['well.node.dc1.consul. 0 IN A 10.20.0.1']);
    }
  });

  test('C149, D3, D4: over TCP 1,500 SRV records are all given, Consul’s 1,024 are no limit', async () => {
    const reply = await askTcp(server, question('vast.service.consul', 'SRV'));
    expect({ answers: reply.answer.length, truncated: reply.truncated }).toEqual({
      answers: NODE_COUNT,
      truncated: false,
    });
  });

  test('C149, D2: over TCP what does not fit into 64 KB is left out, and said to be', async () => {
    consul.setService(
      'huge',
      Array.from({ length: 4_500 }, (_unused, index) => ({
        node: 'well',
        id: `h-${index}`,
        address: `10.${index >> 8}.${index & 255}.1`,
      })),
    );
    await expect
      .poll(async () => (await askTcp(server, question('huge.service.consul', 'A'))).answer.length)
      .toBeGreaterThan(4_050);
    const reply = await askTcp(server, question('huge.service.consul', 'A'));
    expect(reply.truncated).toBe(true);
    expect(reply.answer.length).toBeLessThan(4_500);
  });
});

test('C086: what an address name says needs no Consul, from the first question on', async () => {
  const consul = await startFakeConsul();
  await consul.goAway();
  await using server = await startTestServer(consul.url);
  const reply = await askUdp(server, question('c0000216.addr.consul', 'A'));
  expect(lines(reply.answer)).toEqual(['c0000216.addr.consul. 0 IN A 192.0.2.22']);
  expect(await askUdp(server, question('xyz.addr.consul', 'A'))).toMatchObject({ rcode: 3 });
  const soa = await askUdp(server, question('consul', 'SOA'));
  expect(soa).toMatchObject({ rcode: 0, answer: [{ data: { kind: 'SOA' } }], authority: [] });
  await consul.close();
});
