import { describe, expect, test } from 'vitest';
import { ask, EMPTY_WORLD, node, outcomeOf, rrs, SOA } from './world.js';

const world = {
  ...EMPTY_WORLD,
  datacenters: ['dc1', 'dc2'],
  nodes: [
    node('web-1', '10.0.0.1', { meta: { rack: 'a7', 'rfc1035-note': 'hello' } }),
    node('bare', '10.0.0.2'),
    node('a.b', '10.0.0.3'),
    node('alias', 'host.example.net', { meta: { rack: 'b1' } }),
    node('self', 'SELF.node.consul'),
    node('dual', '10.0.0.4', { taggedAddresses: { lan_ipv6: '2001:db8::4' } }),
  ],
};
const policy = { nodeTtlSeconds: 9 };

test('a node gives its address and, beside it, its metadata (C067, C071, C140)', () => {
  expect(ask('Web-1.node.consul A', { world, policy })).toMatchObject({
    answer: rrs('Web-1.node.consul. 9 A 10.0.0.1'),
    additional: rrs('Web-1.node.consul. 9 TXT "rack=a7"', 'Web-1.node.consul. 9 TXT "hello"'),
  });
});

test('the metadata stays away when that is turned off, unless asked for (C071, C072)', () => {
  const quiet = { world, policy: { additionalNodeMetaTxt: false } };
  const meta = rrs('web-1.node.consul. TXT "rack=a7"', 'web-1.node.consul. TXT "hello"');
  expect(ask('web-1.node.consul A', quiet).additional).toEqual([]);
  expect(ask('web-1.node.consul TXT', quiet).answer).toEqual(meta);
  expect(ask('web-1.node.consul ANY', quiet).answer).toEqual([...rrs('web-1.node.consul. A 10.0.0.1'), ...meta]);
});

test.each([
  { asked: 'web-1.node.consul AAAA', kind: 'no-data', why: 'C070, D8: the other family' },
  { asked: 'web-1.node.consul SRV', kind: 'no-data', why: 'C068, D8: no such record' },
  { asked: 'web-1.node.consul DS', kind: 'no-data', why: 'D10' },
  { asked: 'bare.node.consul TXT', kind: 'no-data', why: '5.3.6, D8: no metadata' },
  { asked: 'nope.node.consul A', kind: 'no-such-name', why: 'C069' },
  { asked: 'nope.node.consul MX', kind: 'no-such-name', why: 'C068, D8: for any type' },
  { asked: 'web-1.node.dc2.consul A', kind: 'no-such-name', why: 'not in that datacenter' },
  { asked: 'web-1.node.dc9.consul A', kind: 'no-such-name', why: 'C172: no such datacenter' },
])('$asked is $kind ($why)', ({ asked, kind }) => {
  expect(outcomeOf(asked, { world })).toEqual({ kind });
});

test('negative answers carry the SOA (D8)', () => {
  expect(ask('web-1.node.consul AAAA', { world })).toMatchObject({ rcode: 0, authority: [SOA], additional: [] });
});

test('node names may hold dots (C054)', () => {
  expect(ask('a.b.node.consul A', { world }).answer).toEqual(rrs('a.b.node.consul. A 10.0.0.3'));
});

test('A and AAAA take the tagged address of their family (C121)', () => {
  expect(ask('dual.node.consul A', { world }).answer).toEqual(rrs('dual.node.consul. A 10.0.0.4'));
  expect(ask('dual.node.consul AAAA', { world }).answer).toEqual(rrs('dual.node.consul. AAAA 2001:db8::4'));
  expect(ask('dual.node.consul ANY', { world }).answer).toEqual(rrs('dual.node.consul. AAAA 2001:db8::4'));
});

describe('a node whose address is a host name', () => {
  const cname = rrs('alias.node.consul. 9 CNAME host.example.net.');

  test.each(['A', 'AAAA', 'MX'])('is an alias for %s, and everything found behind it is kept (C161)', (type) => {
    const outcome = outcomeOf(`alias.node.consul ${type}`, { world, policy });
    expect(outcome).toMatchObject({
      answer: cname,
      additional: type === 'MX' ? [] : rrs('alias.node.consul. 9 TXT "rack=b1"'),
      chase: [{ target: 'host.example.net.', into: 'answer', serviceTtlSeconds: undefined }],
    });
  });

  test('may be an alias of itself, which is told as it is (13.1)', () => {
    const expected = rrs('self.node.consul. CNAME SELF.node.consul.');
    expect(outcomeOf('self.node.consul A', { world })).toMatchObject({ answer: expected });
  });

  test('has its metadata for TXT, and for ANY after the alias', () => {
    const meta = rrs('alias.node.consul. 9 TXT "rack=b1"');
    expect(outcomeOf('alias.node.consul TXT', { world, policy })).toMatchObject({ answer: meta, chase: [] });
    const any = outcomeOf('alias.node.consul ANY', { world, policy });
    expect(any).toMatchObject({ answer: [...cname, ...meta], chase: [{ target: 'host.example.net.' }] });
  });
});
