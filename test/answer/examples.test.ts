/** The specification's worked examples (dns-behaviour 19), with the deliberate differences D1-D25 applied. */
import { describe, expect, test } from 'vitest';
import type { AnswerPolicy } from '../../src/answer/policy.js';
import { EdnsOption, Rcode } from '../../src/wire/constants.js';
import { ask, EXAMPLE_WORLD, instance, node, outcomeOf, rrs, SOA } from './world.js';

interface Example {
  readonly id: string;
  readonly asked: string;
  readonly rcode?: keyof typeof Rcode;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  /** The SOA alone in the authority section. */
  readonly isNegative?: boolean;
  readonly altDomain?: string;
  readonly policy?: Partial<AnswerPolicy>;
  readonly why: string;
}

const NS = 'consul. 0 NS srv-1.node.dc1.consul.';
const NS_GLUE = 'srv-1.node.dc1.consul. 0 A 127.0.0.1';
const WEB_A = ['web.service.consul. 0 A 10.20.0.1', 'web.service.consul. 0 A 192.0.2.22'];
const WEB_1_GLUE = ['web-1.node.dc1.consul. 0 A 10.20.0.1', 'web-1.node.dc1.consul. 0 TXT "rack=a7"'];
const WEB_2_GLUE = ['c0000216.addr.dc1.consul. 0 A 192.0.2.22'];

