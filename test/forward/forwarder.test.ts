import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { Forwarder, type ForwarderSettings } from '../../src/forward/forwarder.js';
import type { Recursor } from '../../src/forward/recursor.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { EdnsOption, ExtendedError, Rcode } from '../../src/wire/constants.js';
import { encodeExtendedError } from '../../src/wire/extended-error.js';
import { question } from '../support/client.js';
import { answering, failing, gated, silent, startFakeRecursor, truncatedOverUdp } from '../support/fake-recursor.js';
import { rr } from '../support/records.js';
import { TestClock } from '../support/test-clock.js';

const A = 'www.example. 300 IN A 192.0.2.80';
const SOA = 'example. 900 IN SOA ns.example. root.example. 1 2 3 4 60';
const zone = answering([A, SOA]);
const www = question('www.example', 'A', { rd: true });

interface Setup {
  readonly forwarder: Forwarder;
  readonly clock: TestClock;
  readonly metrics: Metrics;
}

function settingsFor(recursors: readonly Recursor[], changes: Partial<ForwarderSettings> = {}): ForwarderSettings {
  return {
    recursors,
    strategy: 'sequential',
    timeoutMs: 5_000,
    deadlineMs: 10_000,
    maxInFlight: 100,
    cache: { maxBytes: 1_000_000, maxTtlSeconds: 86_400, maxNegativeTtlSeconds: 3_600, maxStaleMs: 0 },
    ...changes,
  };
}

function forwarderTo(recursors: readonly Recursor[], changes: Partial<ForwarderSettings> = {}): Setup {
  const clock = new TestClock();
  const metrics = new Metrics();
  const forwarder = new Forwarder(settingsFor(recursors, changes), { clock, metrics, random: Math.random });
  return { forwarder, clock, metrics };
}

function stale(maxStaleMs: number): Partial<ForwarderSettings> {
  return { cache: { ...settingsFor([]).cache, maxStaleMs } };
}

describe('the cache (D13)', () => {
  test('answers a second question at once, TTL counted down, spelled as asked', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor]);
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A)]);
    await clock.advance(7_200);
    // Not awaited: a promise has no answer.
    expect(forwarder.resolve(question('WWW.Example', 'A'))).toMatchObject({
      questions: [{ name: 'WWW.Example.' }],
      answer: [rr('WWW.Example. 293 IN A 192.0.2.80')],
    });
    expect(recursor.count()).toBe(1);
  });

  test('ends with the TTL', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    await clock.advance(300_000);
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A)]);
    expect(recursor.count()).toBe(2);
  });

  test.each([
    { other: question('www.example', 'TXT'), why: 'type' },
    { other: question('www.example', 'A', { class: 3 }), why: 'class' },
    { other: question('example', 'A'), why: 'name' },
    { other: question('www.example', 'A', { cd: true }), why: 'CD' },
    { other: question('www.example', 'A', { edns: { dnssecOk: true } }), why: 'DO' },
    { other: { ...question('www.example', 'A'), authenticData: true }, why: 'AD' },
  ])('keeps questions apart that differ in $why', async ({ other }) => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    await forwarder.resolve(other);
    expect(recursor.count()).toBe(2);
  });

  test.each([
    { other: question('wWw.eXample', 'A'), why: 'spelling' },
    { other: question('www.example', 'A', { rd: false }), why: 'RD' },
    { other: question('www.example', 'A', { edns: true }), why: 'an OPT record' },
    {
      other: question('www.example', 'A', {
        edns: { options: [{ code: EdnsOption.COOKIE, data: new Uint8Array(8) }] },
      }),
      why: 'a cookie',
    },
  ])('takes questions for one that differ in $why', async ({ other }) => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    await forwarder.resolve(other);
    expect(recursor.count()).toBe(1);
  });

  test.each([
    { name: 'nope.example', type: 'A', rcode: Rcode.NXDOMAIN },
    { name: 'www.example', type: 'AAAA', rcode: Rcode.NOERROR },
  ] as const)('keeps the negative answer for $name $type (RFC 2308)', async ({ name, type, rcode }) => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor]);
    expect(await forwarder.resolve(question(name, type))).toMatchObject({ rcode, answer: [], authority: [rr(SOA)] });
    await clock.advance(59_000);
    expect(forwarder.resolve(question(name, type))).toMatchObject({
      rcode,
      authority: [rr(SOA.replace('900', '1'))],
    });
    await clock.advance(1_000);
    await forwarder.resolve(question(name, type));
    expect(recursor.count()).toBe(2);
  });

  test('does not keep answers to questions with Client Subnet, and takes no other answer for theirs', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder } = forwarderTo([recursor]);
    const options = [{ code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 24, 0, 192, 0, 2) }];
    const fromSubnet = question('www.example', 'A', { edns: { options } });
    await forwarder.resolve(fromSubnet);
    await forwarder.resolve(www);
    await forwarder.resolve(fromSubnet);
    expect(recursor.count()).toBe(3);
  });

  test('keeps what came over TCP, so that a client coming back over TCP finds it', async () => {
    await using recursor = await startFakeRecursor(truncatedOverUdp(zone));
    const { forwarder } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    expect(forwarder.resolve(www)).toMatchObject({ answer: [rr(A)] });
    expect([recursor.count('udp'), recursor.count('tcp')]).toEqual([1, 1]);
  });
});

