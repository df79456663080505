import type { Answer } from './answer.js';
import { CatalogError } from './catalog-error.js';
import { Entries, type Found } from './entries.js';
import type { EntryQuery, EntrySource } from './entry.js';
import type { ReaderParts } from './entry-reader.js';
import { type GatewayConfig, type GatewayConfigKind, gatewaysExposing } from './gateway-config.js';
import { allMaybe, type MaybePromise, mapMaybe } from './maybe-promise.js';
import type { CatalogParts } from './parts.js';

/** Undefined: the backend knows no entries of that kind. */
type Config = readonly GatewayConfig[] | undefined;

export interface ApiGatewaysOptions
  extends CatalogParts,
    Pick<ReaderParts<Config>, 'confidence' | 'onUnknownDatacenter'> {
  /** The datacenter's, in lower case. */
  readonly name: string;
  /** Undefined means the backend's own. */
  readonly remote: string | undefined;
}

/** Gateways, by name, and what else their finder came upon. */
export interface FoundGateways extends Found<readonly string[]> {
  readonly dependsOn: readonly string[];
}

/** A backend without API gateways (Consul before 1.15) will hardly be replaced by one with them. */
const NOT_OFFERED_MS = 10 * 60_000;
/** One for each kind. */
const MAX_ENTRIES = 3;

/** Which API gateways expose which services of one datacenter: their configuration, read when somebody asks for it. */
export class ApiGateways {
  readonly #options: ApiGatewaysOptions;
  readonly #entries: Entries<Config>;
  /** When to ask again for kinds that the backend does not know. */
  readonly #askAgainAt = new Map<GatewayConfigKind, number>();

  constructor(options: ApiGatewaysOptions) {
    this.#options = options;
    this.#entries = new Entries({
      ...options,
      serviceCacheEntries: MAX_ENTRIES,
      negativeCacheEntries: MAX_ENTRIES,
      // That there are no gateways is worth a blocking query, and good to know in an outage.
      isNegative: (config) => config === undefined,
      nodesOf: () => [],
      isWatchable: true,
    });
  }

  /** The gateways that expose a service, given in lower case. Throws or rejects with a `CatalogError`. */
  exposing(service: string): MaybePromise<FoundGateways> {
    return mapMaybe(this.#read('api-gateway'), (gateways) => {
      if (gateways.value.length === 0) return this.#found(service, [gateways], ['api-gateway']);
      return mapMaybe(allMaybe([() => this.#read('http-route'), () => this.#read('tcp-route')]), (routes) =>
        this.#found(service, [gateways, ...routes], ['api-gateway', 'http-route', 'tcp-route']),
      );
    });
  }

  /** Reads everything again: who asks has changed. */
  startOver(): void {
    for (const kind of this.#askAgainAt.keys()) this.#options.announce(this.#keyOf(kind));
    this.#askAgainAt.clear();
    this.#entries.markAll(this.#options.clock.now());
  }

  /** To be called about once a second. */
  sweep(): void {
    this.#entries.sweep();
  }

  /** Ends all blocking queries. */
  forgetAll(): void {
    this.#entries.forgetAll();
  }

  #found(
    service: string,
    parts: readonly Found<readonly GatewayConfig[]>[],
    kinds: readonly GatewayConfigKind[],
  ): FoundGateways {
    return {
      value: gatewaysExposing(
        service,
        parts.flatMap(({ value }) => value),
      ),
      isStale: parts.some(({ isStale }) => isStale),
      dependsOn: kinds.map((kind) => this.#keyOf(kind)),
    };
  }

  #read(kind: GatewayConfigKind): MaybePromise<Found<readonly GatewayConfig[]>> {
    const { clock, confidence } = this.#options;
    if (clock.now() < (this.#askAgainAt.get(kind) ?? 0)) return { value: [], isStale: confidence.isCutOff };
    return mapMaybe(
      this.#entries.read(this.#keyOf(kind), () => this.#sourceOf(kind)),
      ({ value = [], isStale }) => ({ value, isStale }),
    );
  }

  #keyOf(kind: GatewayConfigKind): string {
    return `${kind}/${this.#options.name}`;
  }

  #sourceOf(kind: GatewayConfigKind): EntrySource<Config> {
    return {
      key: this.#keyOf(kind),
      what: `the ${kind} entries`,
      isListed: () => false,
      // The aggregates do not tell of configuration.
      isVouchable: false,
      read: (query) => this.#readIfOffered(kind, query),
    };
  }

  async #readIfOffered(kind: GatewayConfigKind, query: EntryQuery): Promise<Answer<Config>> {
    const { announce, client, clock, log, remote, timers } = this.#options;
    try {
      return await client.gatewayConfig(kind, { ...query, datacenter: remote });
    } catch (error) {
      if (!(error instanceof CatalogError) || error.code !== 'not-found') throw error;
      log.debug('Consul knows no such configuration: nobody has such names', { kind, error: error.message });
      const now = clock.now();
      this.#askAgainAt.set(kind, now + NOT_OFFERED_MS);
      timers.after(NOT_OFFERED_MS, () => announce(this.#keyOf(kind)));
      return { index: undefined, value: undefined, fetchedAt: now, hasLeader: true, madeBy: '' };
    }
  }
}
