import { describe, expect, test } from 'vitest';
import { RecordType } from '../../src/wire/constants.js';
import { ask, check, EMPTY_WORLD, instance, node, outcomeOf, rrs, SOA } from './world.js';

const n1 = node('n1', '10.0.0.1', { meta: { rack: 'a7' } });
const n2 = node('n2', '10.0.0.2');
const ext = node('ext', 'db.example.net');

function worldOf(...instances: readonly ReturnType<typeof instance>[]) {
  return { ...EMPTY_WORLD, instances };
}

const highest = (): number => 0.99;

describe('which instances are answered with', () => {
  const critical = { checks: [check('critical')] };
  const warning = { checks: [check('warning')] };

  test.each(['A', 'SRV', 'TXT', 'MX'])('unknown services and filtered ones are NXDOMAIN for %s (C061-C063)', (type) => {
    const world = worldOf(instance('down', n1, critical), instance('db', n1, { tags: ['a'] }));
    for (const name of ['nope', 'down', 'b.db']) {
      expect(outcomeOf(`${name}.service.consul ${type}`, { world })).toEqual({ kind: 'no-such-name' });
    }
  });

  test('only passing ones with only_passing, all but critical without (D1, C125, C126)', () => {
    const world = worldOf(instance('db', n1, warning), instance('db', n2));
    const answer = (onlyPassing: boolean) => ask('db.service.consul A', { world, policy: { onlyPassing } }).answer;
    expect(answer(false)).toEqual(rrs('db.service.consul. A 10.0.0.1', 'db.service.consul. A 10.0.0.2'));
    expect(answer(true)).toEqual(rrs('db.service.consul. A 10.0.0.2'));
  });

  test('a service without records of the type is NODATA (C064)', () => {
    const world = worldOf(instance('db', n1));
    for (const type of ['MX', 'CNAME', 'DS', 'HTTPS']) {
      expect(ask(`db.service.consul ${type}`, { world })).toMatchObject({ rcode: 0, answer: [], authority: [SOA] });
    }
  });

  test('`_tcp.service` is NODATA, or the service of that very name (C060, D6)', () => {
    expect(outcomeOf('_tcp.service.consul A')).toEqual({ kind: 'no-data' });
    expect(outcomeOf('_t\\.cp.service.consul A')).toEqual({ kind: 'no-data' });
    expect(outcomeOf('_tcp.query.consul A')).toEqual({ kind: 'no-data' });
    expect(outcomeOf('_tcp.consul SRV')).toEqual({ kind: 'no-data' });
    const world = worldOf(instance('_tcp', n1));
    expect(outcomeOf('_tcp.service.http.port.consul SRV', { world })).toEqual({ kind: 'no-data' });
    expect(ask('_tcp.service.consul A', { world }).answer).toEqual(rrs('_tcp.service.consul. A 10.0.0.1'));
  });

  test.each([
    '_db._tcp.connect',
    '_tcp.connect',
    '_x._tcp.service',
    'a._tcp.service',
    '__x._tcp.service',
    '_x._y._x.service',
  ])('%s.consul is NXDOMAIN without such a service (C059, C061)', (name) =>
    expect(outcomeOf(`${name}.consul A`)).toEqual({ kind: 'no-such-name' }),
  );

  test('connect and ingress have rows of their own, health and all (C065, C066, C058)', () => {
    const world = {
      ...worldOf(instance('db', n1)),
      connect: { db: [instance('db-proxy', n1, { port: 21_000 }), instance('db-proxy', n2, critical)] },
      ingress: { db: [instance('gateway', n2, { port: 443 })] },
    };
    const srv = (name: string) => ask(`${name}.consul SRV`, { world }).answer;
    expect(srv('tag.db.connect')).toEqual(rrs('tag.db.connect.consul. SRV 1 1 21000 n1.node.dc1.consul.'));
    expect(srv('db.ingress')).toEqual(rrs('db.ingress.consul. SRV 1 1 443 n2.node.dc1.consul.'));
    expect(outcomeOf('db.api-gateway.consul A', { world })).toEqual({ kind: 'no-such-name' });
  });
});

