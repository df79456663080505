import { describe, expect, test } from 'vitest';
import { messageFor, type ReplyFacts } from '../../src/answer/message.js';
import { type Outcome, rcodeFor, records } from '../../src/answer/outcome.js';
import { EdnsOption, ExtendedError, Rcode } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { decodeExtendedError } from '../../src/wire/extended-error.js';
import {
  ask,
  CONSUL_POLICY,
  EMPTY_WORLD,
  instance,
  NOW_SECONDS,
  node,
  outcomeOf,
  queryFor,
  question,
  rrs,
  SOA,
} from './world.js';

const ZONE = { kind: 'consul', name: 'consul.' } as const;
const FACTS: ReplyFacts = {
  zone: ZONE,
  policy: CONSUL_POLICY,
  nowSeconds: NOW_SECONDS,
  recursionAvailable: false,
  lookupKind: 'service',
  isStale: false,
};
const FAILED: Outcome = { kind: 'failed', reason: 'unreachable', cause: new Error('down') };
const asked = question('Web.service.consul A');

function edns(rest: Partial<Edns> = {}): Edns {
  return { udpPayloadBytes: 4096, version: 0, dnssecOk: false, options: [], ...rest };
}

describe('the header (dns-behaviour 2.3)', () => {
  test.each<{ outcome: Outcome; rcode: keyof typeof Rcode; negative: boolean }>([
    { outcome: records({}), rcode: 'NOERROR', negative: false },
    { outcome: { kind: 'no-data' }, rcode: 'NOERROR', negative: true },
    { outcome: { kind: 'no-such-name' }, rcode: 'NXDOMAIN', negative: true },
    { outcome: { kind: 'not-implemented' }, rcode: 'NOTIMP', negative: false },
    { outcome: { kind: 'malformed' }, rcode: 'FORMERR', negative: false },
    { outcome: { kind: 'bad-version' }, rcode: 'BADVERS', negative: false },
    { outcome: FAILED, rcode: 'SERVFAIL', negative: false },
  ])('$outcome.kind is $rcode with AA (C012, C016, C173)', ({ outcome, rcode, negative }) => {
    expect(rcodeFor(outcome)).toBe(Rcode[rcode]);
    const reply = messageFor(queryFor(asked), outcome, FACTS);
    expect(reply).toMatchObject({ rcode: Rcode[rcode], authoritative: true, authority: negative ? [SOA] : [] });
  });

  test('ID, RD, CD and question are copied, AD and TC are not (C011, C014)', () => {
    const query = { ...queryFor(asked), checkingDisabled: true, authenticData: true, truncated: true };
    expect(messageFor(query, records({}), FACTS)).toMatchObject({
      id: 0x1a2b,
      isResponse: true,
      recursionDesired: true,
      checkingDisabled: true,
      authenticData: false,
      truncated: false,
      questions: [asked],
    });
    expect(messageFor({ ...query, recursionDesired: false }, records({}), FACTS).recursionDesired).toBe(false);
  });

  test('RA says whether there is recursion, but never on REFUSED (C013, C023)', () => {
    const facts = { ...FACTS, recursionAvailable: true };
    expect(messageFor(queryFor(asked), FAILED, facts).recursionAvailable).toBe(true);
    expect(messageFor(queryFor(asked), { kind: 'refused' }, { ...facts, zone: undefined })).toMatchObject({
      rcode: Rcode.REFUSED,
      recursionAvailable: false,
      authoritative: false,
      authority: [],
    });
  });
});

