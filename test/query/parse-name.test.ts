import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Lookup } from '../../src/query/lookup.js';
import { parseName } from '../../src/query/parse-name.js';
import { createZones } from '../../src/query/zones.js';
import { parseType } from '../../src/wire/constants.js';
import { absolute, nameFromLabels } from '../../src/wire/name.js';

const ZONES = createZones({ domain: 'consul', altDomain: 'alt.example' });

/** What `name type` comes to: the lookup, or the word for what needs none. */
function parsed(text: string): Lookup | string {
  const [name = '', type = 'A'] = text.split(' ');
  const found = parseName({ name: absolute(name), type: parseType(type) ?? 0 }, ZONES);
  return found.kind === 'lookup' ? found.lookup : found.kind;
}

const HERE = { datacenter: undefined, peer: undefined };

function service(name: string, rest: Partial<Extract<Lookup, { kind: 'service' }>> = {}): Lookup {
  return {
    kind: 'service',
    view: 'service',
    service: name,
    tag: undefined,
    portName: undefined,
    locality: HERE,
    ...rest,
  };
}

function inDatacenter(datacenter: string) {
  return { locality: { datacenter, peer: undefined } };
}

function ofPeer(peer: string) {
  return { locality: { datacenter: undefined, peer } };
}

interface Row {
  readonly asked: string;
  readonly is: Lookup | string;
  readonly why: string;
}

const SERVICES: readonly Row[] = [
  { asked: 'web.service.consul', is: service('web'), why: 'the plain form' },
  { asked: 'WEB.Service.CONSUL', is: service('web'), why: 'C025: any letter case' },
  { asked: 'web.service.alt.example', is: service('web'), why: 'the other domain' },
  { asked: 'node.service.consul', is: service('node'), why: 'C034: the rightmost keyword' },
  { asked: 'service.service.consul', is: service('service'), why: 'C034' },
  { asked: 'v1.web.service.consul', is: service('web', { tag: 'v1' }), why: 'C047: a tag' },
  { asked: 'V1.Web.service.consul', is: service('web', { tag: 'v1' }), why: 'C047: in any letter case' },
  { asked: 'a.b.web.service.consul', is: service('web', { tag: 'a.b' }), why: 'C048: one tag with a dot' },
  { asked: 'a\\.b.web.service.consul', is: service('web', { tag: 'a\\.b' }), why: 'C035: the dot is in the label' },
  { asked: 'a\\.b.service.consul', is: service('a\\.b'), why: 'C035: and does not name the service a.b' },
  { asked: '_web._v1.service.consul', is: service('web', { tag: 'v1' }), why: 'C050: RFC 2782 with a tag' },
  { asked: '_web._tcp.service.consul', is: service('web'), why: 'C050: _tcp is no tag' },
  { asked: '_web._udp.service.consul', is: service('web', { tag: 'udp' }), why: 'C051: _udp is one' },
  { asked: '_WEB._TCP.service.consul', is: service('web'), why: 'C052' },
  { asked: '_web._tcp.service.consul MX', is: service('web'), why: 'C053: for every type' },
  {
    asked: '_a._b._c.service.consul',
    is: service('_c', { tag: '_a._b' }),
    why: '4.3.3: three labels are the plain form',
  },
  { asked: 'a._b.service.consul', is: service('_b', { tag: 'a' }), why: '4.3: both must begin with an underscore' },
  { asked: 'my_web.service.consul', is: service('my_web'), why: 'C060: underscores are literal' },
  { asked: '_tcp.service.consul', is: service('_tcp'), why: 'C060, D6: perhaps a service, else a non-terminal' },
  { asked: '_web._tcp.consul SRV', is: service('web'), why: 'C036: SRV needs no keyword' },
  { asked: '_web._tcp.dc1.consul SRV', is: service('web', inDatacenter('dc1')), why: 'C036: nor with a suffix' },
  { asked: '_web._tcp.consul A', is: 'no-such-name', why: 'C037: only SRV' },
  { asked: '_web._tcp.consul TXT', is: 'no-such-name', why: 'C037: only SRV' },
  { asked: '_._tcp.service.consul', is: 'no-such-name', why: 'nothing is left of the service name' },
  { asked: 'Caf\\195\\137.service.consul', is: service('caf\\195\\137'), why: '4.3.6: as Consul looks it up' },
  { asked: 'a\\032(b).service.consul', is: service('a\\ \\(b\\)'), why: '4.3.6: as Consul looks it up' },
];

