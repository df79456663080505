import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DropReason, inFixedOrder, RowDecoder } from '../../src/catalog/decode.js';
import { secondsOf } from '../../src/catalog/decode-value.js';
import { sameContent } from '../../src/catalog/same-content.js';

function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/catalog/${name}`, import.meta.url), 'utf8'));
}

function createDecoder(): { readonly decoder: RowDecoder; readonly dropped: DropReason[] } {
  const dropped: DropReason[] = [];
  return { decoder: new RowDecoder({ onDropped: (reason) => dropped.push(reason) }), dropped };
}

/** One row of health/service with changes to its parts. */
function row(changes: {
  readonly node?: object | null;
  readonly service?: object | null;
  readonly checks?: unknown;
}): unknown {
  const { node = {}, service = {}, checks = [] } = changes;
  return {
    Node: node && { Node: 'n', Address: '10.0.0.1', Datacenter: 'dc1', ...node },
    Service: service && { ID: 'web', Service: 'web', Port: 80, ...service },
    Checks: checks,
  };
}

test('A5: rows of health/service become instances, by node and ID, with only what DNS can show', () => {
  const { decoder, dropped } = createDecoder();
  expect(inFixedOrder(decoder.instances(fixture('health-service.json')))).toEqual([
    {
      node: { name: 'web-1', address: 'web-1.example.com', datacenter: 'dc1', taggedAddresses: {}, meta: {} },
      id: 'web-9',
      service: 'web',
      kind: 'connect-proxy',
      address: '2001:db8::9',
      port: 9090,
      ports: [
        { name: 'http', port: 9090, isDefault: true },
        { name: 'admin', port: 9091, isDefault: false },
      ],
      tags: [],
      taggedAddresses: {
        lan_ipv6: { address: '2001:db8::9', port: 9090 },
        'consul-virtual': { address: '240.0.0.1', port: 9090 },
      },
      meta: { version: '9' },
      weights: { passing: 1, warning: 1 },
      checks: [],
    },
    {
      node: {
        name: 'web-2',
        address: '10.0.0.2',
        datacenter: 'dc1',
        taggedAddresses: { lan: '10.0.0.2', wan: '192.0.2.2', lan_ipv4: '10.0.0.2' },
        meta: { 'consul-network-segment': '', rack: 'r2' },
      },
      id: 'web',
      service: 'web',
      kind: '',
      address: '',
      port: 8080,
      ports: [],
      tags: ['v1', 'primary'],
      taggedAddresses: {},
      meta: {},
      weights: { passing: 10, warning: 0 },
      checks: [
        { id: 'serfHealth', status: 'passing', serviceId: '', serviceName: '' },
        { id: 'service:web', status: 'passing', serviceId: 'web', serviceName: 'web' },
      ],
    },
  ]);
  expect(dropped).toEqual([]);
});

test('rows are frozen, all the way down', () => {
  const { decoder } = createDecoder();
  const assertFrozen = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    expect(value).toSatisfy(Object.isFrozen);
    for (const part of Object.values(value)) assertFrozen(part);
  };
  assertFrozen(inFixedOrder(decoder.instances(fixture('health-service.json'))));
});

describe('what counts as a change', () => {
  const decode = (changes: Parameters<typeof row>[0]) => createDecoder().decoder.instances([row(changes)]);
  const before = decode({ checks: [{ CheckID: 'c', Status: 'passing', Output: 'one', Notes: '', ModifyIndex: 5 }] });
  const check = { CheckID: 'c', Status: 'passing' };

  test('H010: not a check output, a note or an index', () => {
    const checks = [{ ...check, Output: 'two', Notes: 'new', ModifyIndex: 6, Definition: { Interval: '1s' } }];
    expect(sameContent(before, decode({ service: { ModifyIndex: 9, CreateIndex: 8 }, checks }))).toBe(true);
  });

  test('not the order of checks or of rows', () => {
    const { decoder } = createDecoder();
    const checks = [check, { CheckID: 'a', Status: 'warning' }];
    expect(sameContent(decode({ checks }), decode({ checks: checks.toReversed() }))).toBe(true);
    const rows = [row({ node: { Node: 'a' } }), row({ node: { Node: 'b' } })];
    const read = (from: unknown[]) => inFixedOrder(decoder.instances(from));
    expect(sameContent(read(rows), read(rows.toReversed()))).toBe(true);
  });

  test.each([
    { what: 'weights', changes: { service: { Weights: { Passing: 2, Warning: 1 } } } },
    { what: 'the port', changes: { service: { Port: 81 } } },
    { what: 'the service address', changes: { service: { Address: '10.9.9.9' } } },
    { what: 'a tag', changes: { service: { Tags: ['new'] } } },
    { what: 'service metadata', changes: { service: { Meta: { a: 'b' } } } },
    { what: 'a tagged address', changes: { service: { TaggedAddresses: { lan: { Address: '10.1.1.1', Port: 1 } } } } },
    { what: 'the kind', changes: { service: { Kind: 'connect-proxy' } } },
    { what: 'a named port', changes: { service: { Ports: [{ Name: 'http', Port: 80 }] } } },
    { what: 'the node address', changes: { node: { Address: '10.0.0.2' } } },
    { what: 'a node tagged address', changes: { node: { TaggedAddresses: { wan: '192.0.2.1' } } } },
    { what: 'node metadata', changes: { node: { Meta: { rack: '1' } } } },
    { what: 'a check status', changes: { checks: [{ ...check, Status: 'critical' }] } },
  ])('H011: $what', ({ changes }) => {
    expect(sameContent(before, decode({ checks: [check], ...changes }))).toBe(false);
  });
});

describe('rows that cannot be used are left out and counted, their neighbours stay', () => {
  test.each<{ bad: unknown; reason: DropReason; why: string }>([
    { bad: row({ service: { Port: -1 } }), reason: 'bad-port', why: 'H063: negative port' },
    { bad: row({ service: { Port: 70_000 } }), reason: 'bad-port', why: 'H063: port above 65535' },
    { bad: row({ service: { Port: '80' } }), reason: 'bad-port', why: 'port as a text' },
    { bad: row({ service: { Port: 80.5 } }), reason: 'bad-port', why: 'broken port' },
    { bad: row({ node: null }), reason: 'no-node', why: 'no node' },
    { bad: row({ node: { Node: '' } }), reason: 'no-node', why: 'a node without a name' },
    { bad: row({ service: null }), reason: 'no-service', why: 'no service' },
    { bad: row({ service: { Service: 7 } }), reason: 'no-service', why: 'a service whose name is no text' },
    { bad: row({ checks: 'none' }), reason: 'bad-check', why: 'checks that are no list' },
    { bad: row({ checks: [null] }), reason: 'bad-check', why: 'a check that is no object' },
    { bad: row({ checks: [{ CheckID: 'c' }] }), reason: 'bad-check', why: 'a check without a status' },
    { bad: null, reason: 'no-object', why: 'null' },
    { bad: 'row', reason: 'no-object', why: 'a text' },
    { bad: [], reason: 'no-object', why: 'a list' },
  ])('$why', ({ bad, reason }) => {
    const { decoder, dropped } = createDecoder();
    const instances = decoder.instances([row({ service: { ID: 'before' } }), bad, row({ service: { ID: 'after' } })]);
    expect(instances.map(({ id }) => id)).toEqual(['before', 'after']);
    expect(dropped).toEqual([reason]);
  });

  test('whatever JSON a backend answers, decoding neither throws nor passes on a port out of range', () => {
    const anything = fc.jsonValue();
    const rows = fc.array(
      fc.oneof(
        anything,
        fc.record({ Node: anything, Service: anything, Checks: anything }),
        fc.record({
          Node: fc.record({ Node: fc.string(), Meta: anything, TaggedAddresses: anything }),
          Service: fc.record({
            Service: fc.string(),
            Port: anything,
            Tags: anything,
            TaggedAddresses: anything,
            Ports: anything,
          }),
          Checks: fc.oneof(anything, fc.array(fc.record({ CheckID: anything, Status: anything }))),
        }),
      ),
    );
    fc.assert(
      fc.property(rows, (value) => {
        const { decoder, dropped } = createDecoder();
        const instances = decoder.instances(value);
        expect(instances.length + dropped.length).toBe(value.length);
        for (const { port } of instances) expect(Number.isInteger(port) && port >= 0 && port <= 65_535).toBe(true);
        decoder.nodes(value);
        decoder.nodeChecks(value);
        decoder.serviceAddresses(value);
        decoder.queryResult(value);
        decoder.nodeOf(value);
      }),
    );
  });
});

test('H061: null bodies, lists and maps count as empty', () => {
  const { decoder } = createDecoder();
  expect(decoder.instances(null)).toEqual([]);
  expect(decoder.nodes(null)).toEqual([]);
  expect(decoder.nodeOf(null)).toBeUndefined();
  const service = { Tags: null, Meta: null, TaggedAddresses: null, Weights: null, Ports: null, Port: null };
  expect(
    decoder.instances([row({ node: { Meta: null, TaggedAddresses: null }, service, checks: null })]),
  ).toMatchObject([
    {
      tags: [],
      meta: {},
      taggedAddresses: {},
      ports: [],
      port: 0,
      checks: [],
      node: { meta: {}, taggedAddresses: {} },
    },
  ]);
});

test.each([
  { weights: undefined, expected: { passing: 1, warning: 1 }, why: 'H062: missing' },
  { weights: { Passing: 3, Warning: 0 }, expected: { passing: 3, warning: 0 }, why: 'a warning weight may be 0' },
  { weights: { Passing: 65_536, Warning: 1 }, expected: { passing: 1, warning: 1 }, why: 'no SRV weight' },
  { weights: { Passing: '5', Warning: 1 }, expected: { passing: 1, warning: 1 }, why: 'no number' },
])('weights $weights are $expected ($why)', ({ weights, expected }) => {
  const [instance] = createDecoder().decoder.instances([row({ service: { Weights: weights } })]);
  expect(instance?.weights).toEqual(expected);
});

test('C125: a status stays the free text it is', () => {
  const [instance] = createDecoder().decoder.instances([row({ checks: [{ CheckID: 'c', Status: 'zzz' }] })]);
  expect(instance?.checks).toMatchObject([{ status: 'zzz' }]);
});

test('a map key such as __proto__ is a key like any other', () => {
  const meta: unknown = JSON.parse('{"__proto__": "x", "constructor": "y"}');
  const [instance] = createDecoder().decoder.instances([row({ service: { Meta: meta } })]);
  expect(Object.entries(instance?.meta ?? {})).toEqual([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('equal nodes of many rows are one object, a changed one is another', () => {
  const { decoder } = createDecoder();
  const [one, other] = decoder.instances([row({}), row({ service: { ID: 'web-2' } })]);
  expect(one?.node).toBe(other?.node);
  const [changed] = decoder.instances([row({ node: { Address: '10.0.0.9' } })]);
  expect(changed?.node).not.toBe(one?.node);
  expect(changed?.node.address).toBe('10.0.0.9');
});

test('a prepared query keeps the order of its rows', () => {
  const nodes = ['c', 'a', 'b'].map((name) => row({ node: { Node: name } }));
  const result = createDecoder().decoder.queryResult({
    Service: 'web',
    Nodes: nodes,
    DNS: { TTL: '10s' },
    Datacenter: 'dc2',
  });
  expect(result).toMatchObject({ service: 'web', ttlSeconds: 10, datacenter: 'dc2' });
  expect(result?.instances.map(({ node }) => node.name)).toEqual(['c', 'a', 'b']);
});

test.each([
  { text: '', seconds: undefined, why: 'unset' },
  { text: '0', seconds: 0, why: 'the one number without a unit' },
  { text: '0s', seconds: 0, why: 'explicitly nothing' },
  { text: '10s', seconds: 10, why: 'seconds' },
  { text: '1m30s', seconds: 90, why: 'two units' },
  { text: '1.5h', seconds: 5_400, why: 'a fraction' },
  { text: '1500ms', seconds: 1, why: 'C: sub-second parts are cut off' },
  { text: '100us', seconds: 0, why: 'too small to see' },
  { text: '5', seconds: undefined, why: 'a number without a unit' },
  { text: 'soon', seconds: undefined, why: 'no duration' },
  { text: '-5s', seconds: undefined, why: 'no TTL' },
])('the duration "$text" is $seconds s ($why)', ({ text, seconds }) => {
  expect(secondsOf(text)).toBe(seconds);
});

describe('what rows have in common', () => {
  const check = { CheckID: 'alive', Status: 'passing', ServiceID: '', ServiceName: '' };
  const common = {
    Service: 'web',
    Tags: ['a', 'b'],
    Meta: { v: '1' },
    TaggedAddresses: { lan: { Address: 'x', Port: 1 } },
  };

  test('is one object in all of them', () => {
    const { decoder } = createDecoder();
    const rows = ['web-1', 'web-2'].map((ID) =>
      row({ node: { Node: ID }, service: { ...common, ID }, checks: [check, { ...check, ServiceID: ID }] }),
    );
    const [one, other] = decoder.instances(JSON.parse(JSON.stringify(rows)));
    expect(other?.tags).toBe(one?.tags);
    expect(other?.meta).toBe(one?.meta);
    expect(other?.taggedAddresses).toBe(one?.taggedAddresses);
    expect(other?.checks[0]).toBe(one?.checks[0]);
    expect(other?.checks[1]).toEqual({ id: 'alive', status: 'passing', serviceId: 'web-2', serviceName: '' });
  });

  test('says of each row what it says decoded alone', () => {
    const text = fc.constantFrom('', 'a', 'b');
    const rowOf = fc.record({
      node: fc.record({ Node: fc.constantFrom('n', 'm'), Address: text, Meta: fc.dictionary(text, text) }),
      service: fc.record({
        ID: text,
        Service: fc.constantFrom('web', 'db'),
        Kind: text,
        Address: text,
        Tags: fc.array(text),
        Meta: fc.dictionary(text, text),
        Weights: fc.record({ Passing: fc.nat(2), Warning: fc.nat(2) }),
      }),
      checks: fc.array(fc.record({ CheckID: text, Status: text, ServiceID: text, ServiceName: text })),
    });
    fc.assert(
      fc.property(fc.array(rowOf.map(row)), (rows) => {
        const together = createDecoder().decoder.instances(rows);
        const alone = rows.flatMap((one) => createDecoder().decoder.instances([one]));
        expect(together).toEqual(alone);
      }),
    );
  });

  test('of a node stays one object among tens of thousands', () => {
    const { decoder } = createDecoder();
    const rows = Array.from({ length: 30_000 }, (_unused, at) => ({ Node: `n-${at}`, Address: '10.0.0.1' }));
    const before = decoder.nodes(rows);
    const after = decoder.nodes(rows);
    expect(after.filter((node, at) => node !== before[at])).toEqual([]);
  });
});