const EXAMPLES: readonly Example[] = [
  { id: 'E1', asked: 'web.service.consul A', answer: WEB_A, why: 'one A per instance' },
  {
    id: 'E2',
    asked: 'web.service.consul SRV',
    answer: [
      'web.service.consul. 0 SRV 1 1 8080 web-1.node.dc1.consul.',
      'web.service.consul. 0 SRV 1 5 8081 c0000216.addr.dc1.consul.',
    ],
    additional: [...WEB_1_GLUE, ...WEB_2_GLUE],
    why: 'node form without a service address, addr form with one',
  },
  {
    id: 'E3',
    asked: 'V2.WeB.Service.Consul A',
    answer: ['V2.WeB.Service.Consul. 0 A 192.0.2.22'],
    why: 'tags in any case; the owner repeats the question',
  },
  {
    id: 'E4',
    asked: '_web._v1.service.consul SRV',
    answer: ['_web._v1.service.consul. 0 SRV 1 1 8080 web-1.node.dc1.consul.'],
    additional: WEB_1_GLUE,
    why: 'RFC 2782 form with a tag',
  },
  {
    id: 'E4',
    asked: '_web._v1.service.consul A',
    answer: ['_web._v1.service.consul. 0 A 10.20.0.1'],
    why: 'RFC 2782 form for every type',
  },
  {
    id: 'E5',
    asked: '_web._tcp.consul SRV',
    answer: [
      '_web._tcp.consul. 0 SRV 1 1 8080 web-1.node.dc1.consul.',
      '_web._tcp.consul. 0 SRV 1 5 8081 c0000216.addr.dc1.consul.',
    ],
    additional: [...WEB_1_GLUE, ...WEB_2_GLUE],
    why: 'SRV needs no keyword',
  },
  { id: 'E6', asked: '_web._tcp.consul A', rcode: 'NXDOMAIN', isNegative: true, why: 'only SRV needs no keyword' },
  { id: 'E7', asked: 'web.service.consul AAAA', isNegative: true, why: 'IPv4 only' },
  { id: 'E8', asked: 'web6.service.consul A', isNegative: true, why: 'IPv6 only' },
  {
    id: 'E9',
    asked: 'web6.service.consul SRV',
    answer: ['web6.service.consul. 0 SRV 1 1 8080 web-6.node.dc1.consul.'],
    additional: ['web-6.node.dc1.consul. 0 AAAA 2001:db8::6'],
    why: 'IPv6 glue',
  },
  { id: 'E10', asked: 'web.service.consul TXT', isNegative: true, why: 'D15: no addresses for TXT' },
  { id: 'E11', asked: 'web.service.consul MX', isNegative: true, why: 'no such record' },
  { id: 'E12', asked: 'nope.service.consul MX', rcode: 'NXDOMAIN', isNegative: true, why: 'no such service' },
  { id: 'E13', asked: 'canary.v2.web.service.consul A', rcode: 'NXDOMAIN', isNegative: true, why: 'one tag only' },
  { id: 'E14', asked: 'web.service.dc9.consul A', rcode: 'NXDOMAIN', isNegative: true, why: 'unknown datacenter' },
  { id: 'E15', asked: 'web.service.dc1.extra.consul A', rcode: 'NXDOMAIN', isNegative: true, why: 'bad suffixes' },
  {
    id: 'E16',
    asked: 'api.service.consul A',
    answer: ['api.service.consul. 0 CNAME api.example.net.'],
    why: 'a host name is an alias',
  },
  {
    id: 'E18',
    asked: 'api.service.consul SRV',
    answer: ['api.service.consul. 0 SRV 1 1 443 api.example.net.'],
    why: 'a host name is the target itself',
  },
  {
    id: 'E19',
    asked: 'extdb.service.consul SRV',
    answer: ['extdb.service.consul. 0 SRV 1 1 5432 db.example.net.'],
    why: 'so is the node’s, when the service has no address',
  },
  {
    id: 'E20',
    asked: 'ext-1.node.consul A',
    answer: ['ext-1.node.consul. 0 CNAME db.example.net.'],
    why: 'a node may be an alias',
  },
  {
    id: 'E21',
    asked: 'Web-1.node.consul A',
    answer: ['Web-1.node.consul. 0 A 10.20.0.1'],
    additional: ['Web-1.node.consul. 0 TXT "rack=a7"'],
    why: 'node metadata beside the address',
  },
  { id: 'E22', asked: 'web-1.node.consul AAAA', isNegative: true, why: 'D8: NODATA with SOA' },
  { id: 'E23', asked: 'web-1.node.consul MX', isNegative: true, why: 'D8: NODATA with SOA' },
  { id: 'E23', asked: 'nope.node.consul MX', rcode: 'NXDOMAIN', isNegative: true, why: 'D8: NXDOMAIN for any type' },
  { id: 'E24', asked: 'nope.node.consul A', rcode: 'NXDOMAIN', isNegative: true, why: 'no such node' },
  {
    id: 'E25',
    asked: 'web-1.node.consul TXT',
    answer: ['web-1.node.consul. 0 TXT "rack=a7"'],
    why: 'metadata asked for',
  },
  {
    id: 'E26',
    asked: 'C0000216.addr.consul A',
    answer: ['C0000216.addr.consul. 0 A 192.0.2.22'],
    why: 'D25: the owner repeats the question',
  },
  {
    id: 'E27',
    asked: 'c0000216.addr.consul AAAA',
    additional: ['c0000216.addr.consul. 0 A 192.0.2.22'],
    why: 'the other family, no SOA',
  },
  {
    id: 'E28',
    asked: '1.0.20.10.in-addr.arpa PTR',
    answer: ['1.0.20.10.in-addr.arpa. 0 PTR web-1.node.dc1.consul.'],
    why: 'a node',
  },
  {
    id: 'E29',
    asked: '22.2.0.192.in-addr.arpa PTR',
    answer: ['22.2.0.192.in-addr.arpa. 0 PTR web.service.dc1.consul.'],
    why: 'a service',
  },
  {
    id: 'E30',
    asked: '9.9.9.10.in-addr.arpa PTR',
    rcode: 'NXDOMAIN',
    authority: ['arpa. 0 SOA ns.consul. hostmaster.consul. 1700000000 3600 600 86400 0'],
    why: 'D9: the SOA of the zone that matched',
  },
  {
    id: 'E31',
    asked: 'consul SOA',
    answer: ['consul. 0 SOA ns.consul. hostmaster.consul. 1700000000 3600 600 86400 0'],
    authority: [NS],
    additional: [NS_GLUE],
    why: 'the apex',
  },
  {
    id: 'E31',
    asked: 'no.such.name.consul SOA',
    answer: ['consul. 0 SOA ns.consul. hostmaster.consul. 1700000000 3600 600 86400 0'],
    authority: [NS],
    additional: [NS_GLUE],
    why: 'any name',
  },
  { id: 'E32', asked: 'consul NS', answer: [NS], additional: [NS_GLUE], why: 'the apex' },
  { id: 'E32', asked: 'web.service.consul NS', answer: [NS], additional: [NS_GLUE], why: 'any name' },
  { id: 'E33', asked: 'consul A', isNegative: true, why: 'D6: the apex exists' },
  { id: 'E33', asked: 'ns.consul A', isNegative: true, why: 'D7: exists, without addresses unless advertised' },
  { id: 'E33', asked: 'service.consul A', isNegative: true, why: 'D6: an empty non-terminal' },
  { id: 'E34', asked: 'consul AXFR', rcode: 'NOTIMP', why: 'no transfers' },
  { id: 'E35', asked: 'db.example.net A', rcode: 'REFUSED', why: 'not ours' },
  {
    id: 'E43',
    asked: 'web.virtual.consul A',
    answer: ['web.virtual.consul. 0 A 240.0.0.1'],
    why: 'the virtual address',
  },
  {
    id: 'E44',
    asked: 'web.service.Alt.Example SRV',
    altDomain: 'alt.example',
    answer: [
      'web.service.Alt.Example. 0 SRV 1 1 8080 web-1.node.dc1.alt.example.',
      'web.service.Alt.Example. 0 SRV 1 5 8081 c0000216.addr.dc1.alt.example.',
    ],
    additional: [
      'web-1.node.dc1.alt.example. 0 A 10.20.0.1',
      'web-1.node.dc1.alt.example. 0 TXT "rack=a7"',
      'c0000216.addr.dc1.alt.example. 0 A 192.0.2.22',
    ],
    why: 'D25: the zone asked, in lower case',
  },
];

