import { absolute, isSubdomain, labels, lowerName } from '../wire/name.js';

/** A suffix we are authoritative for; names are absolute and in lower case. */
export type Zone =
  | { readonly kind: 'consul'; readonly name: string }
  | {
      readonly kind: 'reverse';
      readonly name: string;
      /** The primary zone of the names that addresses lead to. */
      readonly domain: string;
    };

/** Longest first. */
export type Zones = readonly Zone[];

export interface ZoneNames {
  readonly domain: string;
  readonly altDomain: string | undefined;
}

/** The zones for these settings, in any letter case, absolute or not. Throws WireError when one is no name. */
export function createZones({ domain, altDomain }: ZoneNames): Zones {
  const primary = lowerName(absolute(domain));
  const zones: Zone[] = [
    { kind: 'consul', name: primary },
    { kind: 'reverse', name: 'arpa.', domain: primary },
  ];
  if (altDomain !== undefined) zones.push({ kind: 'consul', name: lowerName(absolute(altDomain)) });
  return zones.sort((a, b) => labels(b.name).length - labels(a.name).length);
}

/** The zone a name is in: the longest one that is the name or a suffix of it, by labels, in any letter case. */
export function zoneOf(zones: Zones, qname: string): Zone | undefined {
  return zones.find(({ name }) => isSubdomain(qname, name));
}
