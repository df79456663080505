import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptPacket } from '../../src/responder/accept.js';
import { decodeHeader } from '../../src/wire/header.js';
import { decodeMessage, encodeMessage } from '../../src/wire/message.js';
import { question } from '../support/client.js';
import { packetNames, readPacket } from '../support/packets.js';

const OPTIONS = { udpPayloadBytes: 1232 };
const query = (): Uint8Array => encodeMessage(question('web.service.consul', 'A', { rd: true, cd: true }));

function patched(changes: Readonly<Record<number, number>>): Uint8Array {
  const bytes = query();
  for (const [offset, value] of Object.entries(changes)) bytes[Number(offset)] = value;
  return bytes;
}

describe('before a name is looked at', () => {
  test.each([
    { bytes: query().subarray(0, 11), reason: 'short', row: 'C001' },
    { bytes: patched({ 2: 0x80 }), reason: 'response', row: 'C002' },
  ])('no reply: $reason ($row)', ({ bytes, reason }) => {
    expect(acceptPacket(bytes, OPTIONS)).toEqual({ kind: 'ignored', reason });
  });

  test.each([
    ...[1, 2, 3, 4, 5, 6, 15].map((opcode) => ({ bytes: patched({ 2: opcode << 3 }), rcode: 4, row: 'C003, D17' })),
    { bytes: patched({ 5: 0 }), rcode: 1, row: 'C005' },
    { bytes: patched({ 5: 2 }), rcode: 1, row: 'C005' },
    { bytes: patched({ 7: 2 }), rcode: 1, row: 'C006' },
    { bytes: patched({ 9: 2 }), rcode: 1, row: 'C006' },
    { bytes: patched({ 11: 3 }), rcode: 1, row: 'C006' },
    { bytes: query().subarray(0, 20), rcode: 1, row: 'C007' },
    { bytes: readPacket('pointer-loop'), rcode: 1, row: 'C007' },
    { bytes: readPacket('name-of-256'), rcode: 1, row: 'C007' },
    { bytes: query().subarray(0, 12), rcode: 5, row: 'C008' },
  ])('rcode $rcode and a bare header ($row)', ({ bytes, rcode }) => {
    const accepted = acceptPacket(bytes, OPTIONS);
    if (accepted.kind !== 'rejected') throw new Error(`was ${accepted.kind}`);
    expect(accepted.reply).toHaveLength(12);
    expect(decodeHeader(accepted.reply)).toMatchObject({
      id: decodeHeader(bytes)?.id,
      opcode: decodeHeader(bytes)?.opcode,
      recursionDesired: decodeHeader(bytes)?.recursionDesired,
      checkingDisabled: decodeHeader(bytes)?.checkingDisabled,
      isResponse: true,
      authoritative: false,
      recursionAvailable: false,
      rcode,
    });
  });

  test.each(['ecs-family-9', 'two-opts', 'opt-overrun-inside', 'opt-with-owner'])(
    '%s: FORMERR with question and OPT (C009, D5)',
    (name) => {
      const accepted = acceptPacket(readPacket(name), OPTIONS);
      if (accepted.kind !== 'rejected') throw new Error(`was ${accepted.kind}`);
      const reply = decodeMessage(accepted.reply);
      expect(reply).toMatchObject({ rcode: 1, edns: { udpPayloadBytes: 1232, version: 0 } });
      expect(reply.questions).toHaveLength(1);
    },
  );

  test('a stray record, or two additional ones, do no harm (C006)', () => {
    expect(acceptPacket(readPacket('query-with-cookie'), OPTIONS).kind).toBe('query');
    expect(acceptPacket(readPacket('trailing-bytes'), OPTIONS).kind).toBe('query');
  });

  test('never throws, whatever comes in', () => {
    const seeds = packetNames().map((name) => readPacket(name));
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 8 }))
      .map(([seed, changes]) => {
        const bytes = Uint8Array.from(seed);
        for (const [offset, value] of changes) if (offset < bytes.length) bytes[offset] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), mutated), (bytes) => {
        const accepted = acceptPacket(bytes, OPTIONS);
        if (accepted.kind === 'rejected') expect(decodeMessage(accepted.reply).isResponse).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