test.each(EXAMPLES)('$id: $asked ($why)', (example) => {
  const { asked, rcode = 'NOERROR', answer = [], authority = [], additional = [], isNegative = false } = example;
  const { altDomain, policy = {} } = example;
  const reply = ask(asked, { world: EXAMPLE_WORLD, policy, ...(altDomain !== undefined && { altDomain }) });
  expect(reply).toMatchObject({
    rcode: Rcode[rcode],
    authoritative: rcode !== 'REFUSED',
    recursionDesired: true,
    recursionAvailable: false,
    answer: rrs(...answer),
    authority: isNegative ? [SOA] : rrs(...authority),
    additional: rrs(...additional),
  });
});

test.each(['A', 'AAAA', 'MX'])('E17: api.service.consul %s asks upstream for that very type (D11)', (type) => {
  const outcome = outcomeOf(`api.service.consul ${type}`, { world: EXAMPLE_WORLD });
  expect(outcome).toMatchObject({ chase: [{ target: 'api.example.net.', types: [{ A: 1, AAAA: 28, MX: 15 }[type]] }] });
});

describe('a service of 150 instances (E38-E40)', () => {
  const instances = Array.from({ length: 150 }, (_, index) => instance('big', node(`n${index}`, `10.1.0.${index}`)));
  const world = { ...EXAMPLE_WORLD, instances };
  const count = (policy: Partial<AnswerPolicy>, isSmallUdp: boolean) =>
    ask('big.service.consul A', { world, policy, context: { isSmallUdp } }).answer.length;

  test('E38: all of them, for D3 knows no limit of its own', () => expect(count({}, true)).toBe(150));
  test('E38: three with udp_answer_limit 3', () => expect(count({ udpAnswerLimit: 3 }, true)).toBe(3));
  test('E40: all of them with EDNS', () => expect(count({ udpAnswerLimit: 3 }, false)).toBe(150));
});

describe('client subnets (E41, E42)', () => {
  const edns = {
    udpPayloadBytes: 4096,
    version: 0,
    dnssecOk: false,
    options: [{ code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 24, 0, 203, 0, 113) }],
  };

  test('E41: q1.query.consul has its own TTL, and the scope of the subnet', () => {
    const reply = ask('q1.query.consul A', { world: EXAMPLE_WORLD, edns });
    expect(reply.answer).toEqual(rrs('q1.query.consul. 13 A 10.20.0.1', 'q1.query.consul. 13 A 192.0.2.22'));
    expect(reply.edns?.options).toEqual([
      { code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 24, 24, 203, 0, 113) },
    ]);
  });

  test('E42: nope.query.consul is NXDOMAIN for everybody', () => {
    const reply = ask('nope.query.consul A', { world: EXAMPLE_WORLD, edns });
    expect(reply).toMatchObject({ rcode: Rcode.NXDOMAIN, authority: [SOA], edns: { options: edns.options } });
  });
});
