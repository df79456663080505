import { EdnsOption } from './constants.js';
import type { Edns, EdnsOptionValue } from './edns.js';
import { WireError } from './error.js';
import { formatIp, parseIpv4, parseIpv6 } from './ip.js';

/** The network a resolver asks on behalf of (EDNS Client Subnet, RFC 7871 section 6). */
export interface ClientSubnet {
  /** 0 only where both prefixes are 0: "no address given", as dig's `+subnet=0` sends it. */
  readonly family: 0 | 4 | 6;
  /** In canonical text, bits behind the prefix zero; empty for family 0. */
  readonly address: string;
  readonly sourcePrefix: number;
  readonly scopePrefix: number;
}

/** The client subnet of a message, if it has one; throws WireError (`bad-ecs`) when it is malformed. */
export function clientSubnetOf(edns: Edns): ClientSubnet | undefined {
  const option = edns.options.find(({ code }) => code === EdnsOption.CLIENT_SUBNET);
  return option && decodeClientSubnet(option.data);
}

/** Throws WireError (`bad-ecs`) for what RFC 7871 section 7.2.1 wants answered with FORMERR. */
export function decodeClientSubnet(data: Uint8Array): ClientSubnet {
  const [high, low, sourcePrefix, scopePrefix] = data;
  if (high === undefined || low === undefined || sourcePrefix === undefined || scopePrefix === undefined) {
    throw malformed(`${data.length} bytes, at least 4 are needed`);
  }
  const family = familyOf((high << 8) | low);
  const addressBytes = family === 0 ? 0 : family === 4 ? 4 : 16;
  if (sourcePrefix > addressBytes * 8 || scopePrefix > addressBytes * 8) {
    throw malformed(`prefix lengths ${sourcePrefix} and ${scopePrefix} for addresses of ${addressBytes * 8} bits`);
  }
  const prefix = data.subarray(4);
  if (prefix.length !== Math.ceil(sourcePrefix / 8)) {
    throw malformed(`${prefix.length} bytes of address for a prefix length of ${sourcePrefix}`);
  }
  const sparse = sourcePrefix % 8;
  if (sparse !== 0 && ((prefix.at(-1) ?? 0) & (0xff >> sparse)) !== 0) {
    throw malformed(`address has bits behind its prefix length of ${sourcePrefix}`);
  }
  const bytes = new Uint8Array(addressBytes);
  bytes.set(prefix);
  return { family, address: family === 0 ? '' : formatIp(bytes), sourcePrefix, scopePrefix };
}

/** The option for a subnet. Bits of the address behind the prefix are left out. */
export function encodeClientSubnet({ family, address, sourcePrefix, scopePrefix }: ClientSubnet): EdnsOptionValue {
  const bytes = family === 0 ? new Uint8Array() : family === 4 ? parseIpv4(address) : parseIpv6(address);
  if (bytes === undefined || sourcePrefix > bytes.length * 8) {
    throw new WireError(
      'bad-address',
      `Cannot write client subnet "${address}/${sourcePrefix}": not of family ${family}`,
    );
  }
  const prefix = bytes.subarray(0, Math.ceil(sourcePrefix / 8));
  const sparse = sourcePrefix % 8;
  if (sparse !== 0) prefix[prefix.length - 1]! &= 0xff << (8 - sparse); // a sparse prefix has a last byte
  const wireFamily = family === 0 ? 0 : family === 4 ? 1 : 2;
  return {
    code: EdnsOption.CLIENT_SUBNET,
    data: Uint8Array.of(0, wireFamily, sourcePrefix, scopePrefix, ...prefix),
  };
}

/** IANA "Address Family Numbers". */
function familyOf(wireFamily: number): 0 | 4 | 6 {
  if (wireFamily === 0) return 0;
  if (wireFamily === 1) return 4;
  if (wireFamily === 2) return 6;
  throw malformed(`address family ${wireFamily} is unknown`);
}

function malformed(state: string): WireError {
  return new WireError('bad-ecs', `Cannot read client subnet: ${state}`);
}
