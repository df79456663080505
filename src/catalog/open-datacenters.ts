import type { Closable } from '../lifecycle.js';
import { CatalogError } from './catalog-error.js';
import { DatacenterCatalog } from './datacenter-catalog.js';
import { Datacenters } from './datacenters.js';
import { type MaybePromise, mapMaybe, recoverMaybe } from './maybe-promise.js';
import type { CatalogParts } from './parts.js';
import type { Rows } from './source.js';

const IDLE_MS = 10 * 60_000;
/** Each costs three or four blocking queries. */
const MAX_REMOTES = 16;

/** The datacenters being kept current: our own always, others from their first question until nobody asks any more. */
export class OpenDatacenters implements Closable {
  readonly local: DatacenterCatalog;
  readonly known: Datacenters;
  readonly #parts: CatalogParts;
  readonly #remotes = new Map<string, DatacenterCatalog>();
  readonly #ending = new Set<Promise<void>>();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
    this.known = new Datacenters(parts);
    this.local = new DatacenterCatalog({
      ...parts,
      name: parts.datacenter,
      isNamed: parts.namesDatacenter,
      // A wrong name of our own is for the log to tell.
      onUnknownDatacenter: () => {},
    });
  }

  get open(): readonly DatacenterCatalog[] {
    return [this.local, ...this.#remotes.values()];
  }

  /** What `read` finds in the datacenter of that name (lower case; undefined is our own), or that there is none. */
  in(name: string | undefined, read: (catalog: DatacenterCatalog) => MaybePromise<Rows>): MaybePromise<Rows> {
    if (name === undefined || name === this.local.name) return read(this.local);
    const attempt = (): MaybePromise<Rows> =>
      mapMaybe(this.known.isKnown(name), (isKnown) => (isKnown ? read(this.#remote(name)) : this.#unknownRows(name)));
    return recoverMaybe(attempt, (error) => this.rowsOfUnknown(name, error));
  }

  /** Rows that say so when the error does; throws the error otherwise. */
  rowsOfUnknown(name: string | undefined, error: unknown): Rows {
    if (name === undefined || !(error instanceof CatalogError) || error.code !== 'unknown-datacenter') throw error;
    this.known.noteUnknown(name);
    return this.#unknownRows(name);
  }

  /** To be called about once a second. */
  sweep(): void {
    const now = this.#parts.clock.now();
    this.known.sweep();
    this.local.sweep();
    for (const catalog of this.#remotes.values()) {
      if (now - catalog.usedAt >= IDLE_MS) this.#drop(catalog);
      else catalog.sweep();
    }
  }

  async close(): Promise<void> {
    for (const catalog of this.#remotes.values()) this.#drop(catalog);
    await Promise.all([this.local.close(), ...this.#ending]);
  }

  #remote(name: string): DatacenterCatalog {
    const open = this.#remotes.get(name);
    if (open !== undefined) return open;
    if (this.#remotes.size >= MAX_REMOTES) this.#dropLeastUsed();
    const catalog: DatacenterCatalog = new DatacenterCatalog({
      ...this.#parts,
      name,
      isNamed: true,
      onUnknownDatacenter: () => {
        this.known.noteUnknown(name);
        this.#drop(catalog);
      },
    });
    this.#remotes.set(name, catalog);
    return catalog;
  }

  #dropLeastUsed(): void {
    const [least] = [...this.#remotes.values()].sort((a, b) => a.usedAt - b.usedAt);
    if (least !== undefined) this.#drop(least);
  }

  #drop(catalog: DatacenterCatalog): void {
    if (this.#remotes.get(catalog.name) === catalog) this.#remotes.delete(catalog.name);
    const ended = catalog.close().finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  #unknownRows(name: string): Rows {
    return { kind: 'unknown-datacenter', datacenter: name, isStale: false, dependsOn: [this.known.keyOf(name)] };
  }
}
