import type { CatalogLookup, CatalogSource, ReadOptions, Rows } from '../../src/catalog/source.js';
import type { Wanted } from '../../src/workers/messages.js';

export const BACKEND = 'backend/dc1';

export function service(name: string, over: Partial<Extract<CatalogLookup, { kind: 'service' }>> = {}): CatalogLookup {
  const locality = { datacenter: undefined, peer: undefined };
  return { kind: 'service', view: 'service', service: name, tag: undefined, portName: undefined, locality, ...over };
}

export function wanted(lookup: CatalogLookup): Wanted {
  return { lookup, sourceAddress: '127.0.0.1' };
}

export function entryOf(name: string): string {
  return `service/dc1/${name}`;
}

/** Rows of a service; where a datacenter's name would stand, they tell which versions of their entries they show. */
export function rowsOf(name: string, versions: readonly [own: number, backend: number] = [0, 0]): Rows {
  const dependsOn = [entryOf(name), BACKEND];
  return { kind: 'instances', instances: [], datacenter: versions.join(' '), isStale: false, dependsOn };
}

/** The version that rows show of each entry they depend on. */
export function versionsIn(rows: Rows): ReadonlyMap<string, number> {
  if (rows.kind !== 'instances') throw new Error(`There are no versions in ${rows.kind}`);
  const versions = rows.datacenter.split(' ').map(Number);
  return new Map(rows.dependsOn.map((entry, index) => [entry, versions[index] ?? 0]));
}

/** A catalog of services whose entries change when told to. */
export class VersionedCatalog implements CatalogSource {
  /** The lookups that were read, oldest first. */
  readonly reads: CatalogLookup[] = [];
  /** Reads that begin now wait for `settle`. */
  isSlow = false;
  readonly #first: number;
  readonly #versions = new Map<string, number>();
  readonly #listeners = new Set<(entry: string) => void>();
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** Versions count from `first`. */
  constructor(first = 0) {
    this.#first = first;
  }

  read(lookup: CatalogLookup, _options: ReadOptions): Rows | Promise<Rows> {
    if (lookup.kind !== 'service') throw new Error(`There is no ${lookup.kind} here`);
    this.reads.push(lookup);
    const rows = this.rows(lookup.service);
    if (!this.isSlow) return rows;
    // As they were when the read began: the oldest that a backend may give.
    return new Promise((resolve, reject) => this.#waiting.push({ resolve: () => resolve(rows), reject }));
  }

  onChange(listener: (entry: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  rows(name: string): Rows {
    return rowsOf(name, [this.versionOf(entryOf(name)), this.versionOf(BACKEND)]);
  }

  versionOf(entry: string): number {
    return this.#versions.get(entry) ?? this.#first;
  }

  change(entry: string): void {
    this.#versions.set(entry, this.versionOf(entry) + 1);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Ends the oldest read that waits. */
  settle(error?: Error): void {
    const waiting = this.#waiting.shift();
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(error);
  }

  settleAll(error?: Error): void {
    while (this.#waiting.length > 0) this.settle(error);
  }
}
