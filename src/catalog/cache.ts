import { setMaxListeners } from 'node:events';
import type { Closable } from '../lifecycle.js';
import type { NodeLookup, PreparedQueryLookup, ServiceLookup, VirtualLookup } from '../query/lookup.js';
import { readBehindGateways } from './behind-gateways.js';
import { CatalogError } from './catalog-error.js';
import type { ConsulClient } from './client.js';
import type { DatacenterCatalog } from './datacenter-catalog.js';
import { unlessAborted } from './deadline.js';
import type { ServiceRead } from './entry-keys.js';
import { HotNames } from './hot-names.js';
import { type MaybePromise, mapMaybe, recoverMaybe } from './maybe-promise.js';
import { OpenDatacenters } from './open-datacenters.js';
import { readOwners } from './owners.js';
import type { CatalogCacheOptions, CatalogParts, CatalogSettings } from './parts.js';
import { PreparedQueries, type QueryRead } from './prepared-queries.js';
import { rereadEveryMs } from './reread-pace.js';
import { Slots } from './slots.js';
import type { CatalogLookup, CatalogSource, ReadOptions, Rows } from './source.js';
import { Timers } from './timers.js';
import { TokenBucket } from './token-bucket.js';

/** What the cache holds at this moment. */
export interface CatalogStats {
  /** Names with rows, over all datacenters in use. */
  readonly entries: number;
  /** Names known to have none. */
  readonly negativeEntries: number;
  /** Names that may have changed and wait to be read again. */
  readonly waiting: number;
  /** Blocking queries, those over whole datacenters included. */
  readonly watches: number;
  /** Sockets to the backend. */
  readonly connections: number;
  /** Why the last attempt to ask the local datacenter's backend failed; undefined once one succeeded again. */
  readonly downBy: CatalogError | undefined;
  /** True while rows of the local datacenter are the last that the backend gave before it went away. */
  readonly isStale: boolean;
}

const PARALLEL_READS = 16;
const MAX_WAITING_READS = 512;
const REREAD_BURST = 200;
const SWEEP_EVERY_MS = 1_000;
/** Requests that blocking queries of single names must leave room for: reads, and the aggregates of some datacenters. */
const RESERVED_REQUESTS = PARALLEL_READS + 12;

/** The catalog, as far as anybody asked for it, kept current by blocking queries and served stale in an outage. */
export class CatalogCache implements CatalogSource, Closable {
  readonly #parts: CatalogParts;
  readonly #datacenters: OpenDatacenters;
  readonly #queries: PreparedQueries;
  readonly #listeners = new Set<(entry: string) => void>();
  readonly #closing = new AbortController();
  #settings: CatalogSettings;
  readonly #sweeping: Promise<void>;

  /** Starts to read at once. The client stays the caller's to close. */
  constructor(client: ConsulClient, options: CatalogCacheOptions) {
    const { clock, maxWatches } = options;
    // Every read and every wait under way listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#settings = options;
    this.#parts = {
      ...options,
      settings: () => this.#settings,
      client,
      reads: new Slots({ limit: PARALLEL_READS, maxWaiting: MAX_WAITING_READS }),
      rereads: new TokenBucket({ burst: REREAD_BURST, refillMs: rereadEveryMs(0), clock }),
      hotNames: new HotNames({
        limit: () => Math.max(0, Math.min(maxWatches, client.capacity - RESERVED_REQUESTS)),
        clock,
      }),
      timers: new Timers(clock),
      signal: this.#closing.signal,
      announce: (entry) => {
        for (const listener of this.#listeners) listener(entry);
      },
    };
    this.#datacenters = new OpenDatacenters(this.#parts);
    this.#queries = new PreparedQueries({ ...this.#parts, confidence: this.#datacenters.local.confidence });
    this.#sweeping = this.#sweepOn();
  }

