import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordType } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { WireError } from '../../src/wire/error.js';
import { decodeHeader } from '../../src/wire/header.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import { packetNames, readPacket } from '../support/packets.js';
import { rr } from '../support/records.js';
import { message } from './arbitraries.js';

const plain: Message = {
  id: 1,
  isResponse: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  answer: [],
  authority: [],
  additional: [],
  edns: undefined,
};

function edns(code: number, data: string): Edns {
  const options = [{ code, data: new TextEncoder().encode(data) }];
  return { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options };
}

/** The error `decodeMessage` throws on these bytes. */
function errorOf(bytes: Uint8Array): WireError {
  try {
    decodeMessage(bytes);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('Cannot get an error: the message was decoded');
}

describe('properties', () => {
  test.each([true, false])('every message comes back as it was, compress: %s', (compress) => {
    fc.assert(
      fc.property(message(), (any) => {
        expect(decodeMessage(encodeMessage(any, { compress }))).toEqual(any);
      }),
      { numRuns: 500 },
    );
  });

  test('compression never makes a message longer', () => {
    fc.assert(
      fc.property(message(), (any) => {
        const plainBytes = encodeMessage(any, { compress: false }).length;
        expect(encodeMessage(any).length).toBeLessThanOrEqual(plainBytes);
      }),
    );
  });

  test('any bytes are a message or a WireError', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), decodesOrThrowsWireError), { numRuns: 2000 });
  });

  test('real packets with some bytes changed are a message or a WireError', () => {
    const packet = fc.constantFrom(...packetNames()).map(readPacket);
    const edits = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 6 });
    const mutated = fc.tuple(packet, edits, fc.nat({ max: 400 })).map(([bytes, changes, cut]) => {
      const copy = bytes.slice(0, Math.max(cut, 12));
      for (const [at, byte] of changes) copy[at % Math.max(copy.length, 1)] = byte;
      return copy;
    });
    fc.assert(fc.property(mutated, decodesOrThrowsWireError), { numRuns: 5000 });
  });

  test('messages full of pointers end, whatever they point to', () => {
    const soup = fc
      .array(fc.tuple(fc.constantFrom(0xc0, 0xc1, 0x01, 0x00, 0x3f), fc.nat({ max: 255 })), { maxLength: 400 })
      .map((pairs) => Uint8Array.of(0, 1, 0x81, 0, 0, 9, 0, 9, 0, 9, 0, 9, ...pairs.flat()));
    fc.assert(fc.property(soup, decodesOrThrowsWireError), { numRuns: 2000 });
  });

  function decodesOrThrowsWireError(bytes: Uint8Array): void {
    let decoded: Message;
    try {
      decoded = decodeMessage(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      return;
    }
    // What was understood is sound: it can be said again, and means the same then.
    expect(decodeMessage(encodeMessage(decoded))).toEqual(decoded);
  }
});

