import { describe, expect, test } from 'vitest';
import { composeAnswer } from '../../src/answer/compose.js';
import {
  ask,
  CONSUL_POLICY,
  check,
  EMPTY_WORLD,
  EXAMPLE_WORLD,
  instance,
  NOW_SECONDS,
  node,
  outcomeOf,
  question,
  rrs,
  SOA,
} from './world.js';

function serversCalled(...names: readonly string[]) {
  const instances = names.map((name, index) => instance('consul', node(name, `10.0.0.${index + 1}`)));
  return { ...EMPTY_WORLD, instances };
}

const targets = (reply: ReturnType<typeof ask>) =>
  reply.answer.map(({ data }) => ('target' in data ? data.target : ''));

describe('name servers (dns-behaviour 5.10)', () => {
  test('are three at most, in random order, each once (C092)', () => {
    const world = serversCalled('a', 'b', 'c', 'd');
    expect(targets(ask('consul NS', { world }))).toEqual(['a', 'b', 'c'].map((name) => `${name}.node.dc1.consul.`));
    const mixed = ask('consul NS', { world, context: { random: () => 0.99 } });
    expect(targets(mixed)).toEqual(['d', 'a', 'b'].map((name) => `${name}.node.dc1.consul.`));
    expect(targets(ask('consul NS', { world: serversCalled('a', 'a') }))).toEqual(['a.node.dc1.consul.']);
  });

  test('have lower-case names and node_ttl (C093, C140)', () => {
    const reply = ask('Web.Service.CONSUL NS', { world: serversCalled('Srv-1'), policy: { nodeTtlSeconds: 9 } });
    expect(reply.answer).toEqual(rrs('consul. 9 NS srv-1.node.dc1.consul.'));
    expect(reply.additional).toEqual(rrs('srv-1.node.dc1.consul. 9 A 10.0.0.1'));
  });

  test('are in the zone that was asked (D9)', () => {
    const options = { world: serversCalled('s'), altDomain: 'alt.example' };
    expect(ask('x.ALT.example NS', options).answer).toEqual(rrs('alt.example. NS s.node.dc1.alt.example.'));
    expect(ask('Alt.Example SOA', options).answer).toEqual(
      rrs(`alt.example. SOA ns.alt.example. hostmaster.alt.example. ${NOW_SECONDS} 3600 600 86400 0`),
    );
  });

  test('are not those with odd names or bad health (C094, 8.2)', () => {
    const world = serversCalled('a.b', 'a_b', 'a b', '');
    const down = instance('consul', node('down', '10.0.0.9'), { checks: [check('critical')] });
    expect(ask('consul NS', { world: { ...world, instances: [...world.instances, down] } }).answer).toEqual([]);
  });

  test('are aliases where the node is one, with what stands behind it (5.10)', () => {
    const instances = [instance('consul', node('srv-1', 'host.example.net'))];
    const alias = rrs('srv-1.node.dc1.consul. 7 CNAME host.example.net.');
    expect(
      outcomeOf('consul SOA', { world: { ...EMPTY_WORLD, instances }, policy: { nodeTtlSeconds: 7 } }),
    ).toMatchObject({
      authority: rrs('consul. 7 NS srv-1.node.dc1.consul.'),
      additional: alias,
      chase: [{ target: 'host.example.net.', types: [1, 28], into: 'additional', serviceTtlSeconds: undefined }],
    });
  });

  test('may be none: NS is empty, and SOA is answered still (C095)', () => {
    expect(ask('consul NS')).toMatchObject({ rcode: 0, answer: [], authority: [], additional: [] });
    expect(ask('consul SOA')).toMatchObject({ answer: [SOA], authority: [], additional: [] });
  });

  test.each([
    { rows: undefined, why: 'the backend is away' },
    {
      rows: { kind: 'unknown-datacenter', datacenter: 'dc1', isStale: false, dependsOn: [] } as const,
      why: 'it says so',
    },
  ])('may be unknown, and SOA is answered still: $why (C174)', ({ rows }) => {
    const context = { random: () => 0, nowSeconds: NOW_SECONDS, isSmallUdp: false };
    const zone = { kind: 'consul', name: 'consul.' } as const;
    const input = { question: question('consul SOA'), lookup: { kind: 'apex', part: 'zone' }, zone, rows } as const;
    expect(composeAnswer(input, CONSUL_POLICY, context)).toMatchObject({
      kind: 'records',
      answer: [SOA],
      authority: [],
    });
  });
});

