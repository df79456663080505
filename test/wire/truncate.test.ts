import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import type { ResourceRecord } from '../../src/wire/rdata.js';
import { type FitOptions, fitMessage } from '../../src/wire/truncate.js';
import { rr } from '../support/records.js';
import { message, reply } from './arbitraries.js';

const empty: Message = {
  id: 7,
  isResponse: true,
  opcode: 0,
  authoritative: true,
  truncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  rcode: 0,
  questions: [{ name: 'web.service.consul.', type: 33, class: 1 }],
  answer: [],
  authority: [],
  additional: [],
  edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] },
};

function srvReply(instances: number): Message {
  const numbers = Array.from({ length: instances }, (_, index) => index);
  return {
    ...empty,
    answer: numbers.map((number) => rr(`web.service.consul. SRV 1 1 80 n${number}.node.dc1.consul.`)),
    additional: numbers.flatMap((number) => [
      rr(`n${number}.node.dc1.consul. A 10.0.${number >> 8}.${number & 255}`),
      rr(`n${number}.node.dc1.consul. TXT "rack=${number}"`),
    ]),
  };
}

/** A fit of this many bytes, compressed and with TC. */
function within(limitBytes: number): FitOptions {
  return { limitBytes, compress: true, setTruncated: true };
}

/** The addresses of the answers' targets, through CNAMEs, as an additional section has them. */
function glueOf(answers: readonly ResourceRecord[], additional: readonly ResourceRecord[]): ResourceRecord[] {
  const isAddress = ({ data }: ResourceRecord): boolean => ['A', 'AAAA', 'CNAME'].includes(data.kind);
  let targets = answers.flatMap(({ data }) => ('target' in data ? [data.target] : []));
  for (;;) {
    const glue = additional.filter((record) => isAddress(record) && targets.includes(record.name));
    const more = glue.flatMap(({ data }) => ('target' in data ? [data.target] : []));
    if (more.every((target) => targets.includes(target))) return glue;
    targets = [...targets, ...more];
  }
}

