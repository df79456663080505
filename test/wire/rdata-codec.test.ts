import { describe, expect, test } from 'vitest';
import { RecordType } from '../../src/wire/constants.js';
import { encodeExtendedError } from '../../src/wire/extended-error.js';
import { decodeRdata, textStrings } from '../../src/wire/rdata-codec.js';
import { WireReader } from '../../src/wire/reader.js';

/** Reads data of a type that stands behind the name `a.b.` at byte 0 and before `61 00 00`. */
function read(type: number, hex: string) {
  const data = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const bytes = Buffer.concat([Buffer.from('0161016200', 'hex'), data, Buffer.from('610000', 'hex')]);
  return decodeRdata(type, new WireReader(bytes, 5), data.length);
}

const fullName = '01610162 00';

describe('names in the data of older types are written out (RFC 3597 section 4)', () => {
  test.each([
    { type: 'MB', hex: 'c000', full: fullName },
    { type: 'MINFO', hex: 'c000 0178c002', full: `${fullName} 0178016200` },
    { type: 'RP', hex: 'c000 00', full: `${fullName} 00` },
    { type: 'AFSDB', hex: '0001 c000', full: `0001 ${fullName}` },
    { type: 'RT', hex: '000a c000', full: `000a ${fullName}` },
    { type: 'SIG', hex: `${'11'.repeat(18)} c000 abcd`, full: `${'11'.repeat(18)} ${fullName} abcd` },
    { type: 'PX', hex: '0001 c000 c002', full: `0001 ${fullName} 016200` },
    { type: 'NXT', hex: 'c000 4000', full: `${fullName} 4000` },
    { type: 'NAPTR', hex: '0001 0002 0155 00 02 7e7e c000', full: `0001 0002 0155 00 02 7e7e ${fullName}` },
    { type: 'HINFO', hex: '02 c000 00', full: '02 c000 00' },
  ] as const)('$type', ({ type, hex, full }) => {
    const bytes = Uint8Array.from(Buffer.from(full.replaceAll(' ', ''), 'hex'));
    expect(read(RecordType[type], hex)).toEqual({ kind: 'opaque', bytes });
  });
});

describe("data that does not have its type's form is refused", () => {
  test.each([
    { type: 'A', hex: '0a0000', why: 'three bytes' },
    { type: 'AAAA', hex: '20010db8', why: 'four bytes' },
    { type: 'CNAME', hex: 'c000 00', why: 'a byte behind the name' },
    { type: 'MX', hex: '000a', why: 'no exchange' },
    { type: 'SRV', hex: '0001 0001 0050', why: 'no target' },
    { type: 'SOA', hex: 'c000 c000 00000001', why: 'one number of five' },
    { type: 'TXT', hex: '05 6161', why: 'a string longer than the record' },
    { type: 'NXT', hex: '01', why: 'a name longer than the record' },
    { type: 'PTR', hex: '01', why: 'a name longer than the record' },
    { type: 'NAPTR', hex: '0001 0002 09', why: 'a string longer than the record' },
  ] as const)('$type of $why', ({ type, hex }) => {
    expect(() => read(RecordType[type], hex)).toThrow(expect.objectContaining({ name: 'WireError' }));
  });

  test('a TXT record may have no strings', () => {
    expect(read(RecordType.TXT, '')).toEqual({ kind: 'TXT', strings: [] });
  });
});

describe('textStrings (D19)', () => {
  test.each([
    { text: '', lengths: [0] },
    { text: 'a=b', lengths: [3] },
    { text: 'x'.repeat(255), lengths: [255] },
    { text: 'x'.repeat(256), lengths: [255, 1] },
    { text: 'é'.repeat(300), lengths: [255, 255, 90] },
  ])('splits $text.length characters into $lengths bytes', ({ text, lengths }) => {
    const strings = textStrings(text);
    expect(strings.map(({ length }) => length)).toEqual(lengths);
    expect(Buffer.concat(strings).toString('utf8')).toBe(text);
  });
});

test('an extended error is its code and its text (RFC 8914)', () => {
  expect(encodeExtendedError({ infoCode: 22, text: 'ü' })).toEqual({
    code: 15,
    data: Uint8Array.of(0, 22, 0xc3, 0xbc),
  });
});
