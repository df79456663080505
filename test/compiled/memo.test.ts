import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerPolicy } from '../../src/answer/policy.js';
import type { Instance, Node } from '../../src/catalog/model.js';
import type { Client } from '../../src/responder/respond.js';
import { EdnsOption, RecordType } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { encodeMessage, type Message } from '../../src/wire/message.js';
import { check, EMPTY_WORLD, instance, node, queryFor, type World } from '../answer/world.js';
import { startFakeRecursor } from '../support/fake-recursor.js';
import { type Answering, FRIEND, STRANGER, startAnswering } from './answering.js';

const addresses = [
  '10.0.0.1',
  '10.0.0.2',
  '10.0.0.3',
  '2001:db8::1',
  '2001:db8::2',
  'db.example.net',
  'Host.Example.NET',
];

const nodes: fc.Arbitrary<readonly Node[]> = fc.uniqueArray(
  fc
    .record({
      name: fc.constantFrom('n1', 'N2', 'n3', 'Web-1', 'n.4', 'has space'),
      address: fc.constantFrom(...addresses.slice(0, 6)),
      meta: fc.constantFrom({}, { rack: 'a7' }, { 'rfc1035-x': 'y', long: 'z'.repeat(300) }),
    })
    .map(({ name, address, meta }) => node(name, address, { meta })),
  { minLength: 1, maxLength: 6, selector: ({ name }) => name },
);

function instances(on: readonly Node[]): fc.Arbitrary<readonly Instance[]> {
  const one = fc
    .record({
      service: fc.constantFrom('web', 'db', 'api', 'consul'),
      on: fc.constantFrom(...on),
      address: fc.constantFrom('', '', ...addresses),
      port: fc.constantFrom(80, 8080),
      tags: fc.constantFrom([], ['v1'], ['v1', 'V2']),
      status: fc.constantFrom('passing', 'passing', 'passing', 'warning', 'critical'),
      id: fc.nat({ max: 40 }),
    })
    .map(({ service, on: place, address, port, tags, status, id }) =>
      instance(service, place, { id: `${service}-${id}`, address, port, tags, checks: [check(status)] }),
    );
  return fc.array(one, { maxLength: 40 });
}

const world: fc.Arbitrary<World> = nodes.chain((on) =>
  instances(on).map((all) => ({
    ...EMPTY_WORLD,
    nodes: on,
    instances: all,
    connect: { web: all.filter(({ service }) => service === 'web') },
    queries: { q: { service: 'web', instances: all.slice(0, 5), ttlSeconds: 3, datacenter: 'dc1' } },
    owners: { '10.0.0.1': [{ kind: 'node' as const, name: 'n1', datacenter: 'dc1' }] },
  })),
);

const policy: fc.Arbitrary<Partial<AnswerPolicy>> = fc.record({
  onlyPassing: fc.boolean(),
  nodeTtlSeconds: fc.constantFrom(0, 30),
  serviceTtlSeconds: fc.constantFrom(new Map(), new Map([['web', 10]]), new Map([['*', 5]])),
  aRecordLimit: fc.constantFrom(0, 0, 1, 3),
  udpAnswerLimit: fc.constantFrom(0, 0, 1, 3),
  enableTruncate: fc.boolean(),
  disableCompression: fc.constantFrom(false, false, true),
  additionalNodeMetaTxt: fc.boolean(),
  serviceMetaTxt: fc.boolean(),
  advertise: fc.constantFrom([], ['192.0.2.53', '2001:db8::53']),
  udpPayloadMaxBytes: fc.constantFrom(1232, 4096),
});

const qname = fc
  .constantFrom(
    'web.service.consul',
    'v1.web.service.consul',
    '_web._tcp.service.consul',
    '_web._tcp.consul',
    'db.service.dc1.consul',
    'api.service.consul',
    'web.service.alt.example',
    'web.service.dc9.consul',
    'nope.service.consul',
    'web.connect.consul',
    'web.virtual.consul',
    'web-1.node.consul',
    'n1.node.dc1.consul',
    'n.4.node.consul',
    '0a000001.addr.consul',
    'q.query.consul',
    'service.consul',
    'dc9.consul',
    'consul',
    'ns.consul',
    '1.0.0.10.in-addr.arpa',
    'www.example.net',
  )
  .chain((name) =>
    fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((flags) => ({ name, flags })),
  )
  .chain(({ name, flags }) =>
    fc.constantFrom(name, name, [...name].map((letter, at) => (flags[at] ? letter.toUpperCase() : letter)).join('')),
  );

