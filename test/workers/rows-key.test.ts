import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CatalogLookup } from '../../src/catalog/source.js';
import { rowsKey } from '../../src/workers/rows-key.js';
import { service } from './versioned-catalog.js';

const locality = { datacenter: undefined, peer: undefined };
const SAME_ROWS: readonly { readonly one: CatalogLookup; readonly other: CatalogLookup; readonly why: string }[] = [
  { one: service('web'), other: service('web', { tag: 'v1' }), why: 'tags pick from the rows' },
  { one: service('web'), other: service('web', { portName: 'http' }), why: 'so do ports' },
  {
    one: { kind: 'virtual', service: 'web', portName: undefined, locality },
    other: { kind: 'virtual', service: 'web', portName: 'http', locality },
    why: 'also those of virtual addresses',
  },
  { one: { kind: 'apex', part: 'zone' }, other: { kind: 'apex', part: 'ns' }, why: 'the servers are the same' },
];

test.each(SAME_ROWS)('lookups share a key: $why', ({ one, other }) => {
  const sourceAddress = '127.0.0.1';
  expect(rowsKey({ lookup: one, sourceAddress })).toBe(rowsKey({ lookup: other, sourceAddress: '192.0.2.1' }));
});

describe('lookups with other rows', () => {
  const name = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', ' ', ',', '"', '\\', '\0') });
  const place = fc.record({
    datacenter: fc.option(name, { nil: undefined }),
    peer: fc.option(name, { nil: undefined }),
  });
  const lookup: fc.Arbitrary<CatalogLookup> = fc.oneof(
    fc
      .record({ name, place, view: fc.constantFrom('service' as const, 'connect' as const, 'ingress' as const) })
      .map(({ name, place, view }) => service(name, { view, locality: place })),
    fc.record({ name, place }).map(({ name, place }) => ({ kind: 'node' as const, node: name, locality: place })),
    fc.record({ name, place }).map(({ name, place }) => ({
      kind: 'virtual' as const,
      service: name,
      portName: undefined,
      locality: place,
    })),
    fc.record({ query: name, datacenter: fc.option(name, { nil: undefined }) }).map((query) => ({
      kind: 'prepared-query' as const,
      ...query,
    })),
    name.map((address) => ({ kind: 'reverse' as const, address })),
    name.map((datacenter) => ({ kind: 'non-terminal' as const, datacenter })),
    fc.constant({ kind: 'apex' as const, part: 'zone' as const }),
  );

  test('have keys of their own, whatever their names hold', () => {
    fc.assert(
      fc.property(lookup, lookup, (one, other) => {
        const [oneKey, otherKey] = [one, other].map((each) => rowsKey({ lookup: each, sourceAddress: '' }));
        expect(oneKey === otherKey).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 2_000 },
    );
  });

  test('prepared queries are run for somebody', () => {
    const query = { kind: 'prepared-query', query: 'near', datacenter: undefined } as const;
    expect(rowsKey({ lookup: query, sourceAddress: '192.0.2.1' })).not.toBe(
      rowsKey({ lookup: query, sourceAddress: '192.0.2.2' }),
    );
  });
});