describe('addresses (dns-behaviour 6.1, 9)', () => {
  test('each once, by what they are rather than how they are spelled (C134)', () => {
    const world = worldOf(
      instance('db', n1),
      instance('db', n2, { address: '::ffff:10.0.0.1' }),
      instance('db', n1, { port: 1 }),
    );
    expect(ask('db.service.consul A', { world }).answer).toEqual(rrs('db.service.consul. A 10.0.0.1'));
  });

  test('ANY gives both families (C105)', () => {
    const world = worldOf(instance('db', n1), instance('db', node('v6', '2001:db8::6')));
    const expected = rrs('db.service.consul. A 10.0.0.1', 'db.service.consul. AAAA 2001:db8::6');
    expect(ask('db.service.consul ANY', { world }).answer).toEqual(expected);
  });

  test('before host names, of which only one is answered with (C135)', () => {
    const world = worldOf(instance('db', ext), instance('db', n1), instance('db', n2, { address: 'b.example.net' }));
    expect(ask('db.service.consul A', { world }).answer).toEqual(rrs('db.service.consul. A 10.0.0.1'));
    // Nobody has IPv6, so a chain it is.
    const outcome = outcomeOf('db.service.consul AAAA', { world });
    expect(outcome).toMatchObject({
      answer: rrs('db.service.consul. CNAME db.example.net.'),
      chase: [{ target: 'db.example.net.', types: [RecordType.AAAA], into: 'answer', serviceTtlSeconds: 0 }],
    });
  });

  test('before host names for TXT as well, which has no addresses (D15)', () => {
    const world = worldOf(instance('db', ext), instance('db', n1));
    expect(ask('db.service.consul TXT', { world })).toMatchObject({ rcode: 0, answer: [], authority: [SOA] });
    // Other types have nothing to contradict (6.1).
    expect(ask('db.service.consul MX', { world }).answer).toEqual(rrs('db.service.consul. CNAME db.example.net.'));
  });

  test('come in random order (C133)', () => {
    const world = worldOf(instance('db', n1), instance('db', n2));
    const reply = ask('db.service.consul A', { world, context: { random: highest } });
    expect(reply.answer).toEqual(rrs('db.service.consul. A 10.0.0.2', 'db.service.consul. A 10.0.0.1'));
  });

  test('as many as a_record_limit allows, on every transport, duplicates not counted (C136)', () => {
    const world = worldOf(instance('db', n1), instance('db', n1, { port: 1 }), instance('db', n2), instance('db', ext));
    const count = (type: string, aRecordLimit: number) =>
      ask(`db.service.consul ${type}`, { world, policy: { aRecordLimit } }).answer.length;
    expect([0, 1, 2, 3].map((limit) => count('A', limit))).toEqual([2, 1, 2, 2]);
    expect([0, 1, 2].map((limit) => count('ANY', limit))).toEqual([2, 1, 2]);
    expect([0, 1].map((limit) => count('SRV', limit))).toEqual([4, 4]);
  });

  test('limits never split a chain (D3)', () => {
    const options = { policy: { udpAnswerLimit: 1, aRecordLimit: 1 }, context: { isSmallUdp: true } };
    const outcome = outcomeOf('db.service.consul A', { world: worldOf(instance('db', ext)), ...options });
    expect(outcome).toMatchObject({ answer: [{ type: RecordType.CNAME }], chase: [{ target: 'db.example.net.' }] });
  });

  test.each([
    { type: 'A', types: [RecordType.A] },
    { type: 'ANY', types: [RecordType.A, RecordType.AAAA] },
    { type: 'MX', types: [RecordType.MX] },
    { type: 'TXT', types: [RecordType.TXT] },
    // The CNAME is what was asked for.
    { type: 'CNAME', types: [] },
  ])('a host name answers $type with a CNAME and is asked for $types (C162, D11)', ({ type, types }) => {
    const world = worldOf(instance('db', ext));
    const outcome = outcomeOf(`db.service.consul ${type}`, {
      world,
      policy: { serviceTtlSeconds: new Map([['*', 5]]) },
    });
    const answer = rrs('db.service.consul. 5 CNAME db.example.net.');
    const chase = [{ target: 'db.example.net.', types, into: 'answer', serviceTtlSeconds: 5 }];
    expect(outcome).toMatchObject({ answer, chase });
  });
});

