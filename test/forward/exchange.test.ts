import { createSocket } from 'node:dgram';
import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { exchange } from '../../src/forward/exchange.js';
import type { Recursor } from '../../src/forward/recursor.js';
import { EdnsOption, Rcode } from '../../src/wire/constants.js';
import type { EdnsOptionValue } from '../../src/wire/edns.js';
import { encodeMessage, type Message } from '../../src/wire/message.js';
import { question } from '../support/client.js';
import {
  altered,
  answering,
  delayed,
  type FakeHandler,
  type FakeQuery,
  failing,
  replyTo,
  silent,
  startFakeRecursor,
  truncatedOverUdp,
} from '../support/fake-recursor.js';
import { freePort } from '../support/free-port.js';
import { rr } from '../support/records.js';

const A_RECORD = 'www.example. 300 IN A 192.0.2.80';
const zone = answering([A_RECORD]);
const query = question('www.example', 'A', { rd: true });
const never = new AbortController().signal;

function ask(recursor: Recursor, message: Message = query, timeoutMs = 5_000): Promise<Message> {
  return exchange(message, recursor, { timeoutMs, signal: never });
}

/** The same query and reply with what a forger could not have known. */
function withWrongId(reply: Message): Message {
  return { ...reply, id: reply.id ^ 1, answer: [rr('www.example. 300 IN A 203.0.113.66')] };
}

describe('a query upstream (D13)', () => {
  test('has an ID and a source port of its own every time', async () => {
    await using recursor = await startFakeRecursor(zone);
    for (let round = 0; round < 30; round += 1) await ask(recursor);
    const ids = recursor.queries.map(({ message }) => message.id);
    const ports = recursor.queries.map(({ sourcePort }) => sourcePort);
    // By chance one or two may repeat; a counter or a shared socket would show differently.
    expect(new Set(ids).size).toBeGreaterThan(27);
    expect(new Set(ports).size).toBeGreaterThan(27);
    const steps = new Set(ids.map((id, index) => (id - (ids[index - 1] ?? 0)) & 0xffff));
    expect(steps.size).toBeGreaterThan(25);
  });

  test('keeps question, spelling, class and CD, asks for recursion, and has a payload size of 1232', async () => {
    await using recursor = await startFakeRecursor(zone);
    await ask(recursor, { ...question('wWw.Example', 'TXT', { class: 3, cd: true }), authenticData: true });
    expect(recursor.queries[0]?.message).toMatchObject({
      isResponse: false,
      recursionDesired: true,
      checkingDisabled: true,
      authenticData: true,
      questions: [{ name: 'wWw.Example.', type: 16, class: 3 }],
      edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] },
    });
  });

  test('passes DO and Client Subnet on, and nothing else of the OPT record', async () => {
    await using recursor = await startFakeRecursor(zone);
    const subnet = { code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 24, 0, 192, 0, 2) };
    const others = [EdnsOption.NSID, EdnsOption.COOKIE, EdnsOption.KEEPALIVE, EdnsOption.PADDING, 65_001];
    const options = [subnet, ...others.map((code) => ({ code, data: new Uint8Array(8) }))];
    await ask(recursor, question('www.example', 'A', { edns: { udpPayloadBytes: 4096, dnssecOk: true, options } }));
    expect(recursor.queries[0]?.message.edns).toEqual({
      udpPayloadBytes: 1232,
      version: 0,
      dnssecOk: true,
      options: [subnet],
    });
  });
});

