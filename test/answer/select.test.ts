import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerLimit, healthyOnes, shuffled, taggedOnes } from '../../src/answer/select.js';
import { weightOf } from '../../src/answer/weight.js';
import type { Check } from '../../src/catalog/model.js';
import { CONSUL_POLICY, check, instance, node } from './world.js';

const on = node('n', '10.0.0.1');
const own = { serviceId: 'db-n', serviceName: 'db' };

describe('health (dns-behaviour 8.1)', () => {
  const cases: { checks: Check[]; included: boolean; passingOnly: boolean; why: string }[] = [
    { checks: [], included: true, passingOnly: true, why: 'C130: no checks at all' },
    { checks: [check('passing', own)], included: true, passingOnly: true, why: 'passing' },
    { checks: [check('warning', own)], included: true, passingOnly: false, why: 'C125, C126: warning' },
    { checks: [check('strange', own)], included: true, passingOnly: false, why: 'C125, C126: unknown status' },
    { checks: [check('critical', own)], included: false, passingOnly: false, why: 'C062: critical' },
    {
      checks: [check('critical', { id: 'serfHealth' })],
      included: false,
      passingOnly: false,
      why: 'C127: failed node',
    },
    { checks: [check('critical', { id: '_node_maintenance' })], included: false, passingOnly: false, why: 'C128' },
    {
      checks: [check('critical', { ...own, id: '_service_maintenance:db-n' })],
      included: false,
      passingOnly: false,
      why: 'C128',
    },
    {
      checks: [check('critical', { serviceId: 'other' })],
      included: true,
      passingOnly: true,
      why: 'C129: another service',
    },
  ];

  test.each(cases)('$why', ({ checks, included, passingOnly }) => {
    const instances = [instance('db', on, { checks })];
    expect(healthyOnes(instances, { ...CONSUL_POLICY, onlyPassing: false })).toHaveLength(included ? 1 : 0);
    expect(healthyOnes(instances, { ...CONSUL_POLICY, onlyPassing: true })).toHaveLength(passingOnly ? 1 : 0);
  });
});

describe('SRV weight (dns-behaviour 8.3)', () => {
  const cases: { checks: Check[]; weight: number; why: string }[] = [
    { checks: [], weight: 7, why: 'C131: no checks is passing' },
    { checks: [check('passing', own)], weight: 7, why: 'C131: passing' },
    { checks: [check('warning')], weight: 3, why: 'C131: a check of the node counts' },
    { checks: [check('warning', own), check('critical', own)], weight: 0, why: 'C131: the worst one counts' },
    { checks: [check('warning', { id: '_node_maintenance' })], weight: 0, why: 'C132: maintenance of any status' },
    { checks: [check('passing', { ...own, id: '_service_maintenance:db-n' })], weight: 0, why: 'C132' },
    { checks: [check('strange', { id: '_node_maintenance' })], weight: 0, why: 'C132: or of an unknown one' },
    { checks: [check('strange', own)], weight: 1, why: 'C132: unknown status' },
    { checks: [check('strange', own), check('critical', own)], weight: 1, why: '8.3: unknown before anything else' },
    { checks: [check('critical', { serviceId: 'x', serviceName: 'x' })], weight: 7, why: 'another service' },
  ];

  test.each(cases)('$weight: $why', ({ checks, weight }) => {
    expect(weightOf(instance('db', on, { checks, weights: { passing: 7, warning: 3 } }))).toBe(weight);
  });
});

describe('tags (dns-behaviour 4.3)', () => {
  test.each([
    { tag: undefined, count: 1, why: 'no filter' },
    { tag: 'canary', count: 1, why: 'C047: in any letter case' },
    { tag: 'can', count: 0, why: 'whole tags only' },
    { tag: 'v1.canary', count: 0, why: 'C049: two tags are not one' },
    { tag: 'a.b', count: 1, why: 'C048: a dot within' },
    { tag: '', count: 0, why: 'an empty tag is none' },
  ])('$tag: $count ($why)', ({ tag, count }) => {
    expect(taggedOnes([instance('db', on, { tags: ['v1', 'Canary', 'a.b'] })], tag)).toHaveLength(count);
  });
});

describe('udp_answer_limit (D3)', () => {
  test.each([
    { udpAnswerLimit: 3, isSmallUdp: true, limit: 3, why: 'C142' },
    { udpAnswerLimit: 30, isSmallUdp: true, limit: 30, why: 'not capped at 8' },
    { udpAnswerLimit: 3, isSmallUdp: false, limit: Number.POSITIVE_INFINITY, why: 'C143: no effect elsewhere' },
    { udpAnswerLimit: 0, isSmallUdp: true, limit: Number.POSITIVE_INFINITY, why: '0 means no limit' },
  ])('$udpAnswerLimit gives $limit ($why)', ({ udpAnswerLimit, isSmallUdp, limit }) => {
    expect(answerLimit({ ...CONSUL_POLICY, udpAnswerLimit }, { isSmallUdp })).toBe(limit);
  });
});

describe('shuffling (C133)', () => {
  test('keeps every item', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.infiniteStream(random), (items, numbers) => {
        const mixed = shuffled(items, () => numbers.next().value ?? 0);
        expect([...mixed].sort()).toEqual([...items].sort());
      }),
    );
  });

  test('gives every order equally often', () => {
    // All 24 ways to draw from 4, 3 and 2 items lead to 24 different orders.
    const orders = new Set<string>();
    for (const a of [0, 1, 2, 3]) {
      for (const b of [0, 1, 2]) {
        for (const c of [0, 1]) {
          const draws = [(a + 0.5) / 4, (b + 0.5) / 3, (c + 0.5) / 2];
          orders.add(shuffled('abcd'.split(''), () => draws.shift() ?? 0).join(''));
        }
      }
    }
    expect(orders.size).toBe(24);
  });

  test('lets the first number decide who comes first', () => {
    for (const [at, item] of [...'abcde'].entries()) {
      for (const draw of [at / 5, (at + 0.999) / 5]) {
        const draws = [draw];
        expect(shuffled([...'abcde'], () => draws.shift() ?? Math.random())[0]).toBe(item);
      }
    }
  });

  test('leaves the rows as they were', () => {
    const rows = Object.freeze([1, 2, 3]);
    expect(shuffled(rows, () => 0.9)).not.toEqual(rows);
    expect(rows).toEqual([1, 2, 3]);
  });
});
