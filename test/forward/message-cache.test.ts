import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageBytes } from '../../src/forward/message-bytes.js';
import { MessageCache, type MessageCacheLimits } from '../../src/forward/message-cache.js';
import { ExtendedError, Rcode } from '../../src/wire/constants.js';
import { encodeExtendedError } from '../../src/wire/extended-error.js';
import type { Message } from '../../src/wire/message.js';
import { rr } from '../support/records.js';
import { TestClock } from '../support/test-clock.js';
import { replyOf } from './replies.js';

const LIMITS: MessageCacheLimits = {
  maxBytes: 1_000_000,
  maxTtlSeconds: 86_400,
  maxNegativeTtlSeconds: 3_600,
  maxStaleMs: 0,
};
const NAME = 'www.example.';
const A = 'www.example. 300 IN A 192.0.2.1';
const SOA = 'example. 900 IN SOA ns.example. root.example. 1 2 3 4 60';

function cacheWith(
  reply: Message,
  limits: Partial<MessageCacheLimits> = {},
): { cache: MessageCache; clock: TestClock } {
  const clock = new TestClock();
  const cache = new MessageCache({ ...LIMITS, ...limits }, clock);
  cache.put('key', reply);
  return { cache, clock };
}

describe('a cached reply', () => {
  const reply = replyOf(NAME, {
    answer: [A, 'www.example. 500 IN A 192.0.2.2'],
    authority: ['example. 400 IN NS ns.example.'],
    additional: ['ns.example. 350 IN A 192.0.2.53'],
  });

  test.each([
    { afterMs: 0, ttls: [300, 500, 400, 350] },
    { afterMs: 999, ttls: [300, 500, 400, 350] },
    { afterMs: 1_000, ttls: [299, 499, 399, 349] },
    { afterMs: 299_999, ttls: [1, 201, 101, 51] },
  ])('has its TTLs counted down to $ttls after $afterMs ms', async ({ afterMs, ttls }) => {
    const { cache, clock } = cacheWith(reply);
    await clock.advance(afterMs);
    expect(ttlsOf(cache.find('key', NAME))).toEqual(ttls);
  });

  test('is gone when its smallest TTL is over', async () => {
    const { cache, clock } = cacheWith(reply);
    await clock.advance(300_000);
    expect(cache.find('key', NAME)).toBeUndefined();
  });

  test('is gone when the clock is set back', async () => {
    const { cache, clock } = cacheWith(reply);
    await clock.advance(-1);
    expect(cache.find('key', NAME)).toBeUndefined();
  });

  test('is the same object within one second and spelling, so that its bytes can be kept', async () => {
    const { cache, clock } = cacheWith(reply);
    await clock.advance(5_000);
    const first = cache.find('key', NAME);
    await clock.advance(900);
    expect(cache.find('key', NAME)).toBe(first);
    await clock.advance(100);
    expect(cache.find('key', NAME)).not.toBe(first);
  });

  test('repeats the spelling of every asker, and changes no other name', () => {
    const answer = ['www.example. 300 IN CNAME Web.Example.', 'Web.Example. 300 IN A 192.0.2.1'];
    const { cache } = cacheWith(replyOf(NAME, { answer }));
    for (const name of ['WWW.example.', 'www.EXAMPLE.', 'www.example.']) {
      const found = cache.find('key', name);
      expect(found?.questions.map((question) => question.name)).toEqual([name]);
      expect(found?.answer.map((record) => record.name)).toEqual([name, 'Web.Example.']);
    }
  });

  test('keeps rcode and flags but AA, and loses the OPT record', () => {
    const edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: true, options: [] };
    const flags = { authenticData: true, checkingDisabled: true, recursionAvailable: true };
    const { cache } = cacheWith(replyOf(NAME, { answer: [A], edns, authoritative: true, ...flags }));
    expect(cache.find('key', NAME)).toMatchObject({ ...flags, authoritative: false, rcode: 0, edns: undefined });
  });

  test('of a type without a name keeps its bytes', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const record = { name: NAME, type: 65_280, class: 1, ttlSeconds: 9, data: { kind: 'opaque', bytes } } as const;
    const { cache } = cacheWith({ ...replyOf(NAME, { type: 65_280 }), answer: [record] });
    expect(cache.find('key', NAME)?.answer).toEqual([record]);
  });

  test('that is negative has the SOA with its negative TTL (RFC 2308 section 5)', async () => {
    const { cache, clock } = cacheWith(replyOf(NAME, { rcode: Rcode.NXDOMAIN, authority: [SOA] }));
    await clock.advance(10_000);
    expect(cache.find('key', NAME)).toMatchObject({
      rcode: Rcode.NXDOMAIN,
      authority: [rr(SOA.replace('900', '50'))],
    });
  });

  test('is replaced by a newer one', async () => {
    const { cache, clock } = cacheWith(reply);
    await clock.advance(10_000);
    cache.put('key', replyOf(NAME, { answer: ['www.example. 60 IN A 192.0.2.9'] }));
    expect(cache.find('key', NAME)?.answer).toEqual([rr('www.example. 60 IN A 192.0.2.9')]);
  });
});

