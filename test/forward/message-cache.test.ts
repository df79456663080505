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

  test('repeats it in every section, however the recursor spelled its records', () => {
    const upstream = {
      answer: ['eXAMPLE. 60 A 192.0.2.1'],
      authority: ['example. 60 NS ns.example.'],
      additional: ['EXAMPLE. 60 A 192.0.2.2'],
    };
    const { cache } = cacheWith(replyOf('Example.', upstream));
    for (const name of ['Example.', 'exAMPLE.']) {
      const { answer = [], authority = [], additional = [] } = cache.find('key', name) ?? {};
      expect([...answer, ...authority, ...additional].map((record) => record.name)).toEqual([name, name, name]);
    }
  });

  test('tells when it came, how old it is and when it ends', async () => {
    const { cache, clock } = cacheWith(reply);
    const receivedAtMs = clock.now();
    expect(cache.lifeOf('key')).toEqual({ receivedAtMs, ageSeconds: 0, untilMs: receivedAtMs + 300_000 });
    await clock.advance(7_900);
    cache.find('key', NAME);
    expect(cache.lifeOf('key')).toEqual({ receivedAtMs, ageSeconds: 7, untilMs: receivedAtMs + 300_000 });
    expect(cache.lifeOf('another')).toBeUndefined();
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

describe('whatever is put and read when', () => {
  // Few keys, small TTLs and quarters of seconds, so that ends are met exactly now and then.
  const key = fc.nat(3);
  const step = fc.oneof(
    fc.record({ do: fc.constant('put'), key, ttls: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }) }),
    fc.record({ do: fc.constant('find'), key }),
    fc.record({ do: fc.constant('wait'), ms: fc.nat(16).map((quarters) => quarters * 250) }),
  );
  const steps = fc.array(step, { minLength: 5, maxLength: 40 });
  const nameOf = (index: number): string => `w${index}.example.`;
  const replyWith = (name: string, ttls: readonly number[]): Message =>
    replyOf(name, { answer: ttls.map((ttl) => `${name} ${ttl} IN A 192.0.2.1`) });

  test('what is found has its TTLs counted down, none of them grown or 0, and nothing is lost early', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (actions) => {
        const clock = new TestClock();
        const cache = new MessageCache({ ...LIMITS, maxTtlSeconds: 6 }, clock);
        const stored = new Map<string, { readonly ttls: readonly number[]; readonly atMs: number }>();
        for (const action of actions) {
          if ('ms' in action) {
            await clock.advance(action.ms);
          } else if ('ttls' in action) {
            cache.put(nameOf(action.key), replyWith(nameOf(action.key), action.ttls));
            stored.set(nameOf(action.key), { ttls: action.ttls, atMs: clock.now() });
          } else {
            const { ttls, atMs } = stored.get(nameOf(action.key)) ?? { ttls: [0], atMs: 0 };
            const ageSeconds = Math.floor((clock.now() - atMs) / 1000);
            const isAlive = ageSeconds < Math.min(6, ...ttls);
            const found = ttlsOf(cache.find(nameOf(action.key), nameOf(action.key)));
            expect(found).toEqual(isAlive ? ttls.map((ttl) => ttl - ageSeconds) : []);
          }
        }
      }),
    );
  });

  test('all that is found together is within the bound', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1_500, max: 6_000 }), async (actions, maxBytes) => {
        const clock = new TestClock();
        const cache = new MessageCache({ ...LIMITS, maxBytes }, clock);
        for (const action of actions) {
          if ('ttls' in action) cache.put(nameOf(action.key), replyWith(nameOf(action.key), action.ttls));
          else if ('ms' in action) await clock.advance(action.ms);
          const found = [0, 1, 2, 3].flatMap((index) => cache.find(nameOf(index), nameOf(index)) ?? []);
          const bytes = found.reduce((sum, reply) => sum + messageBytes(reply), 0);
          expect(bytes).toBeLessThanOrEqual(cache.bytes);
          expect(cache.bytes).toBeLessThanOrEqual(maxBytes);
        }
      }),
    );
  });
});

function ttlsOf(message: Message | undefined): readonly number[] {
  if (message === undefined) return [];
  return [...message.answer, ...message.authority, ...message.additional].map(({ ttlSeconds }) => ttlSeconds);
}
