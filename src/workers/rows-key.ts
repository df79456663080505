import type { Wanted } from './messages.js';

/**
 * What a lookup's rows are kept under: equal for lookups that have the same rows.
 *
 * Tags, ports and the part of the apex are left out: they pick from the rows, which is the answer's business, and clients
 * can make up as many of them as they like.
 */
export function rowsKey(wanted: Wanted): string {
  // Names may hold any character, so none is left to put between them.
  return JSON.stringify(whatDecides(wanted));
}

function whatDecides({ lookup, sourceAddress }: Wanted): readonly (string | undefined)[] {
  switch (lookup.kind) {
    case 'service':
      return [lookup.view, lookup.service, lookup.locality.datacenter, lookup.locality.peer];
    case 'virtual':
      return [lookup.kind, lookup.service, lookup.locality.datacenter, lookup.locality.peer];
    case 'node':
      return [lookup.kind, lookup.node, lookup.locality.datacenter, lookup.locality.peer];
    case 'prepared-query':
      return [lookup.kind, lookup.query, lookup.datacenter, sourceAddress];
    case 'reverse':
      return [lookup.kind, lookup.address];
    case 'apex':
      return [lookup.kind];
    case 'non-terminal':
      return [lookup.kind, lookup.datacenter];
  }
}
