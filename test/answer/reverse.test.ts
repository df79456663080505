import { expect, test } from 'vitest';
import { ask, EMPTY_WORLD, outcomeOf, rrs } from './world.js';

const world = {
  ...EMPTY_WORLD,
  owners: {
    '10.0.0.1': [
      { kind: 'node', name: 'Web-1', datacenter: 'dc1' },
      { kind: 'service', name: 'web', datacenter: 'dc1' },
      { kind: 'service', name: 'Web', datacenter: 'DC1' },
      { kind: 'service', name: 'a.b', datacenter: 'dc1' },
    ],
    '2001:db8::6': [{ kind: 'node', name: 'v6', datacenter: 'dc2' }],
  },
} as const;
const policy = { nodeTtlSeconds: 9 };

test.each(['PTR', 'ANY'])('%s gives all names of an address, the node’s first, each once (D14, C096, C097)', (type) => {
  expect(ask(`1.0.0.10.IN-ADDR.arpa ${type}`, { world, policy }).answer).toEqual(
    rrs(
      '1.0.0.10.IN-ADDR.arpa. 9 PTR Web-1.node.dc1.consul.',
      '1.0.0.10.IN-ADDR.arpa. 9 PTR web.service.dc1.consul.',
      '1.0.0.10.IN-ADDR.arpa. 9 PTR a\\.b.service.dc1.consul.',
    ),
  );
});

test('IPv6 names spell nibbles (C103)', () => {
  const name = `6${'.0'.repeat(23)}.8.b.d.0.1.0.0.2.ip6.arpa`;
  expect(ask(`${name} PTR`, { world }).answer).toEqual(rrs(`${name}. PTR v6.node.dc2.consul.`));
});

test.each(['A', 'NS', 'SOA', 'TXT', 'DS'])('%s is NODATA (D14, W16)', (type) => {
  expect(outcomeOf(`1.0.0.10.in-addr.arpa ${type}`, { world })).toEqual({ kind: 'no-data' });
});

test.each(['9.9.9.9.in-addr.arpa', '0.10.in-addr.arpa', 'in-addr.arpa', 'x.arpa'])('%s is NXDOMAIN (C100)', (name) => {
  expect(outcomeOf(`${name} PTR`, { world })).toEqual({ kind: 'no-such-name' });
});

test('targets are in the primary domain, whatever limit is set (C031, 11.5)', () => {
  const options = { world, altDomain: 'alt.example', policy: { udpAnswerLimit: 1 }, context: { isSmallUdp: true } };
  const { answer } = ask('1.0.0.10.in-addr.arpa PTR', options);
  expect(answer).toHaveLength(3);
  expect(answer.every(({ data }) => 'target' in data && data.target.endsWith('.dc1.consul.'))).toBe(true);
});