describe('SRV (dns-behaviour 6.2, 6.3)', () => {
  const srv = (world: ReturnType<typeof worldOf>, policy = {}) => ask('db.service.consul SRV', { world, policy });

  test('node form, in the case the node is registered in (C107, C108)', () => {
    const reply = srv(worldOf(instance('db', node('Db-1', '10.0.0.1'))));
    expect(reply.answer).toEqual(rrs('db.service.consul. SRV 1 1 8080 Db-1.node.dc1.consul.'));
    expect(reply.additional).toEqual(rrs('Db-1.node.dc1.consul. A 10.0.0.1'));
  });

  test('made-up names are in lower case, however the zone was spelled (D25)', () => {
    const world = worldOf(instance('db', n2));
    const reply = ask('Db.Service.DC1.Consul SRV', { world });
    expect(reply.answer).toEqual(rrs('Db.Service.DC1.Consul. SRV 1 1 8080 n2.node.dc1.consul.'));
  });

  test('addr form for a service address, even the node’s own (C109, C110)', () => {
    const reply = srv(
      worldOf(instance('db', n2, { address: '10.0.0.2' }), instance('db', n2, { address: '2001:db8::5' })),
    );
    expect(reply.answer).toEqual(
      rrs(
        'db.service.consul. SRV 1 1 8080 0a000002.addr.dc1.consul.',
        'db.service.consul. SRV 1 1 8080 20010db8000000000000000000000005.addr.dc1.consul.',
      ),
    );
    expect(reply.additional).toEqual(
      rrs('0a000002.addr.dc1.consul. A 10.0.0.2', '20010db8000000000000000000000005.addr.dc1.consul. AAAA 2001:db8::5'),
    );
  });

  test('host names are targets themselves, each looked up once (C111)', () => {
    const world = worldOf(
      instance('db', n1, { address: 'Db.example.net', port: 1 }),
      instance('db', n1, { address: 'db.example.net', port: 2 }),
    );
    const outcome = outcomeOf('db.service.consul SRV', { world });
    expect(outcome).toMatchObject({
      answer: rrs('db.service.consul. SRV 1 1 1 Db.example.net.', 'db.service.consul. SRV 1 1 2 db.example.net.'),
      additional: rrs('n1.node.dc1.consul. TXT "rack=a7"'),
      chase: [{ target: 'Db.example.net.', types: [RecordType.A, RecordType.AAAA], into: 'additional' }],
    });
  });

  test('peers have names of their own (C112)', () => {
    const world = worldOf(instance('db', n1), instance('db', n2, { address: '192.0.2.1' }));
    const reply = ask('db.service.p1.peer.consul SRV', { world });
    expect(reply.answer).toEqual(
      rrs(
        'db.service.p1.peer.consul. SRV 1 1 8080 n1.node.p1.peer.consul.',
        'db.service.p1.peer.consul. SRV 1 1 8080 c0000201.addr.consul.',
      ),
    );
    expect(reply.additional).toEqual(
      rrs(
        'n1.node.p1.peer.consul. A 10.0.0.1',
        'n1.node.p1.peer.consul. TXT "rack=a7"',
        'c0000201.addr.consul. A 192.0.2.1',
      ),
    );
  });

  test('metadata stands under the node’s name, also for addr targets, unless turned off (C113, C114)', () => {
    const world = worldOf(instance('db', n1, { address: '192.0.2.1' }));
    const glue = rrs('c0000201.addr.dc1.consul. A 192.0.2.1');
    expect(srv(world).additional).toEqual([...glue, ...rrs('n1.node.dc1.consul. TXT "rack=a7"')]);
    expect(srv(world, { additionalNodeMetaTxt: false }).additional).toEqual(glue);
  });

  test('additional records are not repeated (D18)', () => {
    const world = worldOf(...[1, 2, 3].map((port) => instance('db', n1, { port })));
    const reply = srv(world);
    expect(reply.answer).toHaveLength(3);
    expect(reply.additional).toEqual(rrs('n1.node.dc1.consul. A 10.0.0.1', 'n1.node.dc1.consul. TXT "rack=a7"'));
  });

  test('the same node, address and port once; the very same record once (C137)', () => {
    const world = worldOf(
      instance('db', n1, { id: 'a' }),
      instance('db', n1, { id: 'b', weights: { passing: 9, warning: 1 } }),
      instance('db', n1, { address: '192.0.2.1' }),
      instance('db', n2, { address: '192.0.2.1' }),
      instance('db', n2, { address: '192.0.2.1', port: 1 }),
    );
    expect(srv(world).answer).toEqual(
      rrs(
        'db.service.consul. SRV 1 1 8080 n1.node.dc1.consul.',
        'db.service.consul. SRV 1 1 8080 c0000201.addr.dc1.consul.',
        'db.service.consul. SRV 1 1 1 c0000201.addr.dc1.consul.',
      ),
    );
  });

  test('glue is that of the answers kept (D3)', () => {
    const options = { policy: { udpAnswerLimit: 1 }, context: { isSmallUdp: true } };
    const reply = ask('db.service.consul SRV', { world: worldOf(instance('db', n2), instance('db', n1)), ...options });
    expect(reply.answer).toHaveLength(1);
    expect(reply.additional).toEqual(rrs('n2.node.dc1.consul. A 10.0.0.2'));
  });

  test('node names are put in as they are: dots part labels, the rest is escaped (6.2.4)', () => {
    const reply = srv(worldOf(instance('db', node('a.b c\\é', '10.0.0.1'))));
    expect(reply.answer).toMatchObject([{ data: { target: 'a.b\\032c\\\\\\195\\169.node.dc1.consul.' } }]);
  });
});