describe('packets that are not the reply are passed over', () => {
  const decoys: Readonly<Record<string, (query: FakeQuery) => Message | Uint8Array>> = {
    'another ID': (asked) => withWrongId(replyTo(asked)),
    'another name': (asked) => replyTo(asked, { questions: question('www.example.org', 'A').questions }),
    'another type': (asked) => replyTo(asked, { questions: question('www.example', 'AAAA').questions }),
    'another class': (asked) => replyTo(asked, { questions: question('www.example', 'A', { class: 3 }).questions }),
    'no question': (asked) => replyTo(asked, { questions: [] }),
    'the query itself': ({ message }) => message,
    'another opcode': (asked) => replyTo(asked, { opcode: 5 }),
    'no header': () => Uint8Array.of(1, 2, 3),
    'no bytes': () => new Uint8Array(),
  };

  test.each(Object.entries(decoys))('%s', async (_, decoy) => {
    await using recursor = await startFakeRecursor(async (asked) => [decoy(asked), ...(await zone(asked))]);
    expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
  });

  test('and do not put off the end of the wait', async () => {
    await using recursor = await startFakeRecursor(altered(zone, withWrongId));
    await expect(ask(recursor, query, 100)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a forged reply with the right ID from another port', async () => {
    const forger = createSocket('udp4');
    await using recursor = await startFakeRecursor(async (asked) => {
      const forged = encodeMessage(replyTo(asked, { answer: [rr('www.example. 300 IN A 203.0.113.66')] }));
      await new Promise((sent) => forger.send(forged, asked.sourcePort, '127.0.0.1', sent));
      return zone(asked);
    });
    try {
      expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
    } finally {
      forger.close();
    }
  });

  test('a reply about another client subnet (RFC 7871 section 7.3)', async () => {
    const edns = (data: readonly number[]): { udpPayloadBytes: number; options: EdnsOptionValue[] } => ({
      udpPayloadBytes: 1232,
      options: [{ code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.from(data) }],
    });
    const withSubnet = (asked: FakeQuery, data: readonly number[], answer: string): Message =>
      replyTo(asked, { answer: [rr(answer)], edns: { version: 0, dnssecOk: false, ...edns(data) } });
    await using recursor = await startFakeRecursor((asked) => [
      withSubnet(asked, [0, 1, 24, 24, 198, 51, 100], 'www.example. 300 IN A 203.0.113.66'),
      withSubnet(asked, [0, 1, 24, 16, 192, 0, 2], A_RECORD),
    ]);
    const reply = await ask(recursor, question('www.example', 'A', { edns: edns([0, 1, 24, 0, 192, 0, 2]) }));
    expect(reply.answer).toEqual([rr(A_RECORD)]);
    expect(reply.edns?.options).toEqual(edns([0, 1, 24, 16, 192, 0, 2]).options);
  });
});

describe('a reply', () => {
  test('in another spelling of the question is taken and carries ours', async () => {
    await using recursor = await startFakeRecursor((asked) => [
      replyTo(asked, { questions: question('WWW.EXAMPLE', 'A').questions, answer: [rr(A_RECORD)] }),
    ]);
    const reply = await ask(recursor, question('wWw.example', 'A'));
    expect(reply.questions[0]?.name).toBe('wWw.example.');
  });

  test('keeps rcode, flags, TTLs and sections of the recursor (C169)', async () => {
    const parts = {
      rcode: Rcode.NXDOMAIN,
      authoritative: true,
      authenticData: true,
      recursionAvailable: false,
      authority: [rr('example. 77 IN SOA ns.example. root.example. 1 2 3 4 5')],
      additional: [rr('ns.example. 99 IN A 192.0.2.53')],
    };
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, parts)]);
    expect(await ask(recursor)).toMatchObject(parts);
  });

  test.each([Rcode.SERVFAIL, Rcode.REFUSED, 23])('may have the rcode %i', async (rcode) => {
    await using recursor = await startFakeRecursor(failing(rcode));
    expect((await ask(recursor)).rcode).toBe(rcode);
  });

  test('keeps extended errors and no other option', async () => {
    const error = { code: EdnsOption.EXTENDED_ERROR, data: Uint8Array.of(0, 6, 0x6e, 0x6f) };
    const options = [{ code: EdnsOption.COOKIE, data: new Uint8Array(16) }, error];
    const edns = { udpPayloadBytes: 4096, version: 0, dnssecOk: false, options };
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, { edns, rcode: Rcode.SERVFAIL })]);
    expect((await ask(recursor)).edns?.options).toEqual([error]);
  });

  test('carries records of unknown types byte for byte', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    const record = {
      name: 'www.example.',
      type: 65_280,
      class: 1,
      ttlSeconds: 9,
      data: { kind: 'opaque', bytes },
    } as const;
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, { answer: [record] })]);
    expect((await ask(recursor, question('www.example', 65_280))).answer).toEqual([record]);
  });

  test('loses answers that do not belong to the question (RFC 5452)', async () => {
    const chain = [
      'alias.example. 60 IN DNAME moved.example.',
      'www.alias.example. 60 IN CNAME www.moved.example.',
      'WWW.moved.example. 60 IN CNAME target.example.',
      'target.example. 60 IN A 192.0.2.1',
    ];
    const strangers = ['bank.example. 60 IN A 203.0.113.66', 'lias.example. 60 IN DNAME evil.example.'];
    await using recursor = await startFakeRecursor((asked) => [
      replyTo(asked, { answer: [...strangers, ...chain].map(rr) }),
    ]);
    expect((await ask(recursor, question('www.alias.example', 'A'))).answer).toEqual(chain.map(rr));
  });

  test('whose answers all belong elsewhere is none', async () => {
    await using recursor = await startFakeRecursor((asked) => [
      replyTo(asked, { answer: [rr('bank.example. 60 IN A 203.0.113.66')] }),
    ]);
    await expect(ask(recursor)).rejects.toMatchObject({ name: 'ForwardError', code: 'bad-reply' });
  });

  test('that cannot be decoded is none', async () => {
    await using recursor = await startFakeRecursor((asked) => [encodeMessage(replyTo(asked)).subarray(0, 20)]);
    await expect(ask(recursor)).rejects.toMatchObject({ code: 'bad-reply', cause: { name: 'WireError' } });
  });

  test('with a loop of CNAMEs keeps it as it is', async () => {
    const loop = ['www.example. 60 IN CNAME w.example.', 'w.example. 60 IN CNAME www.example.'].map(rr);
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, { answer: loop })]);
    expect((await ask(recursor)).answer).toEqual(loop);
  });

  test('comes over IPv6 as well', async () => {
    await using recursor = await startFakeRecursor(zone, { host: '::1' });
    expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
  });
});