describe('EDNS (D5)', () => {
  const optionsOf = (outcome: Outcome, options: Edns['options'], facts: Partial<ReplyFacts> = {}) =>
    messageFor(queryFor(asked, edns({ options })), outcome, { ...FACTS, ...facts }).edns?.options;

  test('is in a reply exactly when it was in the query, with our own size and DO copied', () => {
    expect(messageFor(queryFor(asked), records({}), FACTS).edns).toBeUndefined();
    for (const outcome of [records({}), FAILED, { kind: 'refused' }, { kind: 'bad-version' }] as const) {
      const reply = messageFor(queryFor(asked, edns({ dnssecOk: true, version: 3 })), outcome, FACTS);
      expect(reply.edns).toMatchObject({ udpPayloadBytes: 1232, version: 0, dnssecOk: true });
    }
  });

  test('cookies, NSID and padding are not echoed (C156)', () => {
    const codes = [EdnsOption.COOKIE, EdnsOption.NSID, EdnsOption.PADDING, 65_001];
    expect(
      optionsOf(
        records({}),
        codes.map((code) => ({ code, data: new Uint8Array(8) })),
      ),
    ).toEqual([]);
  });

  const subnet = (scope: number) => ({
    code: EdnsOption.CLIENT_SUBNET,
    data: Uint8Array.of(0, 1, 24, scope, 203, 0, 113),
  });

  test.each<{ outcome: Outcome; lookupKind: ReplyFacts['lookupKind']; scope: number; why: string }>([
    { outcome: records({}), lookupKind: 'prepared-query', scope: 24, why: 'made for the subnet' },
    { outcome: { kind: 'no-data' }, lookupKind: 'prepared-query', scope: 24, why: 'NOERROR too' },
    { outcome: { kind: 'no-such-name' }, lookupKind: 'prepared-query', scope: 0, why: 'true for everybody' },
    { outcome: records({}), lookupKind: 'service', scope: 0, why: 'true for everybody' },
    { outcome: { kind: 'refused' }, lookupKind: undefined, scope: 0, why: 'true for everybody' },
  ])('ECS of $lookupKind, $outcome.kind has scope $scope ($why) (C157)', ({ outcome, lookupKind, scope }) => {
    const sent = subnet(9);
    expect(optionsOf(outcome, [sent], { lookupKind })).toEqual([subnet(scope)]);
    expect(sent).toEqual(subnet(9));
  });

  test('a malformed ECS is not echoed', () => {
    expect(optionsOf({ kind: 'malformed' }, [subnet(0)])).toEqual([]);
    expect(optionsOf(records({}), [{ code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1) }])).toEqual([]);
  });

  test.each<{ outcome: Outcome; isStale: boolean; codes: number[] }>([
    { outcome: records({}), isStale: false, codes: [] },
    { outcome: { kind: 'no-data' }, isStale: false, codes: [] },
    { outcome: { kind: 'no-such-name' }, isStale: false, codes: [] },
    { outcome: records({}), isStale: true, codes: [ExtendedError.STALE_ANSWER] },
    { outcome: { kind: 'no-data' }, isStale: true, codes: [ExtendedError.STALE_ANSWER] },
    { outcome: FAILED, isStale: true, codes: [ExtendedError.NO_REACHABLE_AUTHORITY] },
    { outcome: { ...FAILED, reason: 'error' }, isStale: false, codes: [ExtendedError.NETWORK_ERROR] },
    { outcome: { ...FAILED, reason: 'internal' }, isStale: false, codes: [] },
  ])('$outcome.kind, stale $isStale: extended errors $codes (RFC 8914)', ({ outcome, isStale, codes }) => {
    const errors = optionsOf(outcome, [], { isStale })?.map(({ data }) => decodeExtendedError(data));
    expect(errors?.map((error) => error?.infoCode)).toEqual(codes);
    for (const error of errors ?? []) expect(error?.text).toMatch(/^[a-z ]{3,40}$/);
  });
});

describe('stale answers (D20)', () => {
  const world = { ...EMPTY_WORLD, instances: [instance('web', node('n', '10.0.0.1'))] };

  test('live for 30 s at most', () => {
    const policy = { serviceTtlSeconds: new Map([['web', 600]]) };
    const [kept, capped] = [false, true].map((isStale) => ask('web.service.consul SRV', { world, policy, isStale }));
    expect(kept?.additional).toEqual(rrs('n.node.dc1.consul. 600 A 10.0.0.1'));
    expect(capped?.answer).toEqual(rrs('web.service.consul. 30 SRV 1 1 8080 n.node.dc1.consul.'));
    expect(capped?.additional).toEqual(rrs('n.node.dc1.consul. 30 A 10.0.0.1'));
    const short = { serviceTtlSeconds: new Map([['web', 7]]) };
    expect(ask('web.service.consul A', { world, policy: short, isStale: true }).answer[0]?.ttlSeconds).toBe(7);
  });

  test.each(['nope.service.consul A', 'nope.node.consul A', 'web.service.dc9.consul A', 'dc9.consul A'])(
    'never deny that %s exists',
    (text) => {
      expect(outcomeOf(text, { world }).kind).toBe('no-such-name');
      expect(outcomeOf(text, { world, isStale: true })).toMatchObject({ kind: 'failed', reason: 'unreachable' });
    },
  );

  test('may say NODATA', () => {
    expect(outcomeOf('web.service.consul AAAA', { world, isStale: true })).toEqual({ kind: 'no-data' });
  });
});