describe('golden packets', () => {
  test('a query with EDNS', () => {
    const decoded = decodeMessage(readPacket('a-with-edns'));
    expect(decoded).toEqual({
      ...plain,
      id: 0x1a2b,
      recursionDesired: true,
      questions: [{ name: 'db.service.consul.', type: RecordType.A, class: 1 }],
      edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] },
    });
    expect(encodeMessage(decoded)).toEqual(readPacket('a-with-edns'));
  });

  test('a query with DO, a cookie and mixed case, which is kept (C014)', () => {
    const decoded = decodeMessage(readPacket('query-with-cookie'));
    expect(decoded).toMatchObject({
      authenticData: true,
      questions: [{ name: 'WeB.SerVice.consul.', type: RecordType.AAAA }],
      edns: { dnssecOk: true, options: [{ code: 10, data: Uint8Array.from(Buffer.from('0123456789abcdef', 'hex')) }] },
    });
    expect(encodeMessage(decoded)).toEqual(readPacket('query-with-cookie'));
  });

  test('an SRV reply: targets in full, glue pointing to them', () => {
    const decoded = decodeMessage(readPacket('srv-reply'));
    expect(decoded.answer).toEqual([
      rr('web.service.consul. 0 IN SRV 1 1 8080 n1.node.dc1.consul.'),
      rr('web.service.consul. 0 IN SRV 1 2 8081 n2.node.dc1.consul.'),
    ]);
    expect(decoded.additional).toEqual([
      rr('n1.node.dc1.consul. 0 IN A 10.0.0.1'),
      rr('n2.node.dc1.consul. 0 IN AAAA 2001:db8::2'),
    ]);
    expect(decoded).toMatchObject({ isResponse: true, authoritative: true, truncated: false });
    expect(encodeMessage(decoded)).toEqual(readPacket('srv-reply'));
  });

  test('a negative reply with its SOA', () => {
    const decoded = decodeMessage(readPacket('nxdomain-with-soa'));
    expect(decoded.rcode).toBe(3);
    expect(decoded.authority).toEqual([
      rr('consul. 0 IN SOA ns.consul. hostmaster.consul. 1705663360 3600 600 86400 0'),
    ]);
    expect(encodeMessage(decoded)).toEqual(readPacket('nxdomain-with-soa'));
  });

  test('a NAPTR with a compressed name is written out (RFC 3597)', () => {
    const [naptr] = decodeMessage(readPacket('naptr-compressed')).answer;
    expect(naptr?.data).toEqual({
      kind: 'opaque',
      bytes: Uint8Array.from(Buffer.from('0064000a0153075349502b443255000465313634076578616d706c6500', 'hex')),
    });
  });

  test('names of odd bytes', () => {
    const decoded = decodeMessage(readPacket('odd-names'));
    expect(decoded.questions[0]?.name).toBe('a\\.b.a\\\\b.a\\032b.\\000.\\195\\169.');
    expect(encodeMessage(decoded)).toEqual(readPacket('odd-names'));
  });

  test.each([
    { packet: 'pointer-loop', code: 'bad-pointer', why: 'points to itself (C007)' },
    { packet: 'pointer-forward', code: 'bad-pointer', why: 'points forwards' },
    { packet: 'pointer-ladder', code: 'bad-pointer', why: 'points into itself (C007)' },
    { packet: 'truncated-name', code: 'truncated', why: 'ends inside a label (C007)' },
    { packet: 'reserved-label', code: 'bad-name', why: 'label of type 01' },
    { packet: 'name-of-256', code: 'bad-name', why: 'one byte too long (C007)' },
    { packet: 'short-header', code: 'short-header', why: 'no header' },
  ])('$packet is refused: $why', ({ packet, code }) => {
    const error = errorOf(readPacket(packet));
    expect(error.code).toBe(code);
    expect(error.decoded?.questions ?? []).toEqual([]);
  });

  test.each([
    { packet: 'opt-overrun', code: 'bad-opt', why: 'option longer than the message (C009)' },
    { packet: 'opt-overrun-inside', code: 'bad-opt', why: 'option longer than its record (C009)' },
    { packet: 'opt-with-owner', code: 'bad-opt', why: 'owner is not the root' },
    { packet: 'two-opts', code: 'two-opts', why: 'two OPT records (D5)' },
    { packet: 'a-with-five-bytes', code: 'bad-rdata', why: 'an A record of five bytes' },
  ])('$packet is refused, its question being sound: $why', ({ packet, code }) => {
    const { decoded, ...error } = errorOf(readPacket(packet));
    expect(error.code).toBe(code);
    expect(decoded?.questions).toEqual([expect.objectContaining({ class: 1, type: RecordType.A })]);
    expect(decoded?.header).toEqual(decodeHeader(readPacket(packet)));
  });

  test('bytes behind the message are ignored (C010)', () => {
    expect(decodeMessage(readPacket('trailing-bytes')).questions).toHaveLength(1);
  });

  test.each(['header-only', 'bare-formerr'])('%s has no question, whatever its counts say (C008)', (packet) => {
    expect(decodeMessage(readPacket(packet))).toMatchObject({ questions: [], additional: [], edns: undefined });
  });

  test('QDCOUNT 0 is no question (C005)', () => {
    expect(decodeMessage(readPacket('no-question'))).toMatchObject({ questions: [], edns: { version: 0 } });
  });

  test('a name of 255 bytes is read and written', () => {
    expect(encodeMessage(decodeMessage(readPacket('name-of-255')))).toEqual(readPacket('name-of-255'));
  });
});

