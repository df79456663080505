import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { className, opcodeName, parseType, rcodeName, typeName } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { formatMessage, formatRecord } from '../../src/wire/present.js';
import { readPacket } from '../support/packets.js';
import { rr } from '../support/records.js';
import { message, record } from './arbitraries.js';

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

describe('formatRecord', () => {
  test.each([
    'web.service.consul.\t0\tIN\tA\t10.0.0.1',
    'web.service.consul.\t30\tIN\tAAAA\t2001:db8::1',
    'web.service.consul.\t0\tIN\tSRV\t1 1 8080 n1.node.dc1.consul.',
    '1.0.0.10.in-addr.arpa.\t0\tIN\tPTR\tn1.node.dc1.consul.',
    'consul.\t0\tIN\tSOA\tns.consul. hostmaster.consul. 1 3600 600 86400 0',
    'a\\.b.my\\032node.\t0\tCH\tMX\t10 mail.',
    'n1.consul.\t0\tIN\tTXT\t"a=b" "quote \\" backslash \\\\ byte \\195\\169"',
  ])('%s is what rr reads', (line) => {
    expect(formatRecord(rr(line))).toBe(line);
  });

  test('writes data without a kind as RFC 3597 wants it', () => {
    const opaque = { name: 'a.', type: 65_280, class: 42, ttlSeconds: 0 };
    const full = { ...opaque, data: { kind: 'opaque' as const, bytes: bytes('\u000a\u00ff') } };
    expect(formatRecord(full)).toBe('a.\t0\tCLASS42\tTYPE65280\t\\# 2 0AFF');
    expect(formatRecord({ ...full, data: { ...full.data, bytes: bytes('') } })).toMatch(/\t\\# 0$/);
  });

  test('is one line of printable ASCII, whatever came over the network', () => {
    fc.assert(
      fc.property(record(), (any) => {
        expect(formatRecord(any)).toMatch(/^[\t\x20-\x7e]+$/);
      }),
    );
  });
});

describe('formatMessage', () => {
  test('prints a reply as dig does', () => {
    expect(formatMessage(decodeMessage(readPacket('srv-reply')))).toBe(
      [
        ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 18193',
        ';; flags: qr aa rd; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 3',
        '',
        ';; OPT PSEUDOSECTION:',
        '; EDNS: version: 0, flags:; udp: 1232',
        ';; QUESTION SECTION:',
        ';web.service.consul.\t\tIN\tSRV',
        '',
        ';; ANSWER SECTION:',
        'web.service.consul.\t0\tIN\tSRV\t1 1 8080 n1.node.dc1.consul.',
        'web.service.consul.\t0\tIN\tSRV\t1 2 8081 n2.node.dc1.consul.',
        '',
        ';; ADDITIONAL SECTION:',
        'n1.node.dc1.consul.\t0\tIN\tA\t10.0.0.1',
        'n2.node.dc1.consul.\t0\tIN\tAAAA\t2001:db8::2',
        '',
      ].join('\n'),
    );
  });

  test('leaves out sections that are empty', () => {
    expect(formatMessage(decodeMessage(readPacket('bare-formerr')))).toBe(
      ';; ->>HEADER<<- opcode: QUERY, status: FORMERR, id: 23\n' +
        ';; flags: qr rd; QUERY: 0, ANSWER: 0, AUTHORITY: 0, ADDITIONAL: 0\n',
    );
  });

  test.each([
    { code: 3, data: bytes('ns1'), line: '; NSID: 6e7331 ("ns1")' },
    { code: 8, data: bytes('\0\u0001\u0018\0\u00c0\0\u0002'), line: '; CLIENT-SUBNET: 192.0.2.0/24/0' },
    { code: 8, data: bytes('\0\0\0\0'), line: '; CLIENT-SUBNET: 0/0/0' },
    { code: 8, data: bytes('\0\u0009'), line: '; CLIENT-SUBNET: 0009 (malformed)' },
    { code: 10, data: bytes('\u0001\u0023'), line: '; COOKIE: 0123' },
    { code: 12, data: bytes('\0\0\0'), line: '; PADDING: 3 bytes' },
    { code: 15, data: bytes('\0\u0003'), line: '; EDE: 3 (Stale Answer)' },
    { code: 15, data: bytes('\0\u0016no agent'), line: '; EDE: 22 (No Reachable Authority): (no agent)' },
    { code: 15, data: bytes('\u0003\u00e7\u001b[31m'), line: '; EDE: 999: (\\027[31m)' },
    { code: 15, data: bytes('\0'), line: '; EDE: 00 (malformed)' },
    { code: 65_001, data: bytes('hi'), line: '; OPT=65001: 6869 ("hi")' },
  ])('prints option $code: $line', ({ code, data, line }) => {
    const query = decodeMessage(readPacket('a-with-edns'));
    const edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: true, options: [{ code, data }] };
    expect(formatMessage({ ...query, edns })).toContain(`; EDNS: version: 0, flags: do; udp: 1232\n${line}\n`);
  });

  test('is printable ASCII, whatever came over the network', () => {
    fc.assert(
      fc.property(message(), (any) => {
        expect(formatMessage(any)).toMatch(/^[\t\n\x20-\x7e]+$/);
      }),
    );
  });
});

describe('names of numbers', () => {
  test('every type has a name that reads back as it', () => {
    for (let type = 0; type <= 0xffff; type += 1) expect(parseType(typeName(type))).toBe(type);
  });

  test.each([
    { text: 'aaaa', type: 28 },
    { text: 'type65280', type: 65_280 },
    { text: 'TYPE1', type: 1 },
    { text: 'TYPE65536', type: undefined },
    { text: 'TYPE', type: undefined },
    { text: 'B', type: undefined },
    { text: 'constructor', type: undefined },
  ])('$text is type $type', ({ text, type }) => {
    expect(parseType(text)).toBe(type);
  });

  test('of classes, rcodes and opcodes', () => {
    expect([className(1), className(42)]).toEqual(['IN', 'CLASS42']);
    expect([rcodeName(3), rcodeName(16), rcodeName(4000)]).toEqual(['NXDOMAIN', 'BADVERS', 'RCODE4000']);
    expect([opcodeName(0), opcodeName(6)]).toEqual(['QUERY', 'OPCODE6']);
  });
});