describe('the SOA record (C118, C141)', () => {
  test('follows the settings; its serial is the time', () => {
    const soa = { refreshSeconds: 1, retrySeconds: 2, expireSeconds: 3, minTtlSeconds: 4 };
    const expected = rrs(`consul. 4 SOA ns.consul. hostmaster.consul. ${NOW_SECONDS} 1 2 3 4`);
    expect(ask('consul SOA', { policy: { soa } }).answer).toEqual(expected);
    expect(ask('nope.service.consul A', { policy: { soa } }).authority).toEqual(expected);
  });

  test('is in lower case at the apex as well (D9)', () => {
    expect(ask('CONSUL A').authority).toEqual([SOA]);
    expect(ask('CONSUL SOA').answer).toEqual([SOA]);
  });

  test('of a negative answer in the other domain is that domain’s (C030, D9)', () => {
    const soa = rrs(`alt.example. SOA ns.alt.example. hostmaster.alt.example. ${NOW_SECONDS} 3600 600 86400 0`);
    for (const name of ['alt.example', 'X.Service.ALT.Example']) {
      expect(ask(`${name} A`, { altDomain: 'alt.example' }).authority).toEqual(soa);
    }
  });
});

describe('advertise (D7)', () => {
  const options = { world: EXAMPLE_WORLD, policy: { advertise: ['192.0.2.53', '2001:db8::53'], nodeTtlSeconds: 9 } };

  test.each([
    { asked: 'NS.consul A', answer: ['NS.consul. 9 A 192.0.2.53'] },
    { asked: 'ns.consul AAAA', answer: ['ns.consul. 9 AAAA 2001:db8::53'] },
    { asked: 'ns.consul ANY', answer: ['ns.consul. 9 A 192.0.2.53', 'ns.consul. 9 AAAA 2001:db8::53'] },
  ])('$asked gives $answer', ({ asked, answer }) => {
    expect(ask(asked, options).answer).toEqual(rrs(...answer));
  });

  test('makes ns.DOMAIN the only name server', () => {
    expect(ask('consul NS', options)).toMatchObject({
      answer: rrs('consul. 9 NS ns.consul.'),
      additional: rrs('ns.consul. 9 A 192.0.2.53', 'ns.consul. 9 AAAA 2001:db8::53'),
    });
  });

  test('leaves other types, and ns.DOMAIN without it, NODATA', () => {
    expect(outcomeOf('ns.consul MX', options)).toEqual({ kind: 'no-data' });
    expect(outcomeOf('ns.consul A', { world: EXAMPLE_WORLD })).toEqual({ kind: 'no-data' });
  });
});

describe('names that own nothing (D6)', () => {
  const world = { ...EMPTY_WORLD, datacenters: ['dc1', 'DC2'] };

  test.each([
    { asked: 'consul ANY', kind: 'no-data', why: 'the apex' },
    { asked: 'service.dc2.consul A', kind: 'no-data', why: 'a known datacenter' },
    { asked: 'dc2.consul A', kind: 'no-data', why: 'a known datacenter' },
    { asked: 'service.dc9.consul A', kind: 'no-such-name', why: 'an unknown one' },
    { asked: 'hostmaster.consul A', kind: 'no-such-name', why: '5.8' },
  ])('$asked is $kind ($why)', ({ asked, kind }) => {
    expect(outcomeOf(asked, { world })).toEqual({ kind });
  });
});