describe('named ports (dns-behaviour 5.7, W32)', () => {
  const ports = [
    { name: 'grpc', port: 9090, isDefault: false },
    { name: 'HTTP', port: 8080, isDefault: true },
  ];
  const many = worldOf(instance('db', n1, { port: 0, ports }), instance('db', n2, { port: 0, ports }));
  const mixed = worldOf(...many.instances, instance('db', node('n3', '10.0.0.3')));
  const portsOf = (text: string, world = many) =>
    ask(text, { world }).answer.map(({ data }) => (data.kind === 'SRV' ? data.port : data.kind));

  test.each([
    { asked: 'db.service.grpc.port.consul SRV', gives: [9090, 9090], why: 'C089: that port' },
    { asked: 'db.service.http.port.dc1.dc.consul SRV', gives: [8080, 8080], why: 'C089: in any letter case' },
    { asked: 'db.service.consul SRV', gives: [8080, 8080], why: 'W32: the default port in place of 0' },
    { asked: 'db.service.nope.port.consul A', gives: ['A', 'A'], why: 'C089: of no account for addresses' },
  ])('$asked gives $gives ($why)', ({ asked, gives }) => {
    expect(portsOf(asked)).toEqual(gives);
  });

  test('NXDOMAIN if an instance lacks the port (C089)', () => {
    expect(outcomeOf('db.service.nope.port.consul SRV', { world: many })).toEqual({ kind: 'no-such-name' });
    expect(outcomeOf('db.service.grpc.port.consul SRV', { world: mixed })).toEqual({ kind: 'no-such-name' });
    expect(portsOf('db.service.consul SRV', mixed)).toEqual([8080, 8080, 8080]);
  });

  test('without a default the first port counts, and without any it is 0', () => {
    const only = instance('db', n1, { port: 0, ports: [{ name: 'grpc', port: 9090, isDefault: false }] });
    expect(portsOf('db.service.consul SRV', worldOf(only))).toEqual([9090]);
    expect(portsOf('db.service.consul SRV', worldOf(instance('db', n1, { port: 0 })))).toEqual([0]);
  });
});