describe('TC', () => {
  test('sends the question over TCP (D13)', async () => {
    await using recursor = await startFakeRecursor(truncatedOverUdp(zone));
    expect(await ask(recursor)).toMatchObject({ truncated: false, answer: [rr(A_RECORD)] });
    expect([recursor.count('udp'), recursor.count('tcp')]).toEqual([1, 1]);
  });

  test('brings replies of up to 64 KB', async () => {
    const answer = Array.from({ length: 4_000 }, (_, index) =>
      rr(`www.example. 60 IN A 10.0.${index >> 8}.${index & 0xff}`),
    );
    await using recursor = await startFakeRecursor((asked) => [replyTo(asked, { answer })]);
    expect((await ask(recursor)).answer).toHaveLength(4_000);
  });

  test('counts even if the rest of the packet is cut off in the middle of a record', async () => {
    const cut: FakeHandler = (asked) => {
      const bytes = encodeMessage(replyTo(asked, { truncated: true, answer: [rr(A_RECORD)] }));
      return [bytes.subarray(0, bytes.length - 13)];
    };
    await using recursor = await startFakeRecursor((asked) => (asked.transport === 'udp' ? cut(asked) : zone(asked)));
    expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
  });

  test.each<{ what: string; overTcp: FakeHandler; code: string }>([
    { what: 'silence', overTcp: silent, code: 'timeout' },
    { what: 'TC', overTcp: (asked) => [replyTo(asked, { truncated: true })], code: 'bad-reply' },
    { what: 'a reply to another query', overTcp: altered(zone, withWrongId), code: 'bad-reply' },
    {
      what: 'garbage',
      overTcp: ({ message }) => [encodeMessage({ ...message, isResponse: true }).subarray(0, 20)],
      code: 'bad-reply',
    },
  ])('and then $what over TCP is the error "$code"', async ({ overTcp, code }) => {
    await using recursor = await startFakeRecursor((asked) =>
      asked.transport === 'tcp' ? overTcp(asked) : [replyTo(asked, { truncated: true })],
    );
    await expect(ask(recursor, query, 300)).rejects.toMatchObject({ code });
  });

  test('and then a closed TCP connection is the error "bad-reply"', async () => {
    await using recursor = await startFakeRecursor((asked) => {
      if (asked.transport === 'udp') return [replyTo(asked, { truncated: true })];
      recursor.hangUp();
      return [];
    });
    await expect(ask(recursor)).rejects.toMatchObject({ code: 'bad-reply' });
  });
});