const SUFFIXES: readonly Row[] = [
  { asked: 'web.service.dc1.consul', is: service('web', inDatacenter('dc1')), why: 'C038: a datacenter' },
  { asked: 'web.service.DC1.consul', is: service('web', inDatacenter('dc1')), why: 'C038: in any letter case' },
  { asked: 'web.service.dc1.extra.consul', is: 'no-such-name', why: 'C039: two plain labels' },
  { asked: 'web.service.dc1.dc.consul', is: service('web', inDatacenter('dc1')), why: 'C040' },
  { asked: 'web.service.p1.peer.consul', is: service('web', ofPeer('p1')), why: 'C041' },
  { asked: 'web.service.dc1.dc.p1.peer.consul', is: 'no-such-name', why: 'C042: not both' },
  { asked: 'web.service.p1.peer.dc1.dc.consul', is: 'no-such-name', why: 'C042: in no order' },
  { asked: 'web.service.x.foo.consul', is: 'no-such-name', why: 'C043: unknown pair' },
  { asked: 'web.service.x.dc1.dc.consul', is: 'no-such-name', why: 'C043: three labels' },
  { asked: 'web.service.a.b.c.dc1.dc.consul', is: 'no-such-name', why: 'C043: five labels' },
  { asked: 'web.service.a.dc.b.dc.consul', is: 'no-such-name', why: 'C043: the same pair twice' },
  { asked: 'web.service.default.ns.consul', is: 'no-such-name', why: 'C044: Enterprise' },
  { asked: 'web.service.default.ap.consul', is: 'no-such-name', why: 'C044: Enterprise' },
  { asked: 'web.service.group.sg.consul', is: 'no-such-name', why: 'C044: Enterprise' },
  { asked: 'web.service.http.port.consul', is: service('web', { portName: 'http' }), why: 'C089: a named port' },
  {
    asked: 'web.service.http.port.dc1.dc.consul',
    is: service('web', { portName: 'http', ...inDatacenter('dc1') }),
    why: 'C089: pairs combine',
  },
  {
    asked: 'web.service.p1.peer.http.port.consul',
    is: service('web', { portName: 'http', ...ofPeer('p1') }),
    why: 'C089: in any order',
  },
];