const edns: fc.Arbitrary<Edns | undefined> = fc.option(
  fc.record({
    udpPayloadBytes: fc.constantFrom(0, 512, 600, 1232, 4096),
    version: fc.constantFrom(0, 0, 0, 0, 1),
    dnssecOk: fc.boolean(),
    options: fc.constantFrom(
      [],
      [],
      [{ code: EdnsOption.COOKIE, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
      [{ code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 24, 0, 192, 0, 2) }],
    ),
  }),
  { nil: undefined },
);

const query: fc.Arbitrary<Message> = fc
  .record({
    name: qname,
    type: fc.constantFrom(
      ...(['A', 'A', 'AAAA', 'SRV', 'SRV', 'ANY', 'TXT', 'NS', 'SOA', 'PTR', 'MX', 'AXFR'] as const),
    ),
    class: fc.constantFrom(1, 1, 1, 1, 255, 3),
    id: fc.nat({ max: 0xffff }),
    recursionDesired: fc.boolean(),
    checkingDisabled: fc.boolean(),
    authenticData: fc.boolean(),
    edns,
  })
  .map(({ name, type, class: qclass, edns: opt, ...header }) => ({
    ...queryFor({ name: `${name}.`, type: RecordType[type], class: qclass }, opt),
    ...header,
  }));

const client: fc.Arbitrary<Client> = fc
  .record({ who: fc.constantFrom(FRIEND, STRANGER), transport: fc.constantFrom('udp', 'udp', 'tcp') })
  .map(({ who, transport }) => ({ ...who, transport }));

type Step =
  | { readonly kind: 'ask'; readonly query: Message; readonly client: Client; readonly times: number }
  | { readonly kind: 'change'; readonly world: World }
  | { readonly kind: 'outage' }
  | { readonly kind: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('ask'), query, client, times: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('change'), world }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'outage' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.constantFrom(3, 400, 1_000, 15_000) }) },
);

/** Decides about all places of a shuffle but the first; for both responders the same, so any number will do. */
const DRAW = 0.3;

/** Asks both responders; what the compiling one says has to be one of the shuffles that the other one makes. */
async function askBoth(answering: Answering, packet: Uint8Array, from: Client): Promise<{ readonly isHit: boolean }> {
  const { compiling, plain, catalog, clock } = answering;
  const before = catalog.reads;
  const reply = await compiling.respond(packet, from);
  const readByCompiling = catalog.reads - before;
  const { drawn } = await plain(packet, from, []);
  const readByPlain = catalog.reads - before - readByCompiling;
  const orders = Array.from({ length: drawn + 1 }, (_, first) => (first + 0.5) / (drawn + 1));
  const possible = await Promise.all(orders.map((first) => plain(packet, from, [first])));
  expect(
    possible.map(({ bytes }) => hex(bytes)),
    `at ${clock.now()}`,
  ).toContain(hex(reply));
  return { isHit: readByCompiling === 0 && readByPlain > 0 };
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

describe('a compiled answer is byte for byte what the ordinary path says for the same shuffle', () => {
  test('whatever the catalog, the settings and the questions', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(world, policy, fc.array(step, { maxLength: 12 }), async (start, settings, steps) => {
        await using answering = startAnswering({ world: start, policy: settings, random: () => DRAW });
        for (const next of steps) {
          switch (next.kind) {
            case 'ask': {
              const packet = encodeMessage(next.query);
              for (let left = next.times; left > 0; left -= 1) {
                if ((await askBoth(answering, packet, next.client)).isHit) hits += 1;
              }
              break;
            }
            case 'change':
              answering.catalog.change(next.world);
              break;
            case 'outage':
              answering.catalog.turnStale(!answering.catalog.isStale);
              break;
            case 'wait':
              await answering.clock.advance(next.ms);
              break;
          }
        }
      }),
      { numRuns: 100 },
    );
    // Otherwise the ordinary path was compared with itself.
    expect(hits).toBeGreaterThan(500);
  });

  test('for names from upstream, with TTLs that run out by the second (D13)', async () => {
    await using recursor = await startFakeRecursor([
      'www.example.net. 300 IN CNAME Web.Example.NET.',
      'web.example.net. 7 IN A 198.51.100.7',
      'nope.example.net. 60 IN TXT "x"',
    ]);
    const { host, port } = recursor;
    await using answering = startAnswering({ recursors: [{ host, port }] });
    const names = ['www.example.net.', 'WwW.example.net.', 'web.example.net.', 'WEB.example.net.', 'weB.eXample.net.'];
    const packets = names.flatMap((name) =>
      [undefined, { udpPayloadBytes: 1232, version: 0, dnssecOk: true, options: [] }].map((opt) =>
        encodeMessage(queryFor({ name, type: RecordType.A, class: 1 }, opt)),
      ),
    );
    for (let round = 0; round < 40; round += 1) {
      for (const packet of packets) {
        for (const from of [FRIEND, STRANGER]) await askBoth(answering, packet, from);
      }
      await answering.clock.advance(370);
    }
    // Once for each record set and set of flags, and again each time that its TTL was over.
    expect(recursor.queries.length).toBeLessThan(20);
    const hits = (await answering.metrics.forwardCacheHits.get()).values[0]?.value ?? 0;
    expect(hits).toBeGreaterThan(300);
  });

  test('for addresses that were not ours and become so (C102, D12)', async () => {
    await using recursor = await startFakeRecursor(['9.9.9.10.in-addr.arpa. 300 IN PTR host.example.net.']);
    const { host, port } = recursor;
    await using answering = startAnswering({ recursors: [{ host, port }] });
    const packet = encodeMessage(queryFor({ name: '9.9.9.10.in-addr.arpa.', type: RecordType.PTR, class: 1 }));
    const askAll = async (): Promise<void> => {
      for (const from of [FRIEND, STRANGER, FRIEND, STRANGER, FRIEND, STRANGER]) await askBoth(answering, packet, from);
    };
    await askAll();
    const owners = { '10.9.9.9': [{ kind: 'node' as const, name: 'n9', datacenter: 'dc1' }] };
    answering.catalog.change({ ...EMPTY_WORLD, owners });
    await askAll();
    answering.catalog.change(EMPTY_WORLD);
    await askAll();
  });
});
