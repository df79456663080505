import { BlockList, isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';

/** A network check costs a microsecond, as much as the rest of a cached answer; clients are few and come back. */
const REMEMBERED_CLIENTS = 4_096;

/**
 * Whether a client may use recursion (D12). Takes addresses, networks in CIDR form, and `any`; wrong ones throw.
 *
 * A client's address may carry an IPv6 zone (`fe80::1%eth0`), which plays no part, or be IPv4 mapped into IPv6, which
 * is looked up among the IPv4 networks.
 */
export function createRecursionAcl(allowRecursion: readonly string[]): (address: string) => boolean {
  if (allowRecursion.includes('any')) return () => true;
  const networks = new BlockList();
  for (const network of allowRecursion) addNetwork(networks, network);
  const verdicts = new LRUCache<string, boolean>({ max: REMEMBERED_CLIENTS });
  return (address) => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = networks.check(address, familyOf(address));
    verdicts.set(address, verdict);
    return verdict;
  };
}

function addNetwork(networks: BlockList, network: string): void {
  const [address = '', prefix, more] = network.split('/');
  const bits = Number(prefix);
  try {
    if (prefix === undefined) networks.addAddress(address, familyOf(address));
    else if (/^\d{1,3}$/.test(prefix) && more === undefined) networks.addSubnet(address, bits, familyOf(address));
    else throw new RangeError('prefix length is not a number');
  } catch (cause) {
    throw new TypeError(`Cannot allow recursion from "${network}": not an address or a network`, { cause });
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
