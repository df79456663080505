/** IP addresses as text, as bytes and as names. Text means no zone, no port, no prefix length. */
import { labels } from './name.js';

export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
}

/**
 * An address from its text; undefined when it is none. IPv4-mapped text (`::ffff:10.0.0.1`) counts as IPv4, as Consul
 * has it: the same host must not be an A record under one spelling and an AAAA record under the other.
 */
export function parseIp(text: string): IpAddress | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { family: 4, bytes: v4 };
  const v6 = parseIpv6(text);
  if (v6 === undefined) return undefined;
  return isMapped(v6) ? { family: 4, bytes: v6.slice(12) } : { family: 6, bytes: v6 };
}

/** Four decimal octets without leading zeros, or undefined. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  return parseIpv4Into(text, bytes, 0) ? bytes : undefined;
}

/** Eight groups, `::` once at most, the last two groups as IPv4 if liked (RFC 4291 section 2.2), or undefined. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length < 2 || text.length > 45 || !text.includes(':')) return undefined;
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const bytes = new Uint8Array(16);
  if (tail === undefined) return writeGroups(head, bytes) === 16 ? bytes : undefined;
  const headBytes = writeGroups(head, bytes, { mayEndInIpv4: false });
  if (headBytes < 0) return undefined;
  const tailBytes = new Uint8Array(16);
  const tailLength = writeGroups(tail, tailBytes);
  // The gap stands for at least one group.
  if (tailLength < 0 || headBytes + tailLength > 14) return undefined;
  bytes.set(tailBytes.subarray(0, tailLength), 16 - tailLength);
  return bytes;
}

/** Canonical text: dotted quad, or RFC 5952 (mapped addresses with a dotted tail, section 5). Takes 4 or 16 bytes. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`;
  const groups: number[] = [];
  // 16 bytes, so both are there.
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at]! << 8) | bytes[at + 1]!);
  const gap = longestZeroRun(groups);
  if (gap.length < 2) return hexGroups(groups);
  return `${hexGroups(groups.slice(0, gap.start))}::${hexGroups(groups.slice(gap.start + gap.length))}`;
}

/** `10.0.0.1` to `1.0.0.10.in-addr.arpa.`, IPv6 to 32 nibbles under `ip6.arpa.`; undefined when it is no address. */
export function reverseName(address: string): string | undefined {
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  if (ip.family === 4) return `${[...ip.bytes].reverse().join('.')}.in-addr.arpa.`;
  return `${[...hex(ip.bytes)].reverse().join('.')}.ip6.arpa.`;
}

/** The address a reverse name spells, in canonical text; undefined for every other name, partial ones included. */
export function addressOfReverse(name: string): string | undefined {
  const parts = labels(name.toLowerCase());
  if (parts.pop() !== 'arpa') return undefined;
  const tree = parts.pop();
  parts.reverse();
  if (tree === 'in-addr' && parts.length === 4) {
    const bytes = parseIpv4(parts.join('.'));
    return bytes && formatIp(bytes);
  }
  if (tree === 'ip6' && parts.length === 32 && parts.every((nibble) => nibble.length === 1)) {
    return addressOfHexLabel(parts.join(''))?.address;
  }
  return undefined;
}

/** The label that spells an address in `addr` names: 8 or 32 lower-case hexadecimal digits; undefined for no address. */
export function hexLabel(address: string): string | undefined {
  const ip = parseIp(address);
  return ip && hex(ip.bytes);
}

/** What an `addr` label spells, its address in canonical text. 32 digits mean IPv6, be it mapped or not. */
export function addressOfHexLabel(label: string): { readonly family: 4 | 6; readonly address: string } | undefined {
  if ((label.length !== 8 && label.length !== 32) || !/^[0-9a-f]+$/i.test(label)) return undefined;
  return { family: label.length === 8 ? 4 : 6, address: formatIp(Buffer.from(label, 'hex')) };
}

/** Writes the octets at `offset`; false, with the bytes there undefined, when the text is no IPv4 address. */
function parseIpv4Into(text: string, bytes: Uint8Array, offset: number): boolean {
  let octet = -1;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit >= 0 && digit <= 9) {
      // A second digit behind a zero is a leading zero, which some read as octal.
      if (octet === 0) return false;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return false;
    } else {
      if (digit !== -2 || octet < 0 || count === 3) return false;
      bytes[offset + count] = octet;
      count += 1;
      octet = -1;
    }
  }
  if (count !== 3 || octet < 0) return false;
  bytes[offset + 3] = octet;
  return true;
}

/** Writes `a:b:...` and says how many bytes that took; -1 when the text is not that. */
function writeGroups(text: string, bytes: Uint8Array, { mayEndInIpv4 = true } = {}): number {
  if (text === '') return 0;
  const groups = text.split(':');
  if (groups.length > 8) return -1;
  let length = 0;
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      if (!mayEndInIpv4 || index !== groups.length - 1 || length > 12 || !parseIpv4Into(group, bytes, length))
        return -1;
      return length + 4;
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return -1;
    const value = Number.parseInt(group, 16);
    bytes[length] = value >> 8;
    bytes[length + 1] = value & 0xff;
    length += 2;
  }
  return length;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let at = 0; at < 10; at += 1) if (bytes[at] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}

function hexGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