describe('decodeMessage', () => {
  test('gives no question of a question section that is not sound as a whole', () => {
    const { decoded } = errorOf(Uint8Array.of(0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1));
    expect(decoded).toMatchObject({ header: { questionCount: 2 }, questions: [] });
  });

  test('gives values that outlive the packet', () => {
    const { id: _, ...sent } = { ...plain, answer: [rr('a. TXT "text"')], edns: edns(3, 'data') };
    const packet = encodeMessage({ ...plain, ...sent });
    const decoded = decodeMessage(packet);
    packet.fill(0xff);
    expect(decoded).toMatchObject(sent);
  });

  test.each([
    { pointers: 127, is: 'read' },
    { pointers: 128, is: 'refused' },
  ])('a name behind $pointers pointers is $is', ({ pointers, is }) => {
    // The root at byte 12 is the first question; then every question points to the one before it.
    const questions = Array.from({ length: pointers }, (_, index) => {
      const target = index === 0 ? 12 : 17 + (index - 1) * 6;
      return [0xc0 | (target >> 8), target & 0xff, 0, 1, 0, 1];
    });
    const bytes = Uint8Array.of(0, 1, 0, 0, 0, pointers + 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, ...questions.flat());
    if (is === 'read') expect(decodeMessage(bytes).questions.at(-1)?.name).toBe('.');
    else expect(errorOf(bytes).code).toBe('bad-pointer');
  });
});

describe('decodeHeader', () => {
  test('reads flags and counts without looking further (C001-C006)', () => {
    expect(decodeHeader(readPacket('bare-formerr'))).toMatchObject({
      id: 0x17,
      isResponse: true,
      recursionDesired: true,
      rcode: 1,
      questionCount: 1,
      answerCount: 0,
      additionalCount: 1,
    });
    expect(decodeHeader(readPacket('short-header'))).toBeUndefined();
  });
});