const OTHERS: readonly Row[] = [
  { asked: 'web.connect.consul', is: service('web', { view: 'connect' }), why: 'C065' },
  { asked: 'v1.web.connect.consul', is: service('web', { view: 'connect' }), why: 'C058: no tags' },
  { asked: '_web._tcp.connect.consul', is: service('_tcp', { view: 'connect' }), why: 'C059: no RFC 2782 form' },
  { asked: 'web.ingress.dc1.consul', is: service('web', { view: 'ingress', ...inDatacenter('dc1') }), why: 'C066' },
  { asked: 'x.web.ingress.consul', is: service('web', { view: 'ingress' }), why: 'C058' },
  { asked: 'web.api-gateway.consul', is: service('web', { view: 'api-gateway' }), why: '4.1: the newest keyword' },
  { asked: 'web.connect.p1.peer.consul', is: service('web', { view: 'connect' }), why: '5.2: peers are passed over' },
  {
    asked: 'web.connect.http.port.consul',
    is: service('web', { view: 'connect' }),
    why: '4.2: ports are for services',
  },
  { asked: 'web-1.node.consul', is: { kind: 'node', node: 'web-1', locality: HERE }, why: 'C067' },
  { asked: 'a.b.node.consul', is: { kind: 'node', node: 'a.b', locality: HERE }, why: 'C054' },
  { asked: 'n.node.p1.peer.consul', is: { kind: 'node', node: 'n', ...ofPeer('p1') }, why: 'C041' },
  { asked: 'q.query.consul', is: { kind: 'prepared-query', query: 'q', datacenter: undefined }, why: 'C074' },
  { asked: 'a.b.query.consul', is: { kind: 'prepared-query', query: 'a.b', datacenter: undefined }, why: 'C055' },
  { asked: 'q.query.dc2.consul', is: { kind: 'prepared-query', query: 'q', datacenter: 'dc2' }, why: '4.2' },
  { asked: 'q.query.dc1.dc.consul', is: 'no-such-name', why: 'C045' },
  { asked: '_q._tcp.query.consul', is: { kind: 'prepared-query', query: 'q', datacenter: undefined }, why: 'C056' },
  { asked: '_q._tcp.query.consul SRV', is: { kind: 'prepared-query', query: 'q', datacenter: undefined }, why: 'C056' },
  { asked: '_a.b._tcp.query.consul', is: { kind: 'prepared-query', query: 'a.b', datacenter: undefined }, why: 'C056' },
  {
    asked: '_q.x.query.consul',
    is: { kind: 'prepared-query', query: '_q.x', datacenter: undefined },
    why: 'C056: both ends',
  },
  { asked: '_._tcp.query.consul', is: 'no-such-name', why: 'nothing is left of the name' },
  {
    asked: 'web.virtual.consul',
    is: { kind: 'virtual', service: 'web', portName: undefined, locality: HERE },
    why: 'C087',
  },
  {
    asked: 'web.virtual.p1.consul',
    is: { kind: 'virtual', service: 'web', portName: undefined, ...ofPeer('p1') },
    why: '5.6: a plain label is a peer',
  },
  {
    asked: 'web.virtual.p1.peer.consul',
    is: { kind: 'virtual', service: 'web', portName: undefined, ...ofPeer('p1') },
    why: '5.6',
  },
  { asked: 'web.virtual.dc1.dc.consul', is: 'no-such-name', why: '5.6: no datacenters' },
  {
    asked: 'http.web.virtual.consul',
    is: { kind: 'virtual', service: 'web', portName: 'http', locality: HERE },
    why: '5.7',
  },
  { asked: 'a.b.web.virtual.consul', is: 'no-such-name', why: '4.3: one port label at most' },
];

const ADDRESSES: readonly Row[] = [
  {
    asked: 'c0000216.addr.consul',
    is: { kind: 'address', label: 'c0000216', family: 4, address: '192.0.2.22' },
    why: 'C082',
  },
  {
    asked: 'C0000216.addr.consul',
    is: { kind: 'address', label: 'c0000216', family: 4, address: '192.0.2.22' },
    why: 'C082: any case',
  },
  {
    asked: 'c0000216.addr.any.thing.consul',
    is: { kind: 'address', label: 'c0000216', family: 4, address: '192.0.2.22' },
    why: 'C046',
  },
  {
    asked: '20010db8000000000000000000000006.addr.consul',
    is: { kind: 'address', label: '20010db8000000000000000000000006', family: 6, address: '2001:db8::6' },
    why: 'C082: IPv6',
  },
  {
    asked: '00000000000000000000ffff0a140001.addr.consul',
    is: { kind: 'address', label: '00000000000000000000ffff0a140001', family: 6, address: '::ffff:10.20.0.1' },
    why: '5.5.4: mapped is IPv6 still',
  },
  { asked: 'c000021.addr.consul', is: 'no-such-name', why: 'C083: 7 digits' },
  { asked: 'c00002160.addr.consul', is: 'no-such-name', why: 'C083: 9 digits' },
  { asked: 'c000021g.addr.consul', is: 'no-such-name', why: 'C083: no hex' },
  { asked: 'x.c0000216.addr.consul', is: 'no-such-name', why: 'C083: a label too many' },
  { asked: '1.0.20.10.in-addr.arpa PTR', is: { kind: 'reverse', address: '10.20.0.1' }, why: 'C096' },
  {
    asked: `6${'.0'.repeat(23)}.8.b.d.0.1.0.0.2.ip6.arpa PTR`,
    is: { kind: 'reverse', address: '2001:db8::6' },
    why: 'C103',
  },
  { asked: '20.10.in-addr.arpa PTR', is: 'no-such-name', why: '5.11.4: partial' },
  { asked: 'x.0.20.10.in-addr.arpa PTR', is: 'no-such-name', why: '5.11.4: no octet' },
  { asked: 'home.arpa A', is: 'no-such-name', why: '5.11: no reverse name at all' },
];