describe('prepared queries (dns-behaviour 5.4)', () => {
  const instances = [instance('db', n2), instance('db', n1, { checks: [check('warning')] })];
  const query = (rest: object) => ({
    ...EMPTY_WORLD,
    queries: { q: { service: 'Db', instances, ttlSeconds: undefined, datacenter: 'dc1', ...rest } },
  });

  test('the server’s order and its choice are kept, whatever only_passing says (C077, C079)', () => {
    const options = { world: query({}), policy: { onlyPassing: true }, context: { random: highest } };
    expect(ask('q.query.consul A', options).answer).toEqual(
      rrs('q.query.consul. A 10.0.0.2', 'q.query.consul. A 10.0.0.1'),
    );
  });

  test.each([
    { ttlSeconds: 13, ttl: 13, why: 'its own' },
    { ttlSeconds: 0, ttl: 0, why: 'its own, be it 0' },
    { ttlSeconds: undefined, ttl: 7, why: 'that of the service in the result' },
  ])('TTL $ttl: $why (C075)', ({ ttlSeconds, ttl }) => {
    const policy = { serviceTtlSeconds: new Map([['db', 7]]) };
    const reply = ask('q.query.consul A', { world: query({ ttlSeconds }), policy });
    expect(reply.answer.map((found) => found.ttlSeconds)).toEqual([ttl, ttl]);
  });

  test('failover targets are in the other datacenter (C078)', () => {
    const reply = ask('q.query.consul SRV', { world: query({ datacenter: 'DC2' }) });
    expect(reply.answer[0]).toEqual(rrs('q.query.consul. SRV 1 1 8080 n2.node.dc2.consul.')[0]);
  });

  test('unknown and empty ones are NXDOMAIN, others without the type NODATA (C076, C081)', () => {
    expect(outcomeOf('x.query.consul A')).toEqual({ kind: 'no-such-name' });
    expect(outcomeOf('q.query.consul A', { world: query({ instances: [] }) })).toEqual({ kind: 'no-such-name' });
    expect(outcomeOf('q.query.consul AAAA', { world: query({}) })).toEqual({ kind: 'no-data' });
  });

  test('limits cut from the end (5.4.5)', () => {
    const reply = ask('q.query.consul A', { world: query({}), policy: { aRecordLimit: 1 } });
    expect(reply.answer).toEqual(rrs('q.query.consul. A 10.0.0.2'));
  });
});

describe('virtual addresses (dns-behaviour 5.6)', () => {
  const vip = (address: string) => ({ taggedAddresses: { 'consul-virtual': { address, port: 0 } } });
  const world = {
    ...EMPTY_WORLD,
    connect: {
      db: [instance('db-proxy', n1), instance('db-proxy', n2, { ...vip('240.0.0.1'), checks: [check('critical')] })],
      bare: [instance('bare-proxy', n1)],
    },
  };
  const policy = { nodeTtlSeconds: 9 };
  const found = rrs('Db.virtual.consul. 9 A 240.0.0.1');

  test('come from any instance, healthy or not, with node_ttl (C087, 8.2)', () => {
    expect(ask('Db.virtual.consul A', { world, policy })).toMatchObject({ answer: found, additional: [] });
    expect(ask('Db.virtual.consul ANY', { world, policy })).toMatchObject({ answer: found, additional: [] });
  });

  test('stand in the additional section for other types (5.6.2)', () => {
    const reply = ask('Db.virtual.consul AAAA', { world, policy });
    expect(reply).toMatchObject({ answer: [], authority: [], additional: found });
  });

  test.each(['bare.virtual.consul', 'http.db.virtual.consul'])(
    '%s has none: NOERROR and nothing else (C087)',
    (name) => {
      expect(ask(`${name} A`, { world })).toMatchObject({ rcode: 0, answer: [], authority: [], additional: [] });
    },
  );

  test('are NXDOMAIN for an unknown service (D22)', () => {
    expect(outcomeOf('nope.virtual.consul A', { world })).toEqual({ kind: 'no-such-name' });
  });
});