  /** Resolves when the local datacenter's aggregates were read, or failed, once; or when the signal is aborted. */
  async ready({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await unlessAborted(this.#datacenters.local.loaded, signal).catch(() => {});
  }

  /** The services of the local datacenter, in lower case; undefined while they are not known. */
  serviceNames(): ReadonlySet<string> | undefined {
    return this.#datacenters.local.serviceNames;
  }

  stats(): CatalogStats {
    const { client, hotNames } = this.#parts;
    const { local, open } = this.#datacenters;
    const sum = (count: (catalog: DatacenterCatalog) => number): number =>
      open.reduce((total, catalog) => total + count(catalog), 0);
    return {
      entries: sum((catalog) => catalog.entryCount),
      negativeEntries: sum((catalog) => catalog.negativeCount),
      waiting: sum((catalog) => catalog.waitingCount),
      watches: sum((catalog) => catalog.watchCount) + hotNames.size,
      connections: client.openSockets,
      downBy: local.confidence.downBy,
      isStale: local.confidence.isCutOff,
    };
  }

  read(lookup: CatalogLookup, options: ReadOptions): Rows | Promise<Rows> {
    try {
      const rows = this.#read(lookup, options);
      return rows instanceof Promise ? unlessAborted(rows, options.signal) : rows;
    } catch (error) {
      // One way to fail is enough for whoever reads.
      return Promise.reject(error);
    }
  }

  onChange(listener: (entry: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Goes on with other settings, and with all that is known. */
  update(settings: CatalogSettings): void {
    const isOtherAge = settings.queryMaxAgeMs !== this.#settings.queryMaxAgeMs;
    this.#settings = settings;
    if (isOtherAge) this.#queries.startOver();
  }

  /** Reads everything again: who asks has changed, and may see other rows. What is known stays until then. */
  startOver(): void {
    this.#parts.hotNames.dropAll();
    for (const catalog of this.#datacenters.open) catalog.startOver();
    this.#queries.startOver();
  }

  /** Ends all blocking queries and reads; what waits for rows is rejected. */
  async close(): Promise<void> {
    this.#closing.abort(new CatalogError('closed', 'Cannot read the catalog: it was closed'));
    this.#parts.timers.clear();
    await Promise.all([this.#datacenters.close(), this.#parts.hotNames.close(), this.#sweeping]);
  }

  #read(lookup: CatalogLookup, { sourceAddress }: ReadOptions): MaybePromise<Rows> {
    switch (lookup.kind) {
      case 'service':
        return this.#readService(lookup);
      case 'virtual':
        return this.#readVirtual(lookup);
      case 'apex':
        return readInstances(this.#datacenters.local, { view: 'service', service: 'consul', peer: undefined });
      case 'node':
        return this.#readNode(lookup);
      case 'prepared-query':
        return this.#readQuery(lookup, sourceAddress);
      case 'reverse':
        return this.#readOwners(lookup.address);
      case 'non-terminal':
        return this.#readDatacenters(lookup.datacenter);
    }
  }

  #readService({ view, service, locality }: ServiceLookup): MaybePromise<Rows> {
    return this.#datacenters.in(locality.datacenter, (catalog) => {
      if (view === 'api-gateway') return readBehindGateways(service, catalog);
      return readInstances(catalog, { view, service, peer: locality.peer });
    });
  }

  /** The virtual address stands with mesh-capable instances; the others show that the service exists without one. */
  #readVirtual({ service, locality: { datacenter, peer } }: VirtualLookup): MaybePromise<Rows> {
    return this.#datacenters.in(datacenter, (catalog) =>
      mapMaybe(readInstances(catalog, { view: 'connect', service, peer }), (meshed) => {
        if (meshed.kind !== 'instances' || meshed.instances.length > 0) return meshed;
        return mapMaybe(readInstances(catalog, { view: 'service', service, peer }), (plain) => ({
          ...plain,
          dependsOn: [...plain.dependsOn, ...meshed.dependsOn],
        }));
      }),
    );
  }

  #readNode({ node, locality }: NodeLookup): MaybePromise<Rows> {
    return this.#datacenters.in(locality.datacenter, (catalog) =>
      mapMaybe(catalog.node(node, locality.peer), ({ value, isStale }) => ({
        kind: 'node',
        node: value,
        datacenter: catalog.name,
        isStale,
        dependsOn: [catalog.keys.node(node, locality.peer), catalog.keys.backend],
      })),
    );
  }

  #readQuery({ query, datacenter: named }: PreparedQueryLookup, sourceAddress: string): MaybePromise<Rows> {
    const { local } = this.#datacenters;
    const datacenter = named === undefined || named === local.name ? local.requested : named;
    const read: QueryRead = { query, datacenter, sourceAddress };
    const attempt = (): MaybePromise<Rows> =>
      mapMaybe(this.#queries.read(read), ({ value, isStale }) => ({
        kind: 'prepared-query',
        result: value,
        isStale,
        dependsOn: [this.#queries.keyOf(read), local.keys.backend],
      }));
    return recoverMaybe(attempt, (error) => this.#datacenters.rowsOfUnknown(datacenter, error));
  }

  async #readOwners(address: string): Promise<Rows> {
    const { local } = this.#datacenters;
    const { owners, isStale, dependsOn } = await readOwners(address, local, this.#parts);
    return { kind: 'owners', owners, isStale, dependsOn: [...dependsOn, local.keys.reverse, local.keys.backend] };
  }

  #readDatacenters(wanted: string): MaybePromise<Rows> {
    const { local, known } = this.#datacenters;
    if (wanted === local.name) {
      return { kind: 'datacenters', datacenters: [local.name], isStale: false, dependsOn: [] };
    }
    return mapMaybe(known.list(), (datacenters) => ({
      kind: 'datacenters',
      datacenters,
      isStale: false,
      dependsOn: [known.listKey],
    }));
  }

  async #sweepOn(): Promise<void> {
    const { clock, signal, hotNames, rereads, metrics } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(SWEEP_EVERY_MS, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.#datacenters.sweep();
      hotNames.sweep();
      const { entries, negativeEntries, waiting, watches } = this.stats();
      rereads.refillMs = rereadEveryMs(waiting, rereads.refillMs);
      metrics.watches.set(watches);
      metrics.cacheEntries.set({ cache: 'services' }, entries);
      metrics.cacheEntries.set({ cache: 'negatives' }, negativeEntries);
    }
  }
}

function readInstances(catalog: DatacenterCatalog, read: ServiceRead): MaybePromise<Rows> {
  return mapMaybe(catalog.service(read), ({ value, isStale }) => ({
    kind: 'instances',
    instances: value,
    datacenter: catalog.name,
    isStale,
    dependsOn: [catalog.keys.service(read), catalog.keys.backend],
  }));
}