describe('properties', () => {
  const limits = fc.integer({ min: 512, max: 2000 });
  const options = fc.record({ limitBytes: limits, compress: fc.boolean(), setTruncated: fc.boolean() });

  test('the bytes are never above the limit, and say what `kept` says (D4)', () => {
    fc.assert(
      fc.property(fc.oneof(reply, message()), options, (any, fit) => {
        const { bytes, kept } = fitMessage(any, fit);
        expect(bytes.length).toBeLessThanOrEqual(fit.limitBytes);
        expect(decodeMessage(bytes)).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });

  test('what fits is sent whole and in order, byte for byte as encodeMessage has it', () => {
    fc.assert(
      fc.property(fc.oneof(reply, message()), options, (any, fit) => {
        const whole = encodeMessage(any, fit);
        fc.pre(whole.length <= fit.limitBytes);
        expect(fitMessage(any, fit).bytes).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test('TC is set exactly when records were left out for size and it is wanted (D2)', () => {
    fc.assert(
      fc.property(reply, options, (any, fit) => {
        const { kept } = fitMessage(any, fit);
        expect(kept.truncated).toBe(fit.setTruncated && recordCount(kept) < recordCount(any));
      }),
      { numRuns: 500 },
    );
  });

  test('question and OPT stay', () => {
    fc.assert(
      fc.property(reply, options, (any, fit) => {
        const { kept } = fitMessage(any, fit);
        expect(kept.questions).toEqual(any.questions);
        expect(kept.edns).toEqual(any.edns);
      }),
    );
  });

  test('answers go from the end, and only after everything that is not their glue (11.3)', () => {
    fc.assert(
      fc.property(reply, options, (any, fit) => {
        const { kept } = fitMessage(any, fit);
        expect(kept.answer).toEqual(any.answer.slice(0, kept.answer.length));
        if (kept.answer.length === any.answer.length) return;
        expect(kept.authority).toEqual([]);
        expect(kept.additional).toEqual(glueOf(kept.answer, kept.additional));
      }),
      { numRuns: 500 },
    );
  });

  test('answers keep their glue, but for one that is alone', () => {
    fc.assert(
      fc.property(reply, options, (any, fit) => {
        const { kept } = fitMessage(any, fit);
        fc.pre(kept.answer.length > 1);
        expect(kept.additional).toEqual(expect.arrayContaining(glueOf(kept.answer, any.additional)));
      }),
      { numRuns: 500 },
    );
  });

  test('one answer more, with its glue, would not have fitted', () => {
    fc.assert(
      fc.property(reply, options, (any, fit) => {
        const { kept } = fitMessage(any, fit);
        fc.pre(kept.answer.length < any.answer.length);
        const answer = any.answer.slice(0, kept.answer.length + 1);
        const additional = glueOf(answer, any.additional);
        const bytes = encodeMessage({ ...any, answer, authority: [], additional }, fit);
        expect(bytes.length).toBeGreaterThan(fit.limitBytes);
      }),
      { numRuns: 500 },
    );
  });

  test('a reply is not emptied when one of its answers fits by itself', () => {
    fc.assert(
      fc.property(message(), fc.integer({ min: 40, max: 400 }), (any, roomBytes) => {
        const bare = { ...any, answer: [], authority: [], additional: [] };
        const limitBytes = encodeMessage(bare).length + roomBytes;
        const { kept } = fitMessage(any, within(limitBytes));
        const one = any.answer.some((answer) => encodeMessage({ ...bare, answer: [answer] }).length <= limitBytes);
        expect(kept.answer.length > 0).toBe(one);
      }),
      { numRuns: 500 },
    );
  });

  test('records without a wire form are left out and reported, never thrown (D19)', () => {
    const bad = fc.constantFrom(
      { ...rr('a. A 10.0.0.1'), name: `${'a'.repeat(64)}.consul.` },
      { ...rr('web.service.consul. A 10.0.0.1'), data: { kind: 'A' as const, address: 'fe80::1' } },
      rr(`web.service.consul. TXT ${'x'.repeat(300)}`),
      { ...rr('a. CNAME b.'), data: { kind: 'CNAME' as const, target: 'b..' } },
    );
    fc.assert(
      fc.property(reply, fc.array(bad, { minLength: 1, maxLength: 3 }), fc.nat(), (any, extra, at) => {
        const cut = at % (any.answer.length + 1);
        const answer = [...any.answer.slice(0, cut), ...extra, ...any.answer.slice(cut)];
        const additional = [...extra, ...any.additional];
        const fitted = fitMessage({ ...any, answer, additional }, within(65_535));
        expect(fitted.bytes).toEqual(encodeMessage(any));
        expect(new Set(fitted.unencodable)).toEqual(new Set(extra));
      }),
    );
  });

  function recordCount({ answer, authority, additional }: Message): number {
    return answer.length + authority.length + additional.length;
  }
});

describe('a reply of 40 SRV records with addresses and TXT', () => {
  test('fits whole in TCP', () => {
    const { kept } = fitMessage(srvReply(40), within(65_535));
    expect(kept).toEqual(srvReply(40));
  });

  test('in 1232 bytes keeps answers with one address each, and says TC', () => {
    const { bytes, kept } = fitMessage(srvReply(40), within(1232));
    expect(kept.answer.length).toBeGreaterThan(18);
    expect(kept.additional).toEqual(
      kept.answer.map((_, number) => rr(`n${number}.node.dc1.consul. A 10.0.0.${number}`)),
    );
    expect(kept.truncated).toBe(true);
    expect(bytes.length).toBeGreaterThan(1232 - 65);
  });

  test('loses TXT records first, the last ones first', () => {
    const whole = encodeMessage(srvReply(4));
    const { kept } = fitMessage(srvReply(4), within(whole.length - 1));
    expect(kept.answer).toHaveLength(4);
    expect(kept.additional.map(({ data }) => data.kind)).toEqual(['A', 'A', 'A', 'A', 'TXT', 'TXT', 'TXT']);
    expect(kept.truncated).toBe(true);
  });

  test('without compression holds less (C147)', () => {
    const loose = fitMessage(srvReply(40), { ...within(1232), compress: false });
    expect(loose.bytes.length).toBeLessThanOrEqual(1232);
    expect(loose.kept.answer.length).toBeLessThan(fitMessage(srvReply(40), within(1232)).kept.answer.length);
  });

  test('4000 of them fill TCP up to its end', () => {
    const { bytes, kept } = fitMessage(srvReply(4000), within(65_535));
    expect(bytes.length).toBeLessThanOrEqual(65_535);
    expect(bytes.length).toBeGreaterThan(65_535 - 80);
    expect(kept.additional).toHaveLength(kept.answer.length);
    expect(decodeMessage(bytes)).toEqual(kept);
  });
});

describe('cases', () => {
  test('authority goes before answers do', () => {
    const reply = { ...srvReply(5), additional: [], authority: [rr('consul. NS ns.consul.')] };
    const limitBytes = encodeMessage(reply).length - 1;
    expect(fitMessage(reply, within(limitBytes)).kept).toEqual({ ...reply, authority: [], truncated: true });
  });

  test('addresses behind a CNAME in the additional section are glue as well', () => {
    const reply = {
      ...empty,
      answer: [rr('web.service.consul. SRV 1 1 80 Web.Example.')],
      additional: [
        rr('web.example. TXT "not needed to connect"'),
        rr('wEB.example. CNAME edge.example.'),
        rr('edge.example. A 192.0.2.1'),
      ],
    };
    const { kept } = fitMessage(reply, within(encodeMessage(reply).length - 1));
    expect(kept).toEqual({ ...reply, additional: reply.additional.slice(1), truncated: true });
  });

  test('CNAMEs in a circle are followed once', () => {
    const reply = {
      ...empty,
      answer: [rr('web.service.consul. SRV 1 1 80 a.example.')],
      additional: [rr('a.example. TXT "x"'), rr('a.example. CNAME b.example.'), rr('b.example. CNAME a.example.')],
    };
    const { kept } = fitMessage(reply, within(encodeMessage(reply).length - 1));
    expect(kept.additional).toEqual(reply.additional.slice(1));
  });

  test('an answer that fits only without its glue is sent without', () => {
    const reply = { ...empty, answer: srvReply(1).answer, additional: srvReply(1).additional.slice(0, 1) };
    const { kept } = fitMessage(reply, within(encodeMessage(reply).length - 1));
    expect(kept).toEqual({ ...reply, additional: [], truncated: true });
  });

  test('a first answer too large for any reply makes room for the next', () => {
    const reply = { ...empty, answer: [rr(`a. TXT ${`${'x'.repeat(250)} `.repeat(4)}`), rr('a. TXT "short"')] };
    expect(fitMessage(reply, within(512)).kept).toEqual({ ...reply, answer: reply.answer.slice(1), truncated: true });
  });

  test('when no answer fits, an empty reply with TC is sent (W22)', () => {
    const reply = { ...empty, answer: [rr(`a. TXT ${`${'x'.repeat(250)} `.repeat(4)}`)] };
    expect(fitMessage(reply, within(512)).kept).toEqual({ ...empty, truncated: true });
  });

  test('TC of a message that came truncated stays', () => {
    expect(fitMessage({ ...empty, truncated: true }, within(512)).kept.truncated).toBe(true);
  });

  test('options that leave no room for the OPT record go, the record stays', () => {
    const options = [{ code: 15, data: new Uint8Array(600) }];
    const { bytes, kept } = fitMessage({ ...empty, edns: { ...empty.edns!, options } }, within(512)); // `empty` has edns
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(kept.edns).toEqual(empty.edns);
  });

  test('a limit above 65535 is 65535', () => {
    expect(fitMessage(srvReply(2000), within(100_000)).bytes.length).toBeLessThanOrEqual(65_535);
  });
});