describe('a stale reply (RFC 8767)', () => {
  const limits = { maxStaleMs: 3_600_000 };

  test('is had for as long as the limit says, its TTLs 30 s and the reason with it', async () => {
    const { cache, clock } = cacheWith(replyOf(NAME, { answer: [A] }), limits);
    await clock.advance(300_000 + 3_599_999);
    expect(cache.find('key', NAME)).toBeUndefined();
    expect(cache.findStale('key', 'WWW.example.')).toMatchObject({
      answer: [rr('WWW.example. 30 IN A 192.0.2.1')],
      edns: { options: [encodeExtendedError({ infoCode: ExtendedError.STALE_ANSWER, text: '' })] },
    });
    await clock.advance(1);
    expect(cache.findStale('key', NAME)).toBeUndefined();
  });

  test('is never "no such name"', async () => {
    const { cache, clock } = cacheWith(replyOf(NAME, { rcode: Rcode.NXDOMAIN, authority: [SOA] }), limits);
    await clock.advance(61_000);
    expect(cache.findStale('key', NAME)).toBeUndefined();
  });

  test('is not had without a limit', async () => {
    const { cache, clock } = cacheWith(replyOf(NAME, { answer: [A] }));
    await clock.advance(300_000);
    expect(cache.findStale('key', NAME)).toBeUndefined();
  });
});

test('a reply that may not be kept takes away the one before it', () => {
  const { cache } = cacheWith(replyOf(NAME, { answer: [A] }), { maxStaleMs: 60_000 });
  cache.put('key', replyOf(NAME, { answer: ['www.example. 0 IN A 192.0.2.9'] }));
  expect([cache.find('key', NAME), cache.findStale('key', NAME)]).toEqual([undefined, undefined]);
});

describe('memory', () => {
  test('is bounded; what was read last stays', () => {
    const replies = Array.from({ length: 10 }, (_, index) =>
      replyOf(`w${index}.example`, { answer: [`w${index}.example. 300 IN A 192.0.2.1`] }),
    );
    const each = messageBytes(replies[0] ?? replyOf(NAME)) + 'w0.example.'.length;
    const cache = new MessageCache({ ...LIMITS, maxBytes: 5 * each }, new TestClock());
    for (const [index, reply] of replies.entries()) {
      cache.put(`w${index}.example.`, reply);
      cache.find('w0.example.', 'w0.example.');
    }
    const kept = replies.map((_, index) => cache.find(`w${index}.example.`, `w${index}.example.`) !== undefined);
    expect(kept).toEqual([true, false, false, false, false, false, true, true, true, true]);
    expect([cache.entries, cache.bytes]).toEqual([5, 5 * each]);
  });

  test('of 0 bytes keeps nothing', () => {
    const { cache } = cacheWith(replyOf(NAME, { answer: [A] }), { maxBytes: 0 });
    expect([cache.find('key', NAME), cache.entries, cache.bytes]).toEqual([undefined, 0, 0]);
  });
});

test('whatever is put and read when, no TTL grows, reaches 0 or outlives its record, and memory is bounded', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('put'), key: fc.nat(5), ttls: fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }) }),
    fc.record({ do: fc.constant('find'), key: fc.nat(5) }),
    fc.record({ do: fc.constant('wait'), ms: fc.nat(15_000) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 8_000 }), async (steps, maxBytes) => {
      const clock = new TestClock();
      const cache = new MessageCache({ ...LIMITS, maxBytes, maxTtlSeconds: 25 }, clock);
      const stored = new Map<string, { ttls: readonly number[]; atMs: number }>();
      let nowMs = 0;
      for (const action of steps) {
        if ('ms' in action) {
          nowMs += action.ms;
          await clock.advance(action.ms);
          continue;
        }
        const name = `w${action.key}.example.`;
        if ('ttls' in action) {
          cache.put(name, replyOf(name, { answer: action.ttls.map((ttl) => `${name} ${ttl} IN A 192.0.2.1`) }));
          stored.delete(name);
          if (!action.ttls.includes(0)) stored.set(name, { ttls: action.ttls, atMs: nowMs });
          expect(cache.bytes).toBeLessThanOrEqual(Math.max(maxBytes, 1));
          continue;
        }
        const found = cache.find(name, name);
        const source = stored.get(name);
        if (found === undefined || source === undefined) {
          expect(found).toBeUndefined();
          continue;
        }
        const ageSeconds = Math.floor((nowMs - source.atMs) / 1000);
        expect(ageSeconds).toBeLessThan(Math.min(25, ...source.ttls));
        expect(ttlsOf(found)).toEqual(source.ttls.map((ttl) => ttl - ageSeconds));
        expect(Math.min(...ttlsOf(found))).toBeGreaterThan(0);
      }
    }),
    { numRuns: 60 },
  );
});

function ttlsOf(message: Message | undefined): readonly number[] {
  if (message === undefined) return [];
  return [...message.answer, ...message.authority, ...message.additional].map(({ ttlSeconds }) => ttlSeconds);
}
