/** Behind a resolver, as many will have it: Unbound asks for names label by label, in random letter case. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import { askTcp, askUdp, question } from '../support/client.js';
import { unlessMissing } from '../support/external.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { Unbound, unboundBinary } from '../support/unbound.js';

type TypeName = Parameters<typeof question>[1];

function lines(records: Message['answer']): string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' ')).sort();
}

async function startCatalog(): Promise<FakeConsul> {
  const consul = await startFakeConsul({
    nodes: [
      { name: 'srv-1', address: '127.0.0.1' },
      { name: 'web-1', address: '10.20.0.1', meta: { rack: 'a7' } },
      { name: 'a.b', address: '10.20.0.3' },
      { name: 'alias', address: 'web-1.node.consul' },
      { name: 'web-6', address: '2001:db8::6' },
    ],
    services: {
      consul: [{ node: 'srv-1', port: 8300 }],
      web: [
        { node: 'web-1', port: 8080, tags: ['v1', 'dot.ted'] },
        { node: 'web-1', id: 'own', address: '192.0.2.22', port: 8081, tags: ['v2'] },
      ],
      web6: [{ node: 'web-6', port: 80 }],
      under_score: [{ node: 'web-1', port: 80 }],
      chain: [{ node: 'web-1', address: 'web6.service.consul', port: 80 }],
      many: Array.from({ length: 200 }, (_, index) => ({
        id: `${index}`,
        address: `10.30.0.${index}`,
        port: 1000 + index,
      })),
    },
    queries: { q: { service: 'web', ttl: '13s' }, 'q.dot.ted': { service: 'web6' } },
  });
  consul.addDatacenter('dc2').setService('far', [{ node: 'far-1', address: '10.40.0.1', port: 80 }]);
  consul.catalog.setService('web', [{ node: 'web-1', id: 'proxy', port: 20_000, kind: 'connect-proxy' }], {
    table: 'connect',
  });
  consul.catalog.setService('web', [{ node: 'web-6', id: 'gate', port: 8_443, kind: 'ingress-gateway' }], {
    table: 'ingress',
  });
  consul.setService('edge', [{ node: 'web-1', port: 9_443, kind: 'api-gateway' }]);
  consul.catalog.setConfig('api-gateway', [{ Name: 'edge', Listeners: [{ Name: 'all', Protocol: 'tcp' }] }]);
  consul.catalog.setConfig('http-route', []);
  consul.catalog.setConfig('tcp-route', [{ Parents: [{ Name: 'edge' }], Services: [{ Name: 'web' }] }]);
  return consul;
}

interface Found {
  readonly asked: string;
  readonly answer: readonly string[];
  /** Why an Unbound that is strict about names on the way cannot find it, if so. */
  readonly lenientOnly?: string;
}

/** Nothing says that `ted.web.service.consul` has names below it. */
const DOTS = 'a dot within a name makes a name on the way that Consul denies';

/** Names of every kind with what Unbound is to make of them. */
const FOUND: readonly Found[] = [
  { asked: 'web.service.consul A', answer: ['A 10.20.0.1', 'A 192.0.2.22'] },
  { asked: 'WEB.Service.Consul A', answer: ['A 10.20.0.1', 'A 192.0.2.22'] },
  {
    asked: 'web.service.consul SRV',
    answer: ['SRV 1 1 8080 web-1.node.dc1.consul.', 'SRV 1 1 8081 c0000216.addr.dc1.consul.'],
  },
  { asked: 'web6.service.consul AAAA', answer: ['AAAA 2001:db8::6'] },
  { asked: 'v2.web.service.consul A', answer: ['A 192.0.2.22'] },
  { asked: 'dot.ted.web.service.consul A', answer: ['A 10.20.0.1'], lenientOnly: DOTS },
  {
    asked: '_web._tcp.service.consul SRV',
    answer: ['SRV 1 1 8080 web-1.node.dc1.consul.', 'SRV 1 1 8081 c0000216.addr.dc1.consul.'],
  },
  { asked: '_web._v2.service.consul SRV', answer: ['SRV 1 1 8081 c0000216.addr.dc1.consul.'] },
  {
    asked: '_web._tcp.consul SRV',
    answer: ['SRV 1 1 8080 web-1.node.dc1.consul.', 'SRV 1 1 8081 c0000216.addr.dc1.consul.'],
    lenientOnly: 'it exists for SRV alone (C037), and is asked for as A on the way',
  },
  { asked: 'under_score.service.consul A', answer: ['A 10.20.0.1'] },
  { asked: 'web.service.dc1.consul A', answer: ['A 10.20.0.1', 'A 192.0.2.22'] },
  { asked: 'far.service.dc2.consul A', answer: ['A 10.40.0.1'] },
  { asked: 'far.service.dc2.dc.consul A', answer: ['A 10.40.0.1'] },
  { asked: 'web.connect.consul SRV', answer: ['SRV 1 1 20000 web-1.node.dc1.consul.'] },
  { asked: 'web.ingress.consul SRV', answer: ['SRV 1 1 8443 web-6.node.dc1.consul.'] },
  { asked: 'web.api-gateway.consul SRV', answer: ['SRV 1 1 9443 web-1.node.dc1.consul.'] },
  { asked: 'web-1.node.consul A', answer: ['A 10.20.0.1'] },
  { asked: 'web-1.node.consul TXT', answer: ['TXT "rack=a7"'] },
  { asked: 'a.b.node.consul A', answer: ['A 10.20.0.3'], lenientOnly: DOTS },
  { asked: 'a.b.node.dc1.consul A', answer: ['A 10.20.0.3'], lenientOnly: DOTS },
  { asked: 'q.query.consul A', answer: ['A 10.20.0.1', 'A 192.0.2.22'] },
  { asked: 'q.dot.ted.query.consul AAAA', answer: ['AAAA 2001:db8::6'], lenientOnly: DOTS },
  { asked: '_q._tcp.query.consul A', answer: ['A 10.20.0.1', 'A 192.0.2.22'] },
  { asked: 'c0000216.addr.dc1.consul A', answer: ['A 192.0.2.22'] },
  { asked: 'consul NS', answer: ['NS srv-1.node.dc1.consul.'] },
];

