import { CatalogCache } from './catalog/cache.js';
import { ConsulClient } from './catalog/client.js';
import { unlessAborted, withDeadline } from './catalog/deadline.js';
import { backoffMs } from './catalog/next-index.js';
import { readDatacenter } from './catalog/own-datacenter.js';
import type { CatalogSettings } from './catalog/parts.js';
import type { Clock } from './clock.js';
import type { Credentials } from './config/credentials.js';
import type { Config } from './config/settings.js';
import { CurrentCatalog } from './current-catalog.js';
import { type Closable, CloseStack } from './lifecycle.js';
import type { Log } from './telemetry/log.js';
import type { Metrics } from './telemetry/metrics.js';
import { Token } from './token.js';

export interface WatchingDeps {
  /** What the files that the configuration names hold. */
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called when another catalog has taken the place of `catalog`, before the old one is closed. */
  readonly onReplaced: () => void;
}

/** How long a start and a reload wait for Consul. Without it the server goes on all the same, and catches up later. */
const PATIENCE_MS = 3_000;
/** What Consul itself calls a datacenter that nobody gave a name. */
const DEFAULT_DATACENTER = 'dc1';

/** Client and catalog: the side of the server that Consul sees. */
export class WatchingSide implements Closable {
  readonly #deps: WatchingDeps;
  readonly #client: ConsulClient;
  readonly #stopping = new AbortController();
  readonly #owned = new CloseStack();
  readonly #token: Token;
  readonly #current: CurrentCatalog;
  #config: Config;
  #datacenter: string;

  /** Starts to read at once. */
  constructor(config: Config, deps: WatchingDeps) {
    this.#deps = deps;
    this.#config = config;
    this.#datacenter = config.datacenter ?? DEFAULT_DATACENTER;
    this.#token = this.#owned.add(
      new Token(config, deps.credentials.token, {
        clock: deps.clock,
        log: deps.log.child({ part: 'token' }),
        onChange: () => this.#current.startOver(),
      }),
    );
    this.#client = this.#owned.add(this.#createClient(deps.credentials));
    this.#current = this.#owned.add(new CurrentCatalog(this.#createCatalog(), deps));
    this.#owned.add({ close: async () => this.#stopping.abort(new Error('The server was closed')) });
  }

  get catalog(): CatalogCache {
    return this.#current.value;
  }

  /** The backend's own datacenter; the usual name while it is not known. */
  get datacenter(): string {
    return this.#datacenter;
  }

  /** Resolves when there are rows to answer with, or when Consul has had time enough. */
  async ready(): Promise<void> {
    if (this.#config.datacenter === undefined) await this.#learnDatacenter();
    await this.#patiently((signal) => this.catalog.ready({ signal }));
  }

  async update(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    this.#current.update(catalogSettingsOf(config));
    await this.#token.update(config);
    if (catalogScope(before) !== catalogScope(config)) await this.#replaceCatalog();
  }

  close(): Promise<void> {
    return this.#owned.close();
  }

  #createClient({ ca, clientCert, clientKey }: Credentials): ConsulClient {
    const config = this.#config;
    const { clock, log, metrics } = this.#deps;
    return new ConsulClient({
      addresses: config.httpAddr,
      useTls: config.httpSsl,
      tls: {
        ca,
        cert: clientCert,
        key: clientKey,
        servername: config.tlsServerName,
        verify: config.httpSslVerify,
      },
      token: () => this.#token.value,
      onForbidden: () => void this.#token.refresh(),
      basicAuth: config.httpAuth,
      namespace: config.namespace,
      partition: config.partition,
      maxStaleMs: () => this.#config.maxStaleMs,
      maxConnections: config.maxConnections,
      clock,
      log: log.child({ part: 'backend' }),
      metrics,
    });
  }

  #createCatalog(): CatalogCache {
    const config = this.#config;
    const { clock, random, log, metrics } = this.#deps;
    return new CatalogCache(this.#client, {
      ...catalogSettingsOf(config),
      datacenter: this.#datacenter,
      namesDatacenter: config.datacenter !== undefined,
      pollWaitMs: config.pollWaitMs,
      consistency: config.consistency,
      onlyPassing: config.onlyPassing,
      maxWatches: config.maxWatches,
      serviceCacheEntries: config.serviceCacheEntries,
      negativeCacheEntries: config.negativeCacheEntries,
      clock,
      random,
      log: log.child({ part: 'catalog' }),
      metrics,
    });
  }

  /** Resolves when a catalog with the settings of now is in use, or will be once Consul can be asked. */
  #replaceCatalog(): Promise<void> {
    const replaced = this.#current.replaceBy(this.#createCatalog());
    return this.#patiently((signal) => unlessAborted(replaced, signal)).catch(() => undefined);
  }

  /**
   * Asks Consul which datacenter is its own. While it does not say, the usual name stands in: nothing is answered under
   * it that has to be taken back, for until Consul can be asked there are no rows.
   */
  async #learnDatacenter(): Promise<void> {
    const found = await this.#patiently((signal) => readDatacenter(this.#client, signal)).then(
      (name) => name ?? new Error('the token may read neither the agent nor nodes'),
      (error: Error) => error,
    );
    if (typeof found === 'string') return this.#useDatacenter(found);
    this.#deps.log.warn('datacenter not known yet', { assumed: this.#datacenter, reason: found.message });
    this.#keepAsking().catch(() => undefined);
  }

  async #keepAsking(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, random } = this.#deps;
    for (let failures = 1; !signal.aborted; failures += 1) {
      await clock.sleep(backoffMs(failures, random), { signal });
      const name = await readDatacenter(this.#client, signal).catch(() => undefined);
      if (name !== undefined) return this.#useDatacenter(name);
    }
  }

  async #useDatacenter(name: string): Promise<void> {
    if (name === this.#datacenter) return;
    this.#datacenter = name;
    await this.#replaceCatalog();
  }

  /** With a signal that is aborted when it takes too long. */
  #patiently<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#deps;
    return withDeadline(task, { ms: PATIENCE_MS, signal: this.#stopping.signal, clock, what: 'the catalog' });
  }
}

/** What a catalog takes over under way. */
function catalogSettingsOf({ staleMaxAgeMs, reverseScope, useCache, cacheMaxAgeMs }: Config): CatalogSettings {
  return { staleMaxAgeMs, reverseScope, queryMaxAgeMs: useCache && cacheMaxAgeMs > 0 ? cacheMaxAgeMs : undefined };
}

/** The settings that a catalog is made with; when one changes, the catalog is made anew. */
function catalogScope(config: Config): string {
  const { onlyPassing, consistency } = config;
  return JSON.stringify([onlyPassing, consistency]);
}