const ZONE: readonly Row[] = [
  { asked: 'consul SOA', is: { kind: 'apex', part: 'zone' }, why: 'C091' },
  { asked: 'no.such.name.consul SOA', is: { kind: 'apex', part: 'zone' }, why: 'C091: any name' },
  { asked: 'web.service.consul NS', is: { kind: 'apex', part: 'zone' }, why: 'C092: any name' },
  { asked: 'ns.consul A', is: { kind: 'apex', part: 'ns' }, why: 'D7' },
  { asked: 'NS.consul MX', is: { kind: 'apex', part: 'ns' }, why: 'D7: it exists for every type' },
  { asked: 'consul AXFR', is: 'not-implemented', why: 'C016' },
  { asked: 'web.service.consul AXFR', is: 'not-implemented', why: 'C016' },
  { asked: 'web.service.consul IXFR', is: service('web'), why: 'C017: a type like others' },
  { asked: 'web.service.consul DS', is: service('web'), why: 'D10: a type like others' },
  { asked: 'consul DS', is: 'no-data', why: 'D10' },
  { asked: 'foo.bar.consul', is: 'no-such-name', why: 'C032: no keyword' },
  { asked: 'foo.bar.baz.consul', is: 'no-such-name', why: 'C032: no keyword' },
  { asked: 'web.service.example', is: 'not-ours', why: 'C023' },
];

function existsWith(datacenter: string): Lookup {
  return { kind: 'non-terminal', datacenter };
}

/** D6: what resolvers that minimise the qname ask for on their way down to the names above. */
const NON_TERMINALS: readonly Row[] = [
  { asked: 'consul A', is: 'no-data', why: 'the apex' },
  ...['service', 'connect', 'ingress', 'api-gateway', 'node'].flatMap((keyword) => [
    { asked: `${keyword}.consul`, is: 'no-data', why: 'KIND.DOMAIN' },
    { asked: `${keyword}.dc1.consul`, is: existsWith('dc1'), why: 'KIND.DC.DOMAIN' },
    { asked: `${keyword}.dc1.dc.consul`, is: existsWith('dc1'), why: 'KIND.DC.dc.DOMAIN' },
    { asked: `${keyword}.p1.peer.consul`, is: 'no-data', why: 'KIND.PEER.peer.DOMAIN: peers cannot be checked' },
    { asked: `${keyword}.http.port.consul`, is: 'no-data', why: 'KIND.PORT.port.DOMAIN' },
    { asked: `${keyword}.http.port.dc1.dc.consul`, is: existsWith('dc1'), why: 'both pairs' },
    { asked: `${keyword}.x.foo.consul`, is: 'no-such-name', why: 'nothing can be below' },
  ]),
  { asked: 'query.consul', is: 'no-data', why: 'KIND.DOMAIN' },
  { asked: 'query.dc1.consul', is: existsWith('dc1'), why: 'KIND.DC.DOMAIN' },
  { asked: 'query.dc1.dc.consul', is: 'no-such-name', why: 'queries take no pairs' },
  { asked: 'virtual.consul', is: 'no-data', why: 'KIND.DOMAIN' },
  { asked: 'virtual.p1.consul', is: 'no-data', why: 'KIND.PEER.DOMAIN' },
  { asked: 'virtual.dc1.dc.consul', is: 'no-such-name', why: 'virtual addresses have no datacenters' },
  { asked: 'addr.consul', is: 'no-data', why: 'KIND.DOMAIN' },
  { asked: 'addr.dc1.consul', is: 'no-data', why: 'whatever the suffix (C046)' },
  { asked: 'addr.any.thing.consul', is: 'no-data', why: 'whatever the suffix (C046)' },
  { asked: 'dc1.consul', is: existsWith('dc1'), why: 'a datacenter alone' },
  { asked: 'hostmaster.consul', is: existsWith('hostmaster'), why: '5.8: like any other single label' },
  { asked: 'dc.consul', is: 'no-data', why: 'above dc1.dc' },
  { asked: 'dc1.dc.consul', is: existsWith('dc1'), why: 'above service.dc1.dc' },
  { asked: 'peer.consul', is: 'no-data', why: 'above p1.peer' },
  { asked: 'p1.peer.consul', is: 'no-data', why: 'above service.p1.peer' },
  { asked: 'port.consul', is: 'no-data', why: 'above http.port' },
  { asked: 'http.port.consul', is: 'no-data', why: 'above service.http.port' },
  { asked: 'port.dc1.dc.consul', is: existsWith('dc1'), why: 'above http.port.dc1.dc' },
  { asked: 'http.port.dc1.dc.consul', is: existsWith('dc1'), why: 'above service.http.port.dc1.dc' },
  { asked: 'dc.http.port.consul', is: 'no-data', why: 'above dc1.dc.http.port' },
  { asked: 'peer.dc1.dc.consul', is: 'no-such-name', why: 'nothing can be below (C042)' },
  { asked: 'dc.dc1.dc.consul', is: 'no-such-name', why: 'nothing can be below (C043)' },
  { asked: '_tcp.consul', is: 'no-data', why: 'above _web._tcp' },
  { asked: '_tcp.dc1.consul', is: existsWith('dc1'), why: 'above _web._tcp.dc1' },
  { asked: '_tcp.p1.peer.consul', is: 'no-data', why: 'above _web._tcp.p1.peer' },
  { asked: '_tcp.x.foo.consul', is: 'no-such-name', why: 'nothing can be below' },
];

