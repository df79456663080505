import { describe, expect, test, vi } from 'vitest';
import type { Recursor } from '../../src/forward/recursor.js';
import { type UpstreamSettings, Upstreams } from '../../src/forward/upstreams.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { Rcode } from '../../src/wire/constants.js';
import { encodeExtendedError } from '../../src/wire/extended-error.js';
import type { Message } from '../../src/wire/message.js';
import { question } from '../support/client.js';
import { answering, type FakeHandler, failing, replyTo, silent, startFakeRecursor } from '../support/fake-recursor.js';
import { freePort } from '../support/free-port.js';
import { rr } from '../support/records.js';
import { TestClock } from '../support/test-clock.js';

const A = 'www.example. 300 IN A 192.0.2.80';
const zone = answering([A, 'example. 900 IN SOA ns.example. root.example. 1 2 3 4 60']);
const www = question('www.example', 'A', { rd: true });
const never = new AbortController().signal;

interface Setup {
  readonly ask: (query?: Message) => Promise<Message>;
  readonly upstreams: Upstreams;
  readonly clock: TestClock;
  readonly metrics: Metrics;
}

function upstreamsOf(recursors: readonly Recursor[], changes: Partial<UpstreamSettings> = {}): Setup {
  const clock = new TestClock();
  const metrics = new Metrics();
  const settings: UpstreamSettings = { recursors, strategy: 'sequential', timeoutMs: 5_000, ...changes };
  const upstreams = new Upstreams(settings, { clock, metrics, random: Math.random });
  return { ask: (query = www) => upstreams.ask(query, never), upstreams, clock, metrics };
}

describe('recursors are asked one after the other', () => {
  test.each([
    { what: 'SERVFAIL', handler: failing(Rcode.SERVFAIL) },
    { what: 'REFUSED', handler: failing(Rcode.REFUSED) },
    { what: 'NOTIMP', handler: failing(Rcode.NOTIMP) },
    { what: 'FORMERR', handler: failing(Rcode.FORMERR) },
    { what: 'BADVERS', handler: failing(Rcode.BADVERS) },
    { what: 'silence (C168)', handler: silent },
    { what: 'garbage', handler: ((asked) => [garbageFor(asked.message.id)]) satisfies FakeHandler },
  ])('$what sends the question to the next one (C165)', async ({ handler }) => {
    await using first = await startFakeRecursor(handler);
    await using second = await startFakeRecursor(zone);
    const { ask } = upstreamsOf([first, second], { timeoutMs: 200 });
    expect((await ask()).answer).toEqual([rr(A)]);
    expect([first.count() > 0, second.count()]).toEqual([true, 1]);
  });

  test('a recursor that is down sends the question to the next one', async () => {
    await using second = await startFakeRecursor(zone);
    const { ask } = upstreamsOf([{ host: '127.0.0.1', port: await freePort() }, second]);
    expect((await ask()).answer).toEqual([rr(A)]);
  });

  test('NXDOMAIN is an answer, not a reason to ask the next one (C166)', async () => {
    await using first = await startFakeRecursor(failing(Rcode.NXDOMAIN));
    await using second = await startFakeRecursor(zone);
    const { ask } = upstreamsOf([first, second]);
    expect((await ask()).rcode).toBe(Rcode.NXDOMAIN);
    expect(second.count()).toBe(0);
  });

  test('the reply has AA, RA, AD and TTLs of the recursor (C169)', async () => {
    const parts = { authoritative: true, recursionAvailable: false, authenticData: true, answer: [rr(A)] };
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, parts)]);
    const { ask } = upstreamsOf([recursor]);
    expect(await ask()).toMatchObject(parts);
  });

  test('strategy random asks each of them first now and then (C170)', async () => {
    await using first = await startFakeRecursor(zone);
    await using second = await startFakeRecursor(zone);
    const { ask } = upstreamsOf([first, second], { strategy: 'random' });
    for (let round = 0; round < 64; round += 1) await ask();
    // By chance one in 10 million runs has fewer than ten of either.
    expect(first.count()).toBeGreaterThanOrEqual(10);
    expect(second.count()).toBeGreaterThanOrEqual(10);
  });

  test('one that fails goes last, and first again when it has answered its probes (D13)', async () => {
    await using first = await startFakeRecursor(silent);
    await using second = await startFakeRecursor(zone);
    const { ask, upstreams, clock } = upstreamsOf([first, second], { timeoutMs: 100 });
    const score = (): number | undefined => upstreams.stats()[0]?.score;
    for (let round = 0; round < 3; round += 1) await ask();
    expect(upstreams.stats()).toMatchObject([
      { recursor: first.address, failing: true },
      { recursor: second.address, failing: false },
    ]);

    // Within the second after its last question it is left alone.
    for (let round = 0; round < 5; round += 1) await ask();
    expect([first.count(), second.count()]).toEqual([3, 8]);

    first.handler = zone;
    const before = score();
    await clock.advance(1_000);
    await Promise.all([ask(), ask(), ask()]);
    expect(second.count()).toBe(11);
    await vi.waitFor(() => expect(score()).not.toBe(before));
    expect(first.count()).toBe(4);
    expect(upstreams.stats()[0]?.failing).toBe(false);
    await ask();
    expect([first.count(), second.count()]).toEqual([5, 11]);
  });

  test('nobody waits for a probe, and closing ends it', async () => {
    await using first = await startFakeRecursor(silent);
    await using second = await startFakeRecursor(zone);
    const { ask, upstreams, clock } = upstreamsOf([first, second], { timeoutMs: 100 });
    for (let round = 0; round < 3; round += 1) await ask();
    upstreams.update({ recursors: [first, second], strategy: 'sequential', timeoutMs: 60_000 });
    await clock.advance(1_000);
    await ask();
    await vi.waitFor(() => expect(first.count()).toBe(4));
    upstreams.close();
    await Promise.all([first.close(), second.close()]);
    await vi.waitFor(() => expect(process.getActiveResourcesInfo()).not.toContain('UDPWrap'));
  });
});

