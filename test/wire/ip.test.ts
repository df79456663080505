import { isIP, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressOfHexLabel,
  addressOfReverse,
  formatIp,
  hexLabel,
  parseIp,
  parseIpv4,
  parseIpv6,
  reverseName,
} from '../../src/wire/ip.js';
import { ipv4, ipv6 } from './arbitraries.js';

describe('parseIp', () => {
  test.each([
    { text: '10.0.0.1', is: '10.0.0.1', why: 'IPv4' },
    { text: '2001:DB8::0001', is: '2001:db8::1', why: 'canonical form comes back' },
    { text: '1:0:0:2:0:0:0:3', is: '1:0:0:2::3', why: 'the longest run of zeros is left out' },
    { text: '1:0:0:2:3:0:0:4', is: '1::2:3:0:0:4', why: 'the first of two equal runs' },
    { text: '1:2:3:4:5:6:7::', is: '1:2:3:4:5:6:7:0', why: 'a single zero is written' },
    { text: '::', is: '::', why: 'all zeros' },
    { text: '64:ff9b::192.0.2.1', is: '64:ff9b::c000:201', why: 'dotted tail' },
    { text: '::ffff:10.0.0.1', is: '10.0.0.1', why: 'IPv4-mapped counts as IPv4 (7.4)' },
    { text: '::ffff:a00:1', is: '10.0.0.1', why: 'IPv4-mapped in hexadecimal as well' },
  ])('$text is $is ($why)', ({ text, is }) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip.bytes)).toBe(is);
    expect(ip?.family).toBe(isIP(is));
  });

  test.each([
    '',
    '10.0.0',
    '10.0.0.0.1',
    '10.0.0.256',
    '010.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1:53',
    '10.0.0.1/8',
    'fe80::1%eth0',
    '[::1]',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    ':1:2:3:4:5:6:7',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    'web.example',
  ])('"%s" is no address', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test('agrees with node:net on what is an address', () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789af:.::'), maxLength: 24 });
    fc.assert(
      fc.property(fc.oneof(near, ipv4, ipv6), (text) => {
        expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
        expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('and formatIp give the same bytes again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseIpv6(formatIp(bytes))).toEqual(bytes);
      }),
    );
  });

  test('formatIp writes IPv6 as URL does (an independent RFC 5952)', () => {
    const notMapped = ipv6.filter((address) => !address.includes('.'));
    fc.assert(
      fc.property(notMapped, (address) => {
        expect(new URL(`http://[${address}]/`).hostname).toBe(`[${address}]`);
      }),
    );
  });
});

describe('reverse names', () => {
  test.each([
    { name: '1.2.0.10.in-addr.arpa.', address: '10.0.2.1', why: 'octets backwards' },
    { name: '1.2.0.10.IN-ADDR.Arpa.', address: '10.0.2.1', why: 'in any letter case' },
    {
      name: '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6.arpa.',
      address: '2001:db8::1',
      why: '32 nibbles backwards',
    },
    { name: '0.10.in-addr.arpa.', address: undefined, why: 'partial (5.11.4)' },
    { name: '5.1.2.0.10.in-addr.arpa.', address: undefined, why: 'five octets' },
    { name: '01.2.0.10.in-addr.arpa.', address: undefined, why: 'leading zero' },
    { name: '256.2.0.10.in-addr.arpa.', address: undefined, why: 'octet above 255' },
    { name: '8.b.d.0.1.0.0.2.ip6.arpa.', address: undefined, why: 'eight nibbles' },
    { name: `${'00.'.repeat(32)}ip6.arpa.`, address: undefined, why: 'bytes, not nibbles' },
    { name: `${'g.'.repeat(32)}ip6.arpa.`, address: undefined, why: 'not hexadecimal' },
    { name: '1.2.0.10.in-addr.consul.', address: undefined, why: 'another tree' },
    { name: 'arpa.', address: undefined, why: 'the tree itself' },
    { name: '.', address: undefined, why: 'the root' },
  ])('$name spells $address ($why)', ({ name, address }) => {
    expect(addressOfReverse(name)).toBe(address);
  });

  test('spell the address they were made from', () => {
    const canonical = fc.oneof(ipv4, ipv6).filter((address) => !address.startsWith('::ffff:'));
    fc.assert(
      fc.property(canonical, (address) => {
        expect(addressOfReverse(reverseName(address) ?? '')).toBe(address);
      }),
    );
  });

  test('of mapped addresses are those of the IPv4 address', () => {
    expect(reverseName('::ffff:10.0.2.1')).toBe('1.2.0.10.in-addr.arpa.');
    expect(reverseName('web.example')).toBeUndefined();
  });
});

describe('labels of addr names (5.5, 6.2)', () => {
  test.each([
    { address: '10.0.2.255', label: '0a0002ff' },
    { address: '::ffff:10.0.2.255', label: '0a0002ff' },
    { address: '2001:db8::1', label: '20010db8000000000000000000000001' },
  ])('$address is $label', ({ address, label }) => {
    expect(hexLabel(address)).toBe(label);
  });

  test.each([
    { label: '0A0002ff', spells: { family: 4, address: '10.0.2.255' } },
    { label: '20010db8000000000000000000000001', spells: { family: 6, address: '2001:db8::1' } },
    { label: '00000000000000000000ffff0a000001', spells: { family: 6, address: '::ffff:10.0.0.1' } },
    { label: '0a0002f', spells: undefined },
    { label: '0a0002fff', spells: undefined },
    { label: '0a0002fg', spells: undefined },
  ])('$label spells $spells', ({ label, spells }) => {
    expect(addressOfHexLabel(label)).toEqual(spells);
  });
});
