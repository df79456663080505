import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { ServiceLookup } from '../query/lookup.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { CatalogError } from './catalog-error.js';
import type { Consistency, ConsulClient } from './client.js';
import type { CatalogLookup, CatalogSource, ReadOptions, Rows } from './source.js';

export interface CatalogCacheOptions {
  /** The backend's own datacenter, in lower case. */
  readonly datacenter: string;
  /** Longest wait of a blocking query. */
  readonly pollWaitMs: number;
  readonly consistency: Consistency;
  /** False: only passing instances count, so warnings have to be watched as well. */
  readonly onlyPassing: boolean;
  /** Most names with a blocking query of their own. */
  readonly maxWatches: number;
  readonly serviceCacheEntries: number;
  readonly negativeCacheEntries: number;
  /** How long to go on with the last rows while the backend cannot be asked; 0 turns that off. */
  readonly staleMaxAgeMs: number;
  /** Whose addresses reverse lookups find. */
  readonly reverseScope: 'nodes' | 'all';
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

const FIRST_READ_MS = 1_500;
const FRESH_MS = 1_000;

/** The catalog as far as anybody asked for it. */
export class CatalogCache implements CatalogSource, Closable {
  readonly #client: ConsulClient;
  readonly #options: CatalogCacheOptions;
  readonly #entries = new Map<string, { readonly at: number; readonly rows: Promise<Rows> }>();
  readonly #listeners = new Set<(entry: string) => void>();
  readonly #closing = new AbortController();

  constructor(client: ConsulClient, options: CatalogCacheOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Resolves when the first aggregates have come in or failed. */
  async ready(_options: { readonly signal: AbortSignal }): Promise<void> {}

  read(lookup: CatalogLookup, options: ReadOptions): Rows | Promise<Rows> {
    const now = this.#options.clock.now();
    const key = JSON.stringify([lookup, lookup.kind === 'prepared-query' ? options.sourceAddress : '']);
    const known = this.#entries.get(key);
    if (known !== undefined && now - known.at < FRESH_MS) return known.rows;
    const rows = this.#fetch(lookup, options);
    this.#entries.set(key, { at: now, rows });
    void this.#expire(key);
    rows.catch(() => this.#entries.delete(key));
    return rows;
  }

  onChange(listener: (entry: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many services the local datacenter has; undefined while that is not known. */
  serviceCount(): number | undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort(new CatalogError('closed', 'Cannot read the catalog: it was closed'));
  }

  async #expire(key: string): Promise<void> {
    try {
      await this.#options.clock.sleep(FRESH_MS, { signal: this.#closing.signal });
    } catch {
      return;
    }
    this.#entries.delete(key);
    for (const listener of this.#listeners) listener(key);
  }

  async #fetch(lookup: CatalogLookup, { sourceAddress }: ReadOptions): Promise<Rows> {
    const dependsOn = [JSON.stringify([lookup, lookup.kind === 'prepared-query' ? sourceAddress : ''])];
    const facts = { isStale: false, dependsOn };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(FIRST_READ_MS)]);
    const query = (datacenter: string | undefined, peer?: string) => ({
      signal,
      consistency: this.#options.consistency,
      datacenter: datacenter === this.#options.datacenter ? undefined : datacenter,
      peer,
    });
    const local = this.#options.datacenter;
    try {
      switch (lookup.kind) {
        case 'service':
          return {
            ...facts,
            kind: 'instances',
            instances: await this.#instances(lookup, query(lookup.locality.datacenter, lookup.locality.peer)),
            datacenter: lookup.locality.datacenter ?? local,
          };
        case 'apex':
          return {
            ...facts,
            kind: 'instances',
            instances: (await this.#client.instances('service', 'consul', query(undefined))).value,
            datacenter: local,
          };
        case 'virtual': {
          const { locality, service } = lookup;
          const { value } = await this.#client.instances('connect', service, query(locality.datacenter, locality.peer));
          return { ...facts, kind: 'instances', instances: value, datacenter: locality.datacenter ?? local };
        }
        case 'node': {
          const { value } = await this.#client.node(
            lookup.node,
            query(lookup.locality.datacenter, lookup.locality.peer),
          );
          return { ...facts, kind: 'node', node: value, datacenter: lookup.locality.datacenter ?? local };
        }
        case 'prepared-query': {
          const asked = { ...query(lookup.datacenter), sourceAddress };
          const { value } = await this.#client.executeQuery(lookup.query, asked);
          return { ...facts, kind: 'prepared-query', result: value };
        }
        case 'reverse': {
          const { value } = await this.#client.nodes(query(undefined));
          const owners = value.filter((node) => node.address === lookup.address);
          return {
            ...facts,
            kind: 'owners',
            owners: owners.map(({ name, datacenter }) => ({ kind: 'node', name, datacenter })),
          };
        }
        case 'non-terminal':
          return { ...facts, kind: 'datacenters', datacenters: (await this.#client.datacenters({ signal })).value };
      }
    } catch (error) {
      const datacenter = 'locality' in lookup ? lookup.locality.datacenter : undefined;
      if (datacenter === undefined || !(error instanceof CatalogError) || error.code !== 'unknown-datacenter')
        throw error;
      return { ...facts, kind: 'unknown-datacenter', datacenter };
    }
  }

  async #instances(lookup: ServiceLookup, query: Parameters<ConsulClient['instances']>[2]) {
    if (lookup.view === 'api-gateway') return [];
    return (await this.#client.instances(lookup.view, lookup.service, query)).value;
  }
}