describe('a recursor without EDNS', () => {
  test.each([Rcode.FORMERR, Rcode.NOTIMP])('that answers rcode %i is asked again without (RFC 6891)', async (rcode) => {
    const old: FakeHandler = (asked) =>
      asked.message.edns === undefined ? zone(asked) : [replyTo(asked, { rcode, edns: undefined, questions: [] })];
    await using recursor = await startFakeRecursor(old);
    expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
    expect(recursor.queries.map(({ message }) => message.edns === undefined)).toEqual([false, true]);
    expect(recursor.queries[0]?.message.id).not.toBe(recursor.queries[1]?.message.id);
  });

  test('is not suspected when FORMERR comes with an OPT record', async () => {
    await using recursor = await startFakeRecursor(failing(Rcode.FORMERR));
    expect((await ask(recursor)).rcode).toBe(Rcode.FORMERR);
    expect(recursor.count()).toBe(1);
  });
});

describe('no reply', () => {
  test('in time is the error "timeout"', async () => {
    await using recursor = await startFakeRecursor(silent);
    await expect(ask(recursor, query, 50)).rejects.toMatchObject({
      code: 'timeout',
      message: `Cannot get an answer from ${recursor.address}: none within 50 ms`,
    });
  });

  test('may be on its way: a late one disturbs nobody', async () => {
    await using recursor = await startFakeRecursor(delayed(120, zone));
    await expect(ask(recursor, query, 60)).rejects.toMatchObject({ code: 'timeout' });
    expect((await ask(recursor)).answer).toEqual([rr(A_RECORD)]);
  });

  test('because nobody listens there is noticed at once', async () => {
    const recursor = { host: '127.0.0.1', port: await freePort() };
    await expect(ask(recursor, query, 60_000)).rejects.toMatchObject({
      code: 'unreachable',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('because the system refuses to send is noticed at once', async () => {
    // The broadcast address wants a permission that our sockets do not have.
    const recursor = { host: '255.255.255.255', port: 53 };
    await expect(ask(recursor, query, 60_000)).rejects.toMatchObject({
      code: 'unreachable',
      cause: { code: 'EACCES' },
    });
  });
});

describe('the signal', () => {
  test.each(['udp', 'tcp'] as const)('ends the wait over %s and closes the socket', async (transport) => {
    const stop = new AbortController();
    await using recursor = await startFakeRecursor((asked) => {
      if (asked.transport !== transport) return [replyTo(asked, { truncated: true })];
      stop.abort(new Error('enough'));
      return [];
    });
    await expect(exchange(query, recursor, { timeoutMs: 60_000, signal: stop.signal })).rejects.toThrow('enough');
    await vi.waitFor(() => expect(recursor.connections).toBe(0));
    await recursor.close();
    await vi.waitFor(() => expect(openSockets()).toEqual([]));
  });

  test('given in vain sends nothing', async () => {
    await using recursor = await startFakeRecursor(zone);
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(exchange(query, recursor, { timeoutMs: 1_000, signal })).rejects.toThrow('too late');
    expect(recursor.count()).toBe(0);
  });
});

test('an exchange leaves neither timers nor listeners behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await using recursor = await startFakeRecursor(truncatedOverUdp(zone));
    const { signal } = new AbortController();
    await exchange(query, recursor, { timeoutMs: 60_000, signal });
    expect([vi.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

/** Those of the test included. The list lags a little behind closing. */
function openSockets(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => /^(UDP|TCP)/.test(kind));
}