describe('when no recursor answers', () => {
  test.each([
    { what: 'all silent', handlers: [silent, silent], codes: ['timeout', 'timeout'], code: 'timeout' },
    {
      what: 'one failing, one silent',
      handlers: [failing(Rcode.SERVFAIL), silent],
      codes: ['bad-rcode', 'timeout'],
      code: 'bad-rcode',
    },
    {
      what: 'one silent, one refusing',
      handlers: [silent, failing(Rcode.REFUSED)],
      codes: ['timeout', 'bad-rcode'],
      code: 'bad-rcode',
    },
  ])('$what is the error "$code" (C168)', async ({ handlers, codes, code }) => {
    await using first = await startFakeRecursor(handlers[0] ?? silent);
    await using second = await startFakeRecursor(handlers[1] ?? silent);
    const { ask } = upstreamsOf([first, second], { timeoutMs: 100 });
    await expect(ask()).rejects.toMatchObject({
      name: 'ForwardError',
      code,
      message: expect.stringContaining(`${first.address} ${codes[0]}, ${second.address} ${codes[1]}`),
    });
    expect([first.count(), second.count()]).toEqual([1, 1]);
  });

  test('the reason that a recursor gave goes with the error (RFC 8914)', async () => {
    const reason = encodeExtendedError({ infoCode: 6, text: 'signature expired' });
    const edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [reason] };
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, { rcode: Rcode.SERVFAIL, edns })]);
    const { ask } = upstreamsOf([recursor]);
    await expect(ask()).rejects.toMatchObject({ code: 'bad-rcode', extendedErrors: [reason] });
  });
});

test('metrics count what each recursor was good for', async () => {
  await using first = await startFakeRecursor(failing(Rcode.SERVFAIL));
  await using second = await startFakeRecursor(zone);
  const { ask, metrics } = upstreamsOf([first, second]);
  await Promise.all([ask(), ask()]);
  expect((await metrics.forwarded.get()).values).toMatchObject([
    { labels: { recursor: first.address, outcome: 'bad-rcode' }, value: 2 },
    { labels: { recursor: second.address, outcome: 'answered' }, value: 2 },
  ]);
});

/** A reply by its ID, and nothing beyond that makes sense. */
function garbageFor(id: number): Uint8Array {
  return Uint8Array.of(id >> 8, id & 0xff, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
}