describe('encodeMessage', () => {
  test('never changes the letter case of a name by compressing it', () => {
    const mixed: Message = {
      ...plain,
      questions: [{ name: 'WEB.service.CONSUL.', type: RecordType.NS, class: 1 }],
      answer: [rr('WEB.service.CONSUL. NS ns.consul.'), rr('web.service.consul. NS ns.Consul.')],
    };
    expect(decodeMessage(encodeMessage(mixed))).toEqual(mixed);
  });

  test('takes the same form for every mixed spelling of the question', () => {
    const reply = (name: string): Message => ({
      ...plain,
      questions: [{ name, type: RecordType.A, class: 1 }],
      answer: [rr(`${name} A 10.0.0.1`)],
      authority: [rr('service.consul. NS ns.consul.')],
    });
    const forms = ['Web.service.consul.', 'web.SERVICE.consul.', 'WEB.SERVICE.CONSUL.', 'web.service.consuL.'].map(
      (name) => Buffer.from(encodeMessage(reply(name))).subarray(12 + name.length + 1),
    );
    for (const form of forms) expect(form).toEqual(forms[0]);
    expect(encodeMessage(reply('web.service.consul.')).length).toBeLessThan(
      encodeMessage(reply('Web.service.consul.')).length,
    );
  });

  test('writes SRV and DNAME targets in full, even right behind the same name (RFC 2782, RFC 6672)', () => {
    const target = Buffer.from('\x01a\x06consul\x00', 'latin1');
    for (const line of ['a.consul. SRV 1 1 80 a.consul.', 'a.consul. DNAME a.consul.']) {
      expect(Buffer.from(encodeMessage({ ...plain, answer: [rr(line)] })).subarray(-target.length)).toEqual(target);
    }
    for (const type of ['CNAME', 'NS', 'PTR', 'MX 10']) {
      const bytes = encodeMessage({ ...plain, answer: [rr(`a.consul. ${type} a.consul.`)] });
      expect(bytes.slice(-2)).toEqual(Uint8Array.of(0xc0, 12));
    }
  });

  test('points to nothing behind the first 16 KiB, and reads back what is there', () => {
    const answer = Array.from({ length: 2000 }, (_, index) => rr(`n${index}.node.dc${index % 700}.consul. A 10.0.0.1`));
    const bytes = encodeMessage({ ...plain, answer });
    expect(bytes.length).toBeGreaterThan(0x8000);
    expect(decodeMessage(bytes).answer).toEqual(answer);
  });

  test.each<{ readonly change: Partial<Message>; readonly code: string; readonly why: string }>([
    { change: { rcode: 16 }, code: 'out-of-range', why: 'rcode above 15 without OPT' },
    { change: { answer: [rr('a. SRV 1 1 70000 b.')] }, code: 'out-of-range', why: 'port above 65535' },
    { change: { answer: [rr('a. 4294967296 IN A 10.0.0.1')] }, code: 'out-of-range', why: 'TTL of 33 bits' },
    { change: { answer: [rr('a. A ::1')] }, code: 'bad-address', why: 'IPv6 in an A record' },
    { change: { answer: [rr('a. AAAA 10.0.0.1')] }, code: 'bad-address', why: 'IPv4 in an AAAA record' },
    { change: { answer: [rr(`a. TXT ${'x'.repeat(256)}`)] }, code: 'out-of-range', why: 'string of 256 bytes (C022)' },
    { change: { answer: [{ ...rr('a. A 10.0.0.1'), name: 'a' }] }, code: 'bad-name', why: 'name without its dot' },
    { change: { answer: [{ ...rr('a. A 10.0.0.1'), name: 'a..' }] }, code: 'bad-name', why: 'empty label' },
    { change: { answer: [{ ...rr('a. A 10.0.0.1'), name: 'é.' }] }, code: 'bad-name', why: 'name that is not ASCII' },
    { change: { answer: [{ ...rr('a. A 10.0.0.1'), name: '\\9.' }] }, code: 'bad-name', why: 'half an escape' },
    {
      change: { answer: [{ ...rr('a. A 10.0.0.1'), name: `${'a'.repeat(64)}.` }] },
      code: 'bad-name',
      why: 'label of 64 bytes (C022)',
    },
    {
      change: { answer: [{ ...rr('a. A 10.0.0.1'), name: `${'a'.repeat(63)}.`.repeat(4) }] },
      code: 'bad-name',
      why: 'name of 257 bytes',
    },
    {
      change: { answer: [{ ...rr('a. A 10.0.0.1'), name: `${`${'a'.repeat(63)}.`.repeat(3)}${'a'.repeat(62)}.` }] },
      code: 'bad-name',
      why: 'name of 256 bytes',
    },
    {
      change: {
        answer: [{ ...rr('a. A 10.0.0.1'), type: 10, data: { kind: 'opaque', bytes: new Uint8Array(65_536) } }],
      },
      code: 'out-of-range',
      why: 'data of 65536 bytes',
    },
    {
      change: { answer: Array.from({ length: 5000 }, () => rr('a.consul. A 10.0.0.1')) },
      code: 'out-of-range',
      why: 'message above 65535 bytes',
    },
  ])('throws $code: $why', ({ change, code }) => {
    expect(() => encodeMessage({ ...plain, ...change })).toThrow(expect.objectContaining({ name: 'WireError', code }));
  });

  test('a TTL with its top bit set is read as zero (RFC 2181 section 8)', () => {
    const bytes = encodeMessage({
      ...plain,
      answer: [rr('a. 2147483648 IN A 10.0.0.1'), rr('a. 2147483647 IN A 10.0.0.1')],
    });
    expect(decodeMessage(bytes).answer.map(({ ttlSeconds }) => ttlSeconds)).toEqual([0, 2147483647]);
  });
});
