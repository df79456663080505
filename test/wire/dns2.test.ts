import { Packet } from 'dns2';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import type { Rdata, ResourceRecord } from '../../src/wire/rdata.js';
import { hostName, message } from './arbitraries.js';

/** What dns2 can say: no OPT record but its own, no escapes in names, text for TXT, and few types. */
const simple: fc.Arbitrary<Message> = fc
  .tuple(message(hostName), fc.array(fc.stringMatching(/^[ -~]{0,60}$/), { minLength: 1, maxLength: 3 }))
  .map(([any, text]) => {
    const strings = text.map((string) => new TextEncoder().encode(string));
    const simplify = (record: ResourceRecord): ResourceRecord =>
      record.data.kind === 'TXT' ? { ...record, data: { kind: 'TXT', strings } } : record;
    return {
      ...any,
      answer: any.answer.filter(isKnown).map(simplify),
      authority: any.authority.filter(isKnown).map(simplify),
      additional: any.additional.filter(isKnown).map(simplify),
      rcode: any.rcode & 0xf,
      edns: undefined,
    };
  });

test('dns2 reads what we write', () => {
  fc.assert(
    fc.property(simple, fc.boolean(), (any, compress) => {
      const packet = Packet.parse(Buffer.from(encodeMessage(any, { compress })));
      expect(packet.header).toMatchObject(headerFields(any));
      expect(packet.questions).toMatchObject(any.questions.map(questionFields));
      expect(packet.answers).toMatchObject(any.answer.map(recordFields));
      expect(packet.authorities).toMatchObject(any.authority.map(recordFields));
      expect(packet.additionals).toMatchObject(any.additional.map(recordFields));
    }),
    { numRuns: 300 },
  );
});

test('we read what dns2 writes', () => {
  fc.assert(
    fc.property(simple, (any) => {
      const packet = new Packet(new Packet.Header(headerFields(any)));
      // Assigned: dns2's constructor of a question takes a type or class of 0 for a missing one.
      packet.questions = any.questions.map((question) =>
        Object.assign(new Packet.Question('', 1, 1), questionFields(question)),
      );
      packet.answers = any.answer.map((record) => new Packet.Resource(recordFields(record)));
      packet.authorities = any.authority.map((record) => new Packet.Resource(recordFields(record)));
      packet.additionals = any.additional.map((record) => new Packet.Resource(recordFields(record)));
      expect(decodeMessage(packet.toBuffer())).toEqual(any);
    }),
    { numRuns: 300 },
  );
});

/** Kinds whose data dns2 keeps whole; its IPv6 has no dotted form, its SOA a minimum of 31 bits. */
function isKnown({ data }: ResourceRecord): boolean {
  if (data.kind === 'AAAA') return !data.address.includes('.');
  if (data.kind === 'SOA') return data.soa.minimumSeconds <= 0x7fff_ffff;
  return ['A', 'CNAME', 'NS', 'MX', 'SRV', 'TXT'].includes(data.kind);
}

function headerFields(any: Message) {
  return {
    id: any.id,
    qr: bit(any.isResponse),
    opcode: any.opcode,
    aa: bit(any.authoritative),
    tc: bit(any.truncated),
    rd: bit(any.recursionDesired),
    ra: bit(any.recursionAvailable),
    ad: bit(any.authenticData),
    cd: bit(any.checkingDisabled),
    rcode: any.rcode,
  };
}

function bit(flag: boolean): 0 | 1 {
  return flag ? 1 : 0;
}

function questionFields({ name, type, class: questionClass }: Message['questions'][number]) {
  return { name: bare(name), type, class: questionClass };
}

function recordFields({ name, type, class: recordClass, ttlSeconds, data }: ResourceRecord) {
  return { name: bare(name), type, class: recordClass, ttl: ttlSeconds, ...dataFields(data) };
}

function dataFields(data: Rdata) {
  switch (data.kind) {
    case 'A':
    case 'AAAA':
      return { address: data.address };
    case 'CNAME':
      return { domain: bare(data.target) };
    case 'NS':
      return { ns: bare(data.target) };
    case 'MX':
      return { priority: data.preference, exchange: bare(data.exchange) };
    case 'SRV':
      return { priority: data.priority, weight: data.weight, port: data.port, target: bare(data.target) };
    case 'TXT':
      return { data: data.strings.map((string) => new TextDecoder().decode(string)) };
    case 'SOA': {
      const { mname, rname, serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds } = data.soa;
      const times = {
        refresh: refreshSeconds,
        retry: retrySeconds,
        expiration: expireSeconds,
        minimum: minimumSeconds,
      };
      return { primary: bare(mname), admin: bare(rname), serial, ...times };
    }
    default:
      throw new Error(`Cannot put "${data.kind}" into dns2's form: not known to it`);
  }
}

/** dns2's names have no dot at their end. */
function bare(name: string): string {
  return name.slice(0, -1);
}