describe('identical questions under way', () => {
  test('share one exchange, each answered in its spelling', async () => {
    const gate = gated(zone);
    await using recursor = await startFakeRecursor(gate.handler);
    const { forwarder } = forwarderTo([recursor]);
    const names = ['www.example.', 'WWW.example.', 'www.EXAMPLE.'];
    const replies = names.map((name) => forwarder.resolve(question(name, 'A')));
    await vi.waitFor(() => expect(recursor.count()).toBe(1));
    gate.open();
    expect((await Promise.all(replies)).map((reply) => reply.questions[0]?.name)).toEqual(names);
    expect([recursor.count(), forwarder.stats().inFlight]).toEqual([1, 0]);
  });

  test('go on when one who asked is gone', async () => {
    const gate = gated(zone);
    await using recursor = await startFakeRecursor(gate.handler);
    const { forwarder } = forwarderTo([recursor]);
    const gone = new AbortController();
    const first = forwarder.resolve(www, { signal: gone.signal });
    const second = forwarder.resolve(www);
    gone.abort(new Error('client is gone'));
    await expect(first).rejects.toThrow('client is gone');
    gate.open();
    expect((await second).answer).toEqual([rr(A)]);
    expect(recursor.count()).toBe(1);
  });

  test('are bounded in number; more are refused at once', async () => {
    await using recursor = await startFakeRecursor(silent);
    const { forwarder } = forwarderTo([recursor], { maxInFlight: 2 });
    const under = ['a', 'b', 'a'].map((name) => forwarder.resolve(question(name, 'A')));
    await expect(forwarder.resolve(question('c', 'A'))).rejects.toMatchObject({ code: 'overloaded' });
    expect(forwarder.stats().inFlight).toBe(2);
    await forwarder.close();
    expect((await Promise.allSettled(under)).map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
  });
});

describe('when no recursor answers', () => {
  test('the deadline ends the asking, whoever is left', async () => {
    await using first = await startFakeRecursor(silent);
    await using second = await startFakeRecursor(silent);
    const { forwarder } = forwarderTo([first, second], { timeoutMs: 60_000, deadlineMs: 100 });
    await expect(forwarder.resolve(www)).rejects.toMatchObject({
      code: 'timeout',
      message: 'Cannot get an answer within 100 ms',
    });
    expect([first.count(), second.count()]).toEqual([1, 0]);
  });

  test('the same question fails at once for 5 s (RFC 9520)', async () => {
    await using recursor = await startFakeRecursor(failing(Rcode.SERVFAIL));
    const { forwarder, clock } = forwarderTo([recursor]);
    for (const afterMs of [0, 4_999]) {
      await clock.advance(afterMs);
      await expect(forwarder.resolve(www)).rejects.toMatchObject({ code: 'bad-rcode' });
      expect(recursor.count()).toBe(1);
    }
    recursor.handler = zone;
    await clock.advance(1);
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A)]);
  });

  test('there may be none to ask', async () => {
    const { forwarder } = forwarderTo([]);
    expect(forwarder.available).toBe(false);
    await expect(forwarder.resolve(www)).rejects.toMatchObject({ code: 'no-recursors' });
  });

  test('an expired answer is given for a while, if wanted (RFC 8767)', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor], stale(3_600_000));
    await forwarder.resolve(www);
    recursor.handler = failing(Rcode.SERVFAIL);
    await clock.advance(301_000);
    const expected = {
      rcode: Rcode.NOERROR,
      answer: [rr('Www.example. 30 IN A 192.0.2.80')],
      edns: { options: [encodeExtendedError({ infoCode: ExtendedError.STALE_ANSWER, text: '' })] },
    };
    expect(await forwarder.resolve(question('Www.example', 'A'))).toMatchObject(expected);
    expect(await forwarder.resolve(question('Www.example', 'A'))).toMatchObject(expected);
    expect(recursor.count()).toBe(2);

    recursor.handler = zone;
    await clock.advance(5_000);
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A)]);
    recursor.handler = failing(Rcode.SERVFAIL);
    await clock.advance(300_000 + 3_600_000);
    await expect(forwarder.resolve(www)).rejects.toMatchObject({ code: 'bad-rcode' });
  });

  test('an expired answer is given after 1.8 s, and the new one when it has come (RFC 8767)', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor], stale(3_600_000));
    await forwarder.resolve(www);
    await clock.advance(301_000);
    const gate = gated(zone);
    recursor.handler = gate.handler;
    let settled = false;
    const waiting = Promise.resolve(forwarder.resolve(www)).finally(() => {
      settled = true;
    });
    await clock.advance(1_799);
    expect(settled).toBe(false);
    await clock.advance(1);
    expect((await waiting).answer).toEqual([rr(A.replace('300', '30'))]);
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A.replace('300', '30'))]);

    gate.open();
    await vi.waitFor(() => expect(forwarder.stats().inFlight).toBe(0));
    expect(forwarder.resolve(www)).toMatchObject({ answer: [rr(A)] });
    expect([recursor.count(), clock.sleeping]).toEqual([2, 0]);
  });

  test('an expired answer is given when too many questions are under way', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor], { ...stale(3_600_000), maxInFlight: 1 });
    await forwarder.resolve(www);
    await clock.advance(301_000);
    recursor.handler = silent;
    const underWay = forwarder.resolve(question('other.example', 'A'));
    expect((await forwarder.resolve(www)).answer).toEqual([rr(A.replace('300', '30'))]);
    await forwarder.close();
    await expect(underWay).rejects.toMatchObject({ code: 'closed' });
  });

  test('an expired answer is given to those who wait when the forwarder closes', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor], stale(3_600_000));
    await forwarder.resolve(www);
    await clock.advance(301_000);
    recursor.handler = silent;
    const waiting = forwarder.resolve(www);
    await clock.advance(0);
    await forwarder.close();
    expect((await waiting).answer).toEqual([rr(A.replace('300', '30'))]);
    expect(clock.sleeping).toBe(0);
  });

  test('an expired answer is not given by default', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder, clock } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    recursor.handler = failing(Rcode.SERVFAIL);
    await clock.advance(301_000);
    await expect(forwarder.resolve(www)).rejects.toMatchObject({ code: 'bad-rcode' });
  });
});

