import { expect, test } from 'vitest';
import { serviceTtlSeconds } from '../../src/answer/ttl.js';
import { CONSUL_POLICY } from './world.js';

const entries = new Map([
  ['we*', 6],
  ['web*', 7],
  ['*', 5],
  ['webx', 30],
  ['db', 1],
  ['zero', 0],
]);

test.each([
  { service: 'web', ttl: 7, why: 'a prefix may be the whole name' },
  { service: 'webx', ttl: 30, why: 'exact before prefix' },
  { service: 'weby', ttl: 7, why: 'the longest prefix' },
  { service: 'wee', ttl: 6, why: 'the next longest' },
  { service: 'redis', ttl: 5, why: '* matches everything' },
  { service: 'db', ttl: 1, why: 'exact' },
  { service: 'zero', ttl: 0, why: 'an exact 0 is an entry' },
  { service: 'WEB', ttl: 7, why: 'any letter case' },
])('$service lives for $ttl s ($why) (C138)', ({ service, ttl }) => {
  expect(serviceTtlSeconds(service, { ...CONSUL_POLICY, serviceTtlSeconds: entries })).toBe(ttl);
});

test('without an entry a service has TTL 0 (C138)', () => {
  expect(serviceTtlSeconds('web', { ...CONSUL_POLICY, serviceTtlSeconds: new Map([['we', 3]]) })).toBe(0);
});
