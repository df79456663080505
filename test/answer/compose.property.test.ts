/** Whatever the catalog holds: composing does not throw, and what comes out can be sent. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerPolicy } from '../../src/answer/policy.js';
import type { Instance, Node } from '../../src/catalog/model.js';
import { RecordType } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { lowerName } from '../../src/wire/name.js';
import { fitMessage } from '../../src/wire/truncate.js';
import { ask, check, EMPTY_WORLD, outcomeOf } from './world.js';

const text = fc.oneof(
  fc.constantFrom('', '.', '..', 'a..b', 'web', 'Web', 'a.b', '\\', 'a\\.b', 'a\\', '\\300', 'x'.repeat(64)),
  fc.constantFrom(`${'y'.repeat(60)}.`.repeat(5), 'é', '\u0000', '\ud800', '"', ' ', '*', '_tcp', '__proto__'),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '',
    'db.service.consul',
    'DB.service.consul.',
    'host.example',
    '::ffff:10.0.0.1',
    '10.0.0.1:80',
    'fe80::1%eth0',
  ),
  text,
);
const port = fc.integer({ min: 0, max: 65_535 });
const tags = fc.constantFrom('lan', 'wan', 'lan_ipv4', 'lan_ipv6', 'wan_ipv4', 'wan_ipv6', 'consul-virtual');

const anyMeta = fc.dictionary(fc.oneof(fc.constantFrom('rfc1035-a', 'rfc1035-b'), text), text, { maxKeys: 3 });

const anyNode: fc.Arbitrary<Node> = fc.record({
  name: text,
  address,
  datacenter: fc.constantFrom('dc1', 'dc2'),
  taggedAddresses: fc.dictionary(tags, address, { maxKeys: 4 }),
  meta: anyMeta,
});

const anyInstance: fc.Arbitrary<Instance> = fc.record({
  node: anyNode,
  id: text,
  service: fc.constantFrom('db', 'consul'),
  kind: fc.constant(''),
  address,
  port,
  ports: fc.array(fc.record({ name: fc.constantFrom('http', 'Grpc', ''), port, isDefault: fc.boolean() }), {
    maxLength: 2,
  }),
  tags: fc.array(fc.constantFrom('a', 'B', ''), { maxLength: 2 }),
  taggedAddresses: fc.dictionary(tags, fc.record({ address, port }), { maxKeys: 4 }),
  meta: anyMeta,
  weights: fc.record({ passing: port, warning: port }),
  checks: fc.array(fc.constantFrom(check('passing'), check('warning'), check('critical'), check('odd')), {
    maxLength: 2,
  }),
});

const anyPolicy: fc.Arbitrary<Partial<AnswerPolicy>> = fc.record({
  onlyPassing: fc.boolean(),
  aRecordLimit: fc.integer({ min: 0, max: 3 }),
  udpAnswerLimit: fc.integer({ min: 0, max: 3 }),
  additionalNodeMetaTxt: fc.boolean(),
  serviceMetaTxt: fc.boolean(),
  translateWanAddresses: fc.boolean(),
  advertise: fc.array(address, { maxLength: 2 }),
});

const anyWorld = fc.array(anyInstance, { maxLength: 8 }).map((instances) => ({
  ...EMPTY_WORLD,
  datacenters: ['dc1', 'dc2'],
  instances,
  nodes: instances.map(({ node }) => ({ ...node, name: 'n' })),
  connect: { db: instances },
  ingress: { db: instances },
  queries: { q: { service: 'db', instances, ttlSeconds: undefined, datacenter: 'dc2' } },
  owners: {
    '10.0.0.1': instances.map(({ node }, index) => {
      return { kind: index % 2 === 0 ? 'node' : 'service', name: node.name, datacenter: 'dc1' } as const;
    }),
  },
}));

/** One name of each kind; none asks for the zone's own records, whose owner is the zone. */
const name = fc.constantFrom(
  ...['Db.Service.Consul', 'a.db.service.dc2.consul', '_db._tcp.service.consul', 'db.service.http.port.consul'],
  ...['db.service.p1.peer.consul', 'db.connect.consul', 'db.ingress.dc2.consul', 'q.query.consul', 'N.node.consul'],
  ...['n.node.dc2.consul', 'db.virtual.consul', '0a000001.ADDR.consul', '1.0.0.10.in-addr.arpa', 'ns.consul'],
);
const type = fc.constantFrom('A', 'AAAA', 'SRV', 'ANY', 'TXT', 'MX', 'CNAME', 'PTR', 'DS');
const context = fc.record({
  isSmallUdp: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map((value) => () => value),
});
const anyQuestion = fc.tuple(
  fc.tuple(name, type).map((parts) => parts.join(' ')),
  anyWorld,
  anyPolicy,
  context,
);

describe('for any catalog', () => {
  test('an answer stands under the very name that was asked (D25)', () => {
    fc.assert(
      fc.property(anyQuestion, ([asked, world, policy, circumstances]) => {
        const { answer } = ask(asked, { world, policy, context: circumstances });
        const owner = `${asked.split(' ')[0]}.`;
        expect(answer.map((found) => found.name)).toEqual(answer.map(() => owner));
      }),
      { numRuns: 1500 },
    );
  });

  test('a reply can be encoded, what has no wire form left out, and reads back as what was kept (D19)', () => {
    const zoneToo = fc.oneof(
      anyQuestion,
      fc.tuple(fc.constantFrom('consul NS', 'x.consul SOA'), anyWorld, anyPolicy, context),
    );
    fc.assert(
      fc.property(zoneToo, ([asked, world, policy, circumstances]) => {
        const reply = ask(asked, { world, policy, context: circumstances });
        const { bytes, kept } = fitMessage(reply, { limitBytes: 65_535, compress: true, setTruncated: true });
        expect(kept.truncated).toBe(false);
        expect(decodeMessage(bytes).answer).toEqual(kept.answer);
      }),
      { numRuns: 1500 },
    );
  });

  test('nothing is said twice (D18, C134, C137; RFC 2181 section 5)', () => {
    fc.assert(
      fc.property(anyQuestion, ([asked, world, policy, circumstances]) => {
        const reply = ask(asked, { world, policy, context: circumstances });
        for (const section of [reply.answer, reply.additional]) {
          const texts = section.map((found) => JSON.stringify({ ...found, name: lowerName(found.name) }));
          expect(new Set(texts).size).toBe(texts.length);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('limits are kept, and no limit splits a chain (D3)', () => {
    fc.assert(
      fc.property(anyQuestion, ([asked, world, policy, circumstances]) => {
        const limit = policy.udpAnswerLimit || Number.POSITIVE_INFINITY;
        const outcome = outcomeOf(asked, { world, policy, context: circumstances });
        if (outcome.kind !== 'records') return;
        const { answer, chase } = outcome;
        const isExempt = asked.includes('arpa') || asked.startsWith('ns.');
        if (circumstances.isSmallUdp && !isExempt) expect(answer.length).toBeLessThanOrEqual(limit);
        const aliases = answer.filter((found) => found.type === RecordType.CNAME);
        expect(aliases.length).toBeLessThanOrEqual(1);
        // An alias that leads nowhere may only come from a question about the alias itself.
        const isFollowed = asked.endsWith(' CNAME') || chase.some(({ into }) => into === 'answer');
        expect(aliases.length === 0 || isFollowed).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });
});
