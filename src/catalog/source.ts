import type { Lookup } from '../query/lookup.js';
import type { Instance, Node, QueryResult } from './model.js';

/** The lookups that need the catalog; `address` lookups carry their answer with them. */
export type CatalogLookup = Exclude<Lookup, { kind: 'address' }>;

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Source of a prepared query (`Near: "_ip"`): the address in the client's ECS option, else the client's own. */
  readonly sourceAddress: string;
}

/**
 * The rows a lookup found. They are unfiltered: health, tags and order are the answer's business.
 *
 * `dependsOn` names the cache entries that the rows came from; an answer made of them is good until one changes.
 */
export type Rows = RowsFacts &
  (
    | { readonly kind: 'instances'; readonly instances: readonly Instance[]; readonly datacenter: string }
    | { readonly kind: 'node'; readonly node: Node | undefined; readonly datacenter: string }
    /** `undefined` result: there is no such query. */
    | { readonly kind: 'prepared-query'; readonly result: QueryResult | undefined }
    /** All owners of an address, nodes first. */
    | { readonly kind: 'owners'; readonly owners: readonly AddressOwner[] }
    | { readonly kind: 'datacenters'; readonly datacenters: readonly string[] }
    | { readonly kind: 'unknown-datacenter'; readonly datacenter: string }
  );

export interface RowsFacts {
  /** True while the backend cannot be asked and these are the last rows that it gave. */
  readonly isStale: boolean;
  readonly dependsOn: readonly string[];
}

export interface AddressOwner {
  readonly kind: 'node' | 'service';
  readonly name: string;
  readonly datacenter: string;
}

/** Where answers get their rows from. */
export interface CatalogSource {
  /**
   * The rows for a lookup: at once when they are known, as a promise when they must be fetched first.
   *
   * Fails with a `CatalogError` when the backend cannot be asked and nothing (recent enough) is known.
   */
  read(lookup: CatalogLookup, options: ReadOptions): Rows | Promise<Rows>;
  /** Calls back with the cache entry's name whenever rows that depend on it have changed; returns how to stop that. */
  onChange(listener: (entry: string) => void): () => void;
}