const CANNOT_BE_FOUND = FOUND.filter(({ lenientOnly }) => lenientOnly !== undefined);

describe.skipIf(unboundBinary === undefined)(`behind Unbound${unlessMissing('unbound', unboundBinary)}`, () => {
  let consul: FakeConsul;
  let server: TestServer;
  let lenient: Unbound;
  let strict: Unbound;

  beforeAll(async () => {
    consul = await startCatalog();
    server = await startTestServer(consul.url);
    const zones = ['consul.', '10.in-addr.arpa.'];
    lenient = await Unbound.start({ zones, server });
    // Takes a "no such name" on the way down at its word (RFC 8020).
    strict = await Unbound.start({ zones, server, settings: ['qname-minimisation-strict: yes'] });
  });
  afterAll(async () => {
    await strict?.[Symbol.asyncDispose]();
    await lenient?.[Symbol.asyncDispose]();
    await server.close();
    await consul.close();
  });

  describe.each(['lenient', 'strict'] as const)('%s about names on the way', (manner) => {
    const ask = (name: string, type: TypeName) =>
      askUdp(manner === 'strict' ? strict : lenient, question(name, type, { rd: true, edns: true }));

    const findable = FOUND.filter(({ lenientOnly }) => manner === 'lenient' || lenientOnly === undefined);

    test.each(findable)('$asked is found (D6, 0x20)', async ({ asked, answer }) => {
      // Written so above.
      const [name = '', type] = asked.split(' ') as [string, Exclude<TypeName, number>];
      const reply = await ask(name, type);
      expect(reply).toMatchObject({ rcode: 0, recursionAvailable: true });
      expect(lines(reply.answer).map((line) => line.replace(/^\S+ \d+ IN /, ''))).toEqual(answer);
    });

    test('aliases are followed to their end', async () => {
      expect(lines((await ask('chain.service.consul', 'AAAA')).answer)).toEqual([
        'chain.service.consul. 0 IN CNAME web6.service.consul.',
        'web6.service.consul. 0 IN AAAA 2001:db8::6',
      ]);
      expect(lines((await ask('alias.node.consul', 'A')).answer)).toEqual([
        'alias.node.consul. 0 IN CNAME web-1.node.consul.',
        'web-1.node.consul. 0 IN A 10.20.0.1',
      ]);
    });

    test.each([
      { name: 'nope.service.consul', type: 'A', rcode: 3 },
      { name: 'nope.node.consul', type: 'A', rcode: 3 },
      { name: 'nope.query.consul', type: 'A', rcode: 3 },
      { name: 'v9.web.service.consul', type: 'A', rcode: 3 },
      { name: 'web.service.dc9.consul', type: 'A', rcode: 3 },
      { name: 'nonsense.consul', type: 'A', rcode: 3 },
      { name: 'web.service.consul', type: 'AAAA', rcode: 0 },
      { name: 'web6.service.consul', type: 'A', rcode: 0 },
      { name: 'web.service.consul', type: 'MX', rcode: 0 },
      { name: 'web-1.node.consul', type: 'AAAA', rcode: 0 },
      { name: 'service.consul', type: 'A', rcode: 0 },
      { name: 'consul', type: 'A', rcode: 0 },
    ] as const)('$name $type is known not to be (rcode $rcode)', async ({ name, type, rcode }) => {
      const reply = await ask(name, type);
      expect(reply).toMatchObject({ rcode, answer: [] });
      // The SOA is the zone's, or Unbound would have thrown it away.
      expect(lines(reply.authority)).toEqual([expect.stringMatching(/^consul\. 0 IN SOA /)]);
    });

    test('what does not fit into a packet is fetched over TCP (D2)', async () => {
      const query = question('many.service.consul', 'SRV', { rd: true });
      const reply = await askTcp(manner === 'strict' ? strict : lenient, query);
      expect(reply.answer).toHaveLength(200);
    });
  });

  test.each(CANNOT_BE_FOUND)('$asked is not for the strict: $lenientOnly', async ({ asked }) => {
    // Written so above.
    const [name = '', type] = asked.split(' ') as [string, Exclude<TypeName, number>];
    expect(await askUdp(strict, question(name, type, { rd: true }))).toMatchObject({ rcode: 3, answer: [] });
  });

  test('addresses lead to their names', async () => {
    const reply = await askUdp(lenient, question('1.0.20.10.in-addr.arpa', 'PTR', { rd: true }));
    expect(lines(reply.answer)).toEqual(['1.0.20.10.in-addr.arpa. 0 IN PTR web-1.node.dc1.consul.']);
    const unknown = await askUdp(lenient, question('9.9.9.10.in-addr.arpa', 'PTR', { rd: true }));
    expect(unknown).toMatchObject({ rcode: 3, answer: [] });
  });
});