describe('new settings', () => {
  test('send the next question to the new recursors, what the old ones said being forgotten', async () => {
    await using before = await startFakeRecursor(zone);
    await using after = await startFakeRecursor(answering(['www.example. 300 IN A 198.51.100.80']));
    const { forwarder } = forwarderTo([before]);
    await forwarder.resolve(www);
    forwarder.update(settingsFor([after]));
    expect((await forwarder.resolve(www)).answer).toEqual([rr('www.example. 300 IN A 198.51.100.80')]);
    expect(forwarder.stats().recursors.map(({ recursor }) => recursor)).toEqual([after.address]);
  });

  test('do not let an answer in that was under way from the old recursors', async () => {
    const gate = gated(zone);
    await using before = await startFakeRecursor(gate.handler);
    await using after = await startFakeRecursor(answering(['www.example. 300 IN A 198.51.100.80']));
    const { forwarder } = forwarderTo([before]);
    const underWay = forwarder.resolve(www);
    forwarder.update(settingsFor([after]));
    gate.open();
    expect((await underWay).answer).toEqual([rr(A)]);
    expect((await forwarder.resolve(www)).answer).toEqual([rr('www.example. 300 IN A 198.51.100.80')]);
  });

  test('that leave the recursors alone leave the cache alone, and lift failures', async () => {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder } = forwarderTo([recursor]);
    await forwarder.resolve(www);
    recursor.handler = failing(Rcode.SERVFAIL);
    await expect(forwarder.resolve(question('other.example', 'A'))).rejects.toMatchObject({ code: 'bad-rcode' });
    recursor.handler = zone;
    forwarder.update(settingsFor([recursor], { timeoutMs: 100, strategy: 'random' }));
    expect(forwarder.resolve(www)).toMatchObject({ answer: [rr(A)] });
    expect(await forwarder.resolve(question('other.example', 'A'))).toMatchObject({ rcode: Rcode.NXDOMAIN });
  });
});

describe('closing', () => {
  test('ends what is under way, and nothing is asked any more', async () => {
    await using recursor = await startFakeRecursor(silent);
    const { forwarder } = forwarderTo([recursor], stale(60_000));
    const underWay = Promise.allSettled([forwarder.resolve(www)]);
    await vi.waitFor(() => expect(recursor.count()).toBe(1));
    await Promise.all([forwarder.close(), forwarder.close()]);
    expect(await underWay).toMatchObject([{ status: 'rejected', reason: { code: 'closed' } }]);
    await expect(forwarder.resolve(www)).rejects.toMatchObject({ code: 'closed' });
    expect([recursor.count(), forwarder.stats().inFlight]).toEqual([1, 0]);
  });
});

test('an answered question leaves neither a deadline nor a listener behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await using recursor = await startFakeRecursor(zone);
    const { forwarder } = forwarderTo([recursor]);
    const { signal } = new AbortController();
    await forwarder.resolve(www, { signal });
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

test('metrics count cache hits and entries', async () => {
  await using recursor = await startFakeRecursor(zone);
  const { forwarder, metrics } = forwarderTo([recursor]);
  for (let round = 0; round < 4; round += 1) await forwarder.resolve(www);
  expect((await metrics.forwardCacheHits.get()).values).toMatchObject([{ value: 3 }]);
  expect((await metrics.cacheEntries.get()).values).toMatchObject([{ labels: { cache: 'forward' }, value: 1 }]);
});
