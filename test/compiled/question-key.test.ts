import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type KeptKey, QuestionKey } from '../../src/compiled/question-key.js';
import { EdnsOption, Opcode } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import { lowerName } from '../../src/wire/name.js';
import { queryFor } from '../answer/world.js';
import { readPacket } from '../support/packets.js';
import { message, name } from '../wire/arbitraries.js';

const UDP = { isUdp: true, mayRecurse: false };
const PLAIN_EDNS: Edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] };
const WEB = { name: 'web.service.consul.', type: 1, class: 1 };
const COOKIE = { code: EdnsOption.COOKIE, data: new Uint8Array(8) };
const SUBNET = { code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.of(0, 1, 0, 0) };

function keyOf(packet: Uint8Array, asker = UDP): KeptKey | undefined {
  const key = new QuestionKey({ maxUdpBytes: 1232, seed: 1 });
  return key.read(packet, asker) ? key.keep() : undefined;
}

function query(change: Partial<Message> = {}): Uint8Array {
  return encodeMessage({ ...queryFor(WEB), ...change });
}

function asking(question: Partial<typeof WEB>): Uint8Array {
  return query({ questions: [{ ...WEB, ...question }] });
}

function withEdns(change: Partial<Edns>): Uint8Array {
  return query({ edns: { ...PLAIN_EDNS, ...change } });
}

describe('two packets have the same key', () => {
  test.each([
    { one: query(), other: query({ id: 99 }), why: 'the ID is put in' },
    {
      one: asking({ name: 'Web.service.consul.' }),
      other: asking({ name: 'web.SERVICE.consul.' }),
      why: 'so is the spelling',
    },
    { one: withEdns({}), other: withEdns({ udpPayloadBytes: 65_535 }), why: 'we send 1232 bytes at most (D4)' },
    {
      one: query({ edns: { ...PLAIN_EDNS, udpPayloadBytes: 0 } }),
      other: withEdns({ udpPayloadBytes: 512 }),
      why: '512 always go',
    },
    { one: withEdns({}), other: withEdns({ options: [COOKIE] }), why: 'cookies are not answered (D5)' },
    {
      one: query(),
      other: Buffer.concat([query(), Buffer.from('more')]),
      why: 'what is behind a query is ignored (C010)',
    },
  ])('$why', ({ one, other }) => {
    expect(keyOf(one)).toBeDefined();
    expect(keyOf(other)).toEqual(keyOf(one));
  });
});

describe('two packets have different keys', () => {
  test.each([
    { other: asking({ name: 'wab.service.consul.' }), why: 'name' },
    { other: asking({ name: 'Web.service.consul.' }), why: 'capitals, or none' },
    { other: asking({ type: 33 }), why: 'type' },
    { other: asking({ type: 257 }), why: 'upper half of the type' },
    { other: asking({ class: 255 }), why: 'class' },
    { other: query({ recursionDesired: false }), why: 'RD is repeated (C011)' },
    { other: query({ checkingDisabled: true }), why: 'CD is repeated (C011)' },
    { other: query({ authenticData: true }), why: 'AD is for recursors to see' },
    { other: withEdns({ udpPayloadBytes: 512 }), why: 'OPT record, or none' },
  ])('$why', ({ other }) => {
    expect(keyOf(other)).toBeDefined();
    expect(keyOf(other)).not.toEqual(keyOf(query()));
  });

  test.each([
    { change: { udpPayloadBytes: 1231 }, why: 'the size that the client takes' },
    { change: { dnssecOk: true }, why: 'DO is repeated (RFC 3225)' },
  ])('$why', ({ change }) => {
    expect(keyOf(withEdns(change))).not.toEqual(keyOf(withEdns({})));
  });

  test('over UDP and over TCP, for who may use recursion and who may not', () => {
    const askers = [true, false].flatMap((isUdp) => [true, false].map((mayRecurse) => ({ isUdp, mayRecurse })));
    const shapes = askers.map((asker) => keyOf(query(), asker)?.shape);
    expect(new Set(shapes).size).toBe(4);
  });
});

describe('no key is made of', () => {
  test.each([
    { packet: query({ isResponse: true }), why: 'a response' },
    { packet: query({ opcode: Opcode.NOTIFY }), why: 'another opcode' },
    { packet: query({ questions: [] }), why: 'no question' },
    { packet: query({ questions: [WEB, WEB] }), why: 'two questions' },
    { packet: query().subarray(0, -1), why: 'half a question' },
    { packet: withEdns({}).subarray(0, -1), why: 'half an OPT record' },
    { packet: withEdns({ version: 1 }), why: 'EDNS version 1, which is BADVERS (D5)' },
    { packet: withEdns({ options: [SUBNET] }), why: 'Client Subnet, which is echoed (D5)' },
    { packet: withEdns({ options: [COOKIE, SUBNET] }), why: 'Client Subnet behind a cookie' },
    {
      packet: withEdns({ options: [{ code: EdnsOption.PADDING, data: new Uint8Array(600) }] }),
      why: 'more than 512 bytes',
    },
    { packet: readPacket('pointer-loop'), why: 'a compressed name' },
    { packet: readPacket('reserved-label'), why: 'a reserved kind of label' },
    { packet: readPacket('name-of-256'), why: 'a name that is too long' },
    { packet: readPacket('opt-overrun'), why: 'an option that overruns its record' },
    { packet: readPacket('opt-with-owner'), why: 'an OPT record with an owner' },
    { packet: readPacket('two-opts'), why: 'two OPT records' },
    { packet: readPacket('short-header'), why: 'less than a header' },
  ])('$why', ({ packet }) => {
    expect(keyOf(packet)).toBeUndefined();
  });

  test('a name of 255 bytes is a name still', () => {
    expect(keyOf(readPacket('name-of-255'))).toBeDefined();
  });
});

describe('properties', () => {
  test('whatever has a key is a sound query, and asks for what the key says', () => {
    const nearMiss = fc
      .record({ asked: name, at: fc.nat(), byte: fc.nat({ max: 255 }), hasOpt: fc.boolean() })
      .map(({ asked, at, byte, hasOpt }) => {
        const packet = encodeMessage(queryFor({ ...WEB, name: asked }, hasOpt ? PLAIN_EDNS : undefined));
        packet[at % packet.length] = byte;
        return packet;
      });
    const packets = fc.oneof(
      nearMiss,
      message().map((any) => encodeMessage(any)),
      fc.uint8Array({ maxLength: 600 }),
    );
    let keys = 0;
    fc.assert(
      fc.property(packets, (packet) => {
        const key = keyOf(packet);
        if (key === undefined) return;
        keys += 1;
        const { questions, edns, isResponse, opcode } = decodeMessage(packet);
        const [question] = questions;
        const lower = question && { ...question, name: lowerName(question.name) };
        const asked = encodeMessage({ ...queryFor(WEB), questions: lower === undefined ? [] : [lower] });
        const padding = Buffer.alloc(3 - ((asked.length - 17) % 4));
        const padded = Buffer.concat([asked.subarray(12, -4), padding, asked.subarray(-4)]);
        expect(Buffer.from(key.question.buffer)).toEqual(padded);
        expect({ isResponse, opcode, count: questions.length }).toEqual({ isResponse: false, opcode: 0, count: 1 });
        expect(edns?.version ?? 0).toBe(0);
        expect(edns?.options.some(({ code }) => code === EdnsOption.CLIENT_SUBNET) ?? false).toBe(false);
      }),
      { numRuns: 3_000 },
    );
    expect(keys).toBeGreaterThan(300);
  });
});