describe.each([
  { part: 'services', rows: SERVICES },
  { part: 'suffixes', rows: SUFFIXES },
  { part: 'the other keywords', rows: OTHERS },
  { part: 'addresses', rows: ADDRESSES },
  { part: 'the zone', rows: ZONE },
  { part: 'empty non-terminals (D6)', rows: NON_TERMINALS },
])('$part', ({ rows }) => {
  test.each(rows)('$asked ($why)', ({ asked, is }) => {
    expect(parsed(asked)).toEqual(is);
  });
});

describe('any name', () => {
  const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const anyLabel = fc.string({ unit: byte, minLength: 1, maxLength: 20 });
  const word = fc.constantFrom(
    ...['service', 'connect', 'ingress', 'api-gateway', 'virtual', 'node', 'query', 'addr'],
    ...['dc', 'peer', 'port', 'dc1', '_tcp', '_web', '_', 'ns', 'web', 'c0000216', 'in-addr'],
  );
  const zone = fc.constantFrom(['consul'], ['ALT', 'example'], ['arpa'], ['in-addr', 'arpa'], ['example'], []);
  const anyName = fc.tuple(fc.array(fc.oneof(word, anyLabel), { maxLength: 6 }), zone).map(([left, right]) => {
    return nameFromLabels([...left, ...right]);
  });
  const anyType = fc.oneof(fc.constantFrom(1, 2, 6, 12, 16, 28, 33, 252, 255), fc.integer({ min: 0, max: 65_535 }));

  test('and any type is parsed, or said not to be', () => {
    fc.assert(
      fc.property(anyName, anyType, (name, type) => {
        expect(parseName({ name, type }, ZONES).kind).toBeTypeOf('string');
      }),
      { numRuns: 2000 },
    );
  });

  test('means the same in any letter case', () => {
    const upper = (name: string) => name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
    fc.assert(
      fc.property(anyName, anyType, (name, type) => {
        expect(parseName({ name: upper(name), type }, ZONES)).toEqual(parseName({ name, type }, ZONES));
      }),
      { numRuns: 2000 },
    );
  });

  test('above a name that exists exists too, for the types resolvers ask on their way down (D6)', () => {
    const left = fc.constantFrom(['web', 'service'], ['_web', '_tcp', 'service'], ['n', 'node'], ['web', 'virtual']);
    const pairs = fc.constantFrom([], ['dc1'], ['p1', 'peer'], ['http', 'port'], ['p1', 'peer', 'http', 'port']);
    fc.assert(
      fc.property(left, pairs, (name, suffixes) => {
        const parts = [...name, ...suffixes, 'consul'];
        const kinds = parts.map((_, at) => parsed(`${parts.slice(at).join('.')} A`));
        expect(kinds).not.toContain('no-such-name');
      }),
    );
  });
});
