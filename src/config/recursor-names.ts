import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatHostPort, parseHostIp, type RecursorAddress } from './addresses.js';
import type { ConfigProblem } from './config-error.js';
import type { Origins } from './layer.js';

/** The addresses of a host name, IPv4 first. Rejects when there are none. */
export type LookUp = (host: string) => Promise<readonly string[]>;

export interface KnownRecursors {
  /** With IP addresses alone, none twice. */
  readonly recursors: readonly RecursorAddress[];
  readonly problems: readonly ConfigProblem[];
}

/**
 * Recursors by their addresses: one that is given by its host name has the name's first. That is asked once, at the start
 * and at each reload (dns-behaviour 14.7), and of the system: of us it could not be asked.
 */
export async function findRecursors(
  recursors: readonly RecursorAddress[],
  origins: Origins,
  lookUp: LookUp = lookUpInSystem,
): Promise<KnownRecursors> {
  const problems: ConfigProblem[] = [];
  const find = async ({ host, port }: RecursorAddress): Promise<RecursorAddress | undefined> => {
    if (isIP(host) !== 0) return { host, port };
    const [first = ''] = await lookUp(host).catch(() => []);
    const ip = parseHostIp(first);
    if (ip !== undefined) return { host: ip, port };
    const where = origins.recursors ?? 'recursors';
    problems.push({ code: 'bad-value', where, message: `"${host}" has no address that the system knows` });
    return undefined;
  };
  const found = (await Promise.all(recursors.map(find))).filter((recursor) => recursor !== undefined);
  const distinct = new Map(found.map((recursor) => [formatHostPort(recursor.host, recursor.port), recursor]));
  return { recursors: [...distinct.values()], problems };
}

async function lookUpInSystem(host: string): Promise<readonly string[]> {
  const found = await systemLookup(host, { all: true });
  return found.sort((a, b) => a.family - b.family).map(({ address }) => address);
}
