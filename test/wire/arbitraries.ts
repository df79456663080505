import fc from 'fast-check';
import { RecordType } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import { formatIp } from '../../src/wire/ip.js';
import type { Message } from '../../src/wire/message.js';
import { nameFromLabels, wireLength } from '../../src/wire/name.js';
import type { Rdata, ResourceRecord } from '../../src/wire/rdata.js';

const u8 = fc.nat({ max: 0xff });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffff_ffff });

/** A label of any bytes, mostly one that looks like a host name's; a character per byte. */
export const label: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('web', 'Web', 'WEB', 'n1', 'node', 'dc1', 'service', 'consul', 'CONSUL') },
  { weight: 2, arbitrary: fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/) },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ minLength: 1, maxLength: 63 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  },
);

/** Any name, with many that share their ends. */
export const name: fc.Arbitrary<string> = fc
  .array(label, { maxLength: 8 })
  .filter((parts) => parts.reduce((bytes, part) => bytes + part.length + 1, 1) <= 255)
  .map(nameFromLabels);

/** A name in lower case without escapes. */
export const hostName: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom('web', 'node', 'dc1', 'consul'), fc.stringMatching(/^[a-z0-9_-]{1,12}$/)), {
    maxLength: 6,
  })
  .map(nameFromLabels);

export const ipv4: fc.Arbitrary<string> = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(formatIp);

/** Canonical text, often with runs of zeros in it. */
export const ipv6: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constant(0), u16), { minLength: 8, maxLength: 8 })
  .map((groups) => formatIp(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))));

/** Any record whose names are of this kind: of the types with a kind of their own, and of some without. */
export function record(names = name): fc.Arbitrary<ResourceRecord> {
  const soa = fc.record({
    mname: names,
    rname: names,
    serial: u32,
    refreshSeconds: u32,
    retrySeconds: u32,
    expireSeconds: u32,
    minimumSeconds: u32,
  });
  const typed: fc.Arbitrary<Pick<ResourceRecord, 'type' | 'data'>> = fc.oneof(
    ipv4.map((address) => ({ type: RecordType.A, data: { kind: 'A' as const, address } })),
    ipv6.map((address) => ({ type: RecordType.AAAA, data: { kind: 'AAAA' as const, address } })),
    fc
      .record({ kind: fc.constantFrom('CNAME', 'NS', 'PTR', 'DNAME'), target: names })
      .map((data) => ({ type: RecordType[data.kind], data })),
    fc
      .record({ kind: fc.constant('MX'), preference: u16, exchange: names })
      .map((data) => ({ type: RecordType.MX, data })),
    fc
      .record({ kind: fc.constant('SRV'), priority: u16, weight: u16, port: u16, target: names })
      .map((data) => ({ type: RecordType.SRV, data })),
    fc
      .record({ kind: fc.constant('TXT'), strings: fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 3 }) })
      .map((data) => ({ type: RecordType.TXT, data })),
    soa.map((fields) => ({ type: RecordType.SOA, data: { kind: 'SOA' as const, soa: fields } })),
    fc
      .record({
        type: fc.constantFrom(RecordType.HINFO, RecordType.HTTPS, RecordType.CAA, 65_280),
        bytes: fc.uint8Array({ maxLength: 300 }),
      })
      .map(({ type, bytes }) => ({ type, data: { kind: 'opaque' as const, bytes } })),
  );
  return fc
    .record({ name: names, class: u16, ttlSeconds: fc.nat({ max: 0x7fff_ffff }), typed })
    .map(({ typed, ...rest }) => ({ ...rest, ...typed }));
}

const edns: fc.Arbitrary<Edns> = fc.record({
  udpPayloadBytes: u16,
  version: u8,
  dnssecOk: fc.boolean(),
  options: fc.array(fc.record({ code: u16, data: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 3 }),
});

const flags = {
  id: u16,
  isResponse: fc.boolean(),
  opcode: fc.nat({ max: 15 }),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  authenticData: fc.boolean(),
  checkingDisabled: fc.boolean(),
};

/** Any message whose names are of this kind; its rcode is above 15 only together with an OPT record. */
export function message(names = name): fc.Arbitrary<Message> {
  const question = fc.record({ name: names, type: u16, class: u16 });
  return fc
    .record({
      ...flags,
      rcode: fc.nat({ max: 0xfff }),
      questions: fc.array(question, { maxLength: 2 }),
      answer: fc.array(record(names), { maxLength: 6 }),
      authority: fc.array(record(names), { maxLength: 3 }),
      additional: fc.array(record(names), { maxLength: 6 }),
      edns: fc.option(edns, { nil: undefined }),
    })
    .map((value) => (value.edns === undefined ? { ...value, rcode: value.rcode & 0xf } : value));
}

/** A reply as this server makes it, with up to 60 answers and what belongs to them; often above 512 or 1232 bytes. */
export const reply: fc.Arbitrary<Message> = fc
  .record({
    owner: name.filter((owner) => wireLength(owner) < 100),
    answers: fc.array(fc.nat({ max: 40 }), { maxLength: 60 }),
    kind: fc.constantFrom('A', 'SRV', 'TXT', 'CNAME'),
    glue: fc.array(fc.record({ node: fc.nat({ max: 40 }), kind: fc.constantFrom('A', 'AAAA', 'TXT', 'CNAME') }), {
      maxLength: 60,
    }),
    authority: fc.array(record(), { maxLength: 2 }),
    more: fc.array(record(), { maxLength: 2 }),
    edns: fc.option(edns, { nil: undefined }),
    text: fc.uint8Array({ maxLength: 255 }),
  })
  .map(({ owner, answers, kind, glue, authority, more, edns, text }) => {
    const shared = { class: 1, ttlSeconds: 0 };
    const dataFor = (wanted: 'A' | 'AAAA' | 'SRV' | 'TXT' | 'CNAME', node: number): Rdata => {
      if (wanted === 'A') return { kind: wanted, address: `10.0.0.${node}` };
      if (wanted === 'AAAA') return { kind: wanted, address: `2001:db8::${node + 1}` };
      if (wanted === 'TXT') return { kind: wanted, strings: [text] };
      if (wanted === 'CNAME') return { kind: wanted, target: nodeName(node + 1) };
      return { kind: wanted, priority: 1, weight: 1, port: 8000 + node, target: nodeName(node) };
    };
    return {
      id: 1,
      isResponse: true,
      opcode: 0,
      authoritative: true,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      authenticData: false,
      checkingDisabled: false,
      rcode: 0,
      questions: [{ name: owner, type: RecordType[kind], class: 1 }],
      answer: answers.map((node) => ({ ...shared, name: owner, type: RecordType[kind], data: dataFor(kind, node) })),
      authority,
      additional: [
        ...glue.map((entry) => ({
          ...shared,
          name: nodeName(entry.node),
          type: RecordType[entry.kind],
          data: dataFor(entry.kind, entry.node),
        })),
        ...more,
      ],
      edns,
    };
  });

function nodeName(node: number): string {
  return `node-${node}.node.dc1.consul.`;
}
