import { LRUCache } from 'lru-cache';
import { CatalogError } from '../catalog/catalog-error.js';
import { unlessAborted } from '../catalog/deadline.js';
import type { CatalogLookup, CatalogSource, ReadOptions, Rows } from '../catalog/source.js';
import type { Clock } from '../clock.js';
import { DependencyIndex } from '../compiled/dependency-index.js';
import type { Closable } from '../lifecycle.js';
import type { CatalogReply, CatalogRequest, Wanted } from './messages.js';
import { rowsKey } from './rows-key.js';

export interface RemoteCatalogOptions {
  readonly send: (message: CatalogRequest) => void;
  readonly clock: Clock;
}

interface Kept {
  readonly wanted: Wanted;
  readonly rows: Rows;
}

interface Flight {
  readonly key: string;
  readonly wanted: Wanted;
  readonly sentAt: number;
  readonly rows: Promise<Rows>;
  readonly resolve: (rows: Rows) => void;
  readonly reject: (error: Error) => void;
}

/** Room for the rows of 10,000 lookups with 5 instances each, some 50 MB. What is pushed out is asked for again. */
const MAX_KEPT = 10_000;
const MAX_KEPT_ROWS = 60_000;
const LOOK_OVER_MS = 1_000;
/** What the primary needs to ask Consul is half of it. */
const READ_MS = 3_000;
/** Uses told of per second; the others have to wait for the next one. */
const MAX_USED_TOLD = 2_000;

/**
 * The primary's catalog, seen from a worker.
 *
 * Rows that were read once are kept until the primary says that they are dropped. They are then read again when somebody
 * asks, not before: that costs the first question one trip to the primary, 0.1 ms or so, and keeps large services that
 * change all the time, and that no client of this worker wants, off the channel.
 *
 * It relies on the channel's order (`CatalogReply`) and on nothing else: rows are as good as the last message before them.
 */
export class RemoteCatalog implements CatalogSource, Closable {
  readonly #options: RemoteCatalogOptions;
  readonly #kept: LRUCache<string, Kept>;
  /** By their keys. */
  readonly #dependents = new DependencyIndex<string>();
  /** By the number of the read, oldest first. */
  readonly #flights = new Map<number, Flight>();
  readonly #flightOf = new Map<string, Flight>();
  readonly #used = new Set<Kept>();
  readonly #listeners = new Set<(entry: string) => void>();
  readonly #closing = new AbortController();
  readonly #lookingOver: Promise<void>;
  #lastRead = 0;

  constructor(options: RemoteCatalogOptions) {
    this.#options = options;
    this.#kept = new LRUCache({
      max: MAX_KEPT,
      maxSize: MAX_KEPT_ROWS,
      sizeCalculation: ({ rows }) => 1 + instancesIn(rows),
      dispose: (kept, key) => {
        this.#used.delete(kept);
        this.#dependents.remove(key, kept.rows.dependsOn);
      },
    });
    this.#lookingOver = this.#lookOver();
  }

  read(lookup: CatalogLookup, { signal, sourceAddress }: ReadOptions): Rows | Promise<Rows> {
    const wanted = { lookup, sourceAddress };
    const key = rowsKey(wanted);
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#used.add(kept);
      return kept.rows;
    }
    const flight = this.#flightOf.get(key) ?? this.#start(key, wanted);
    return unlessAborted(flight.rows, signal);
  }

  onChange(listener: (entry: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what the primary says. */
  receive(message: CatalogReply): void {
    switch (message.kind) {
      case 'rows':
        this.#accept(message.read, message.rows);
        return;
      case 'no-rows':
        this.#end(message.read)?.reject(errorOf(message));
        return;
      case 'dropped':
        this.#drop(message.entry);
    }
  }

  /** What waits for rows is rejected. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#failAll(new CatalogError('closed', 'Cannot read the catalog: it was closed'), Number.POSITIVE_INFINITY);
    await this.#lookingOver;
  }

  #start(key: string, wanted: Wanted): Flight {
    this.#lastRead += 1;
    const flight = { key, wanted, sentAt: this.#options.clock.now(), ...withResolvers<Rows>() };
    this.#flights.set(this.#lastRead, flight);
    this.#flightOf.set(key, flight);
    this.#options.send({ kind: 'read', read: this.#lastRead, wanted });
    return flight;
  }

  #accept(read: number, rows: Rows): void {
    const flight = this.#end(read);
    if (flight === undefined) return;
    this.#keep(flight, rows);
    flight.resolve(rows);
  }

  #keep({ key, wanted }: Flight, rows: Rows): void {
    // Nothing would ever call back rows that depend on nothing.
    if (rows.dependsOn.length === 0) return;
    this.#kept.set(key, { wanted, rows });
    // There may have been too many of them to be kept.
    if (this.#kept.has(key)) this.#dependents.add(key, rows.dependsOn);
  }

  #end(read: number): Flight | undefined {
    const flight = this.#flights.get(read);
    if (flight === undefined) return undefined;
    this.#flights.delete(read);
    this.#flightOf.delete(flight.key);
    return flight;
  }

  #drop(entry: string): void {
    for (const key of this.#dependents.of(entry)) this.#kept.delete(key);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Once a second: tells what was used, so that the primary keeps it current, and gives up on late reads. */
  async #lookOver(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(LOOK_OVER_MS, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#tellUsed();
      const late = new CatalogError('timeout', `Cannot read the catalog: no answer from its process in ${READ_MS} ms`);
      this.#failAll(late, clock.now() - READ_MS);
    }
  }

  #tellUsed(): void {
    const told: Wanted[] = [];
    for (const kept of this.#used) {
      if (told.length === MAX_USED_TOLD) break;
      this.#used.delete(kept);
      // Results of prepared queries are not kept current: they are run again when somebody asks.
      if (kept.wanted.lookup.kind !== 'prepared-query') told.push(kept.wanted);
    }
    if (told.length > 0) this.#options.send({ kind: 'used', wanted: told });
  }

  /** Ends the reads that were sent up to that time. */
  #failAll(error: CatalogError, sentUntil: number): void {
    for (const [read, { sentAt }] of this.#flights) {
      if (sentAt > sentUntil) return;
      this.#end(read)?.reject(error);
    }
  }
}

function instancesIn(rows: Rows): number {
  if (rows.kind === 'instances') return rows.instances.length;
  return rows.kind === 'prepared-query' ? (rows.result?.instances.length ?? 0) : 0;
}

function errorOf({ code, message }: Extract<CatalogReply, { kind: 'no-rows' }>): Error {
  return code === 'internal' ? new Error(message) : new CatalogError(code, message);
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): { rows: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const rows = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { rows, resolve, reject };
}
