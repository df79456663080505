import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileReply, secondOf } from '../../src/compiled/compile.js';
import { patchReply } from '../../src/compiled/patch.js';
import { RecordType } from '../../src/wire/constants.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import type { ResourceRecord } from '../../src/wire/rdata.js';
import { queryFor } from '../answer/world.js';
import { message } from '../wire/arbitraries.js';

const UNTOUCHED = { spelledUpTo: 0, seconds: 0, memory: undefined };
const question = { name: 'web.service.consul.', type: RecordType.A, class: 1 };
/** Replies to one question, with room in their numbers to count 1,000 seconds up or down. */
const replies = message().map((any): Message => {
  const roomy = (record: ResourceRecord): ResourceRecord => ({
    ...record,
    ttlSeconds: Math.max(1_000, record.ttlSeconds),
  });
  return {
    ...any,
    questions: [question],
    answer: any.answer.map(roomy),
    authority: any.authority.map(roomy),
    additional: any.additional.map(roomy),
  };
});

function changed(reply: Message, change: (record: ResourceRecord) => ResourceRecord): Message {
  const { answer, authority, additional } = reply;
  return { ...reply, answer: answer.map(change), authority: authority.map(change), additional: additional.map(change) };
}

function patched(reply: Message, counts: 'serials' | 'ttls', seconds: number): Message {
  const compiled = compileReply(encodeMessage(reply), 0, { counts, epochMs: 0 });
  const packet = encodeMessage({ ...queryFor(question), id: reply.id });
  return decodeMessage(patchReply(compiled, packet, { ...UNTOUCHED, seconds }));
}

describe('a compiled reply', () => {
  test('has the TTLs of all records found, wherever they stand, and nothing else', () => {
    fc.assert(
      fc.property(replies, fc.nat({ max: 999 }), (reply, age) => {
        const older = changed(reply, (record) => ({ ...record, ttlSeconds: record.ttlSeconds - age }));
        expect(patched(reply, 'ttls', -age)).toEqual(older);
      }),
    );
  });

  test('has the serials of all SOA records found, and lets them wrap around (RFC 1982)', () => {
    fc.assert(
      fc.property(replies, fc.nat({ max: 100_000 }), (reply, passed) => {
        const later = changed(reply, (record) => {
          if (record.data.kind !== 'SOA') return record;
          const { soa } = record.data;
          return { ...record, data: { kind: 'SOA', soa: { ...soa, serial: (soa.serial + passed) >>> 0 } } };
        });
        expect(patched(reply, 'serials', passed)).toEqual(later);
      }),
    );
  });

  test('is the same for ever when nothing is changed in it', () => {
    const bytes = encodeMessage({ ...queryFor(question), isResponse: true });
    const compiled = compileReply(bytes, 0, { counts: 'ttls', epochMs: 0 });
    const packet = encodeMessage({ ...queryFor(question), id: 77 });
    const first = patchReply(compiled, packet, UNTOUCHED);
    first.fill(0xff);
    expect(decodeMessage(patchReply(compiled, packet, UNTOUCHED))).toMatchObject({ id: 77, questions: [question] });
  });
});

test('seconds are counted from their epoch, and whole', () => {
  const aging = { counts: 'ttls', epochMs: 10_500 } as const;
  expect([10_500, 11_499, 11_500, 20_499].map((nowMs) => secondOf(aging, nowMs))).toEqual([0, 0, 1, 9]);
});
