import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientSubnetOf, decodeClientSubnet, encodeClientSubnet } from '../../src/wire/client-subnet.js';
import { WireError } from '../../src/wire/error.js';
import { decodeMessage } from '../../src/wire/message.js';
import { readPacket } from '../support/packets.js';
import { ipv4, ipv6 } from './arbitraries.js';

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

describe('client subnet (RFC 7871)', () => {
  test.each([
    { hex: '0001 18 00 c00002', is: { family: 4, address: '192.0.2.0', sourcePrefix: 24, scopePrefix: 0 } },
    { hex: '0001 17 10 c00002', is: { family: 4, address: '192.0.2.0', sourcePrefix: 23, scopePrefix: 16 } },
    { hex: '0001 00 00', is: { family: 4, address: '0.0.0.0', sourcePrefix: 0, scopePrefix: 0 } },
    { hex: '0002 38 00 20010db8000100', is: { family: 6, address: '2001:db8:1::', sourcePrefix: 56, scopePrefix: 0 } },
    { hex: '0000 00 00', is: { family: 0, address: '', sourcePrefix: 0, scopePrefix: 0 } },
  ] as const)('$hex is $is.address/$is.sourcePrefix', ({ hex, is }) => {
    expect(decodeClientSubnet(bytes(hex))).toEqual(is);
    expect(encodeClientSubnet(is)).toEqual({ code: 8, data: bytes(hex) });
  });

  test.each([
    { hex: '', why: 'nothing' },
    { hex: '0001 18', why: 'half of its fixed part' },
    { hex: '0009 18 00 c00002', why: 'unknown family (C009)' },
    { hex: '0001 21 00 c000020100', why: 'prefix of 33 bits' },
    { hex: '0001 18 21 c00002', why: 'scope of 33 bits' },
    { hex: '0001 18 00 c000', why: 'address too short' },
    { hex: '0001 18 00 c0000201', why: 'address too long' },
    { hex: '0001 17 00 c00003', why: 'a bit behind the prefix' },
    { hex: '0000 08 00 0a', why: 'a prefix without a family' },
  ])('"$hex" is refused: $why', ({ hex }) => {
    expect(() => decodeClientSubnet(bytes(hex))).toThrow(
      expect.objectContaining({ name: 'WireError', code: 'bad-ecs' }),
    );
  });

  test('bits behind the prefix are not sent (RFC 7871 section 6)', () => {
    const subnet = { family: 4, address: '192.0.2.255', sourcePrefix: 23, scopePrefix: 0 } as const;
    expect(encodeClientSubnet(subnet).data).toEqual(bytes('0001 17 00 c00002'));
    expect(() => encodeClientSubnet({ ...subnet, address: '::1' })).toThrow(WireError);
    expect(() => encodeClientSubnet({ ...subnet, sourcePrefix: 33 })).toThrow(WireError);
  });

  test('what was encoded is what it was, cut to its prefix', () => {
    const v4 = fc.tuple(fc.constant(4 as const), ipv4, fc.nat({ max: 32 }));
    const v6 = fc.tuple(fc.constant(6 as const), ipv6, fc.nat({ max: 128 }));
    fc.assert(
      fc.property(fc.oneof(v4, v6), ([family, address, sourcePrefix]) => {
        const { data } = encodeClientSubnet({ family, address, sourcePrefix, scopePrefix: 0 });
        const decoded = decodeClientSubnet(data);
        expect(decoded).toMatchObject({ family, sourcePrefix });
        expect(encodeClientSubnet(decoded).data).toEqual(data);
      }),
    );
  });

  test('is found among the options of a message, decodable or not', () => {
    const subnetIn = (packet: string) => {
      const { edns } = decodeMessage(readPacket(packet));
      return edns && clientSubnetOf(edns);
    };
    expect(subnetIn('ecs-query')).toEqual({ family: 4, address: '192.0.2.0', sourcePrefix: 23, scopePrefix: 0 });
    expect(subnetIn('query-with-cookie')).toBeUndefined();
    expect(() => subnetIn('ecs-family-9')).toThrow(expect.objectContaining({ code: 'bad-ecs' }));
  });
});
