import type { Write } from './ledger.js';
import { compareText } from './order.js';
import type { ServiceRow } from './rows.js';

/** Touched by changes of services that also wake who waits for a service that is not there. */
export const ANY_SERVICE = 'any-service';
export const serviceKey = (name: string): string => `service/${name.toLowerCase()}`;
export const connectKey = (name: string): string => `connect/${name.toLowerCase()}`;

/**
 * Instances by what they are found under, each group with its index (http-api B2.2): the name of their service, and
 * for proxies and native instances also the service that they stand for in the mesh.
 */
export class ServiceGroups {
  readonly #rows = new Map<string, Set<ServiceRow>>();
  readonly #indexes = new Map<string, number>();
  #extinctionIndex = 0;

  /** The index of a group; of one that is not there, that of the last group that ceased to be. */
  index(key: string): number | undefined {
    return this.#indexes.get(key) ?? (this.#extinctionIndex || undefined);
  }

  /** What to wait on for news of a group. */
  wakeOn(key: string): readonly string[] {
    return this.#indexes.has(key) ? [key] : [key, ANY_SERVICE];
  }

  /** A group's instances, by node and then by id. */
  rows(key: string): readonly ServiceRow[] {
    return [...(this.#rows.get(key) ?? [])].sort(
      (a, b) => compareText(a.nodeName, b.nodeName) || compareText(a.id, b.id),
    );
  }

  /** The spelling under which each service was registered, with all its instances. */
  services(): readonly (readonly [name: string, instances: readonly ServiceRow[]])[] {
    return [...this.#rows].flatMap(([key, rows]) => {
      const [first] = rows;
      return first === undefined || key !== serviceKey(first.service) ? [] : [[first.service, [...rows]] as const];
    });
  }

  add(row: ServiceRow, write: Write): void {
    for (const key of groupsOf(row)) this.#rows.set(key, (this.#rows.get(key) ?? new Set()).add(row));
    this.touch(row, write);
  }

  remove(row: ServiceRow, write: Write): void {
    this.touch(row, write);
    for (const key of groupsOf(row)) {
      const group = this.#rows.get(key);
      group?.delete(row);
      if (group?.size !== 0) continue;
      this.#rows.delete(key);
      this.#indexes.delete(key);
      this.#extinctionIndex = write.index;
    }
  }

  /** Notes that an instance looks different now, be it for its node or its checks. */
  touch(row: ServiceRow, write: Write): void {
    for (const key of groupsOf(row)) {
      this.#indexes.set(key, write.index);
      write.touch(key);
    }
  }
}

function groupsOf(row: ServiceRow): readonly string[] {
  if (row.destination !== '') return [serviceKey(row.service), connectKey(row.destination)];
  return row.isConnectNative ? [serviceKey(row.service), connectKey(row.service)] : [serviceKey(row.service)];
}
