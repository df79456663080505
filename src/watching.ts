import { CatalogCache } from './catalog/cache.js';
import { ConsulClient } from './catalog/client.js';
import { backoffMs } from './catalog/next-index.js';
import { readDatacenter } from './catalog/own-datacenter.js';
import type { Clock } from './clock.js';
import { type Credentials, readToken } from './config/credentials.js';
import type { Config } from './config/settings.js';
import { type Closable, CloseStack } from './lifecycle.js';
import type { Log } from './telemetry/log.js';
import type { Metrics } from './telemetry/metrics.js';

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

/** How long a start waits for Consul. Without it the server starts all the same, and catches up later. */
const START_PATIENCE_MS = 3_000;
/** What Consul itself calls a datacenter that nobody gave a name. */
const DEFAULT_DATACENTER = 'dc1';

/** Client and catalog: the side of the server that Consul sees. */
export class WatchingSide implements Closable {
  readonly #deps: WatchingDeps;
  readonly #client: ConsulClient;
  readonly #stopping = new AbortController();
  readonly #owned = new CloseStack();
  #config: Config;
  #token: string | undefined;
  #datacenter: string;
  #catalog: CatalogCache;
  #replacing: Promise<void> = Promise.resolve();

  /** Starts to read at once. */
  constructor(config: Config, deps: WatchingDeps) {
    this.#deps = deps;
    this.#config = config;
    this.#token = deps.credentials.token;
    this.#datacenter = config.datacenter ?? DEFAULT_DATACENTER;
    this.#client = this.#owned.add(this.#createClient(deps.credentials));
    this.#catalog = this.#createCatalog();
    this.#owned.add({ close: () => this.#catalog.close() });
    this.#owned.add({
      close: () => {
        this.#stopping.abort(new Error('The server was closed'));
        return this.#replacing;
      },
    });
  }

  get catalog(): CatalogCache {
    return this.#catalog;
  }

  /** The backend's own datacenter; the usual name while it is not known. */
  get datacenter(): string {
    return this.#datacenter;
  }

  /** Resolves when there are rows to answer with, or when Consul has had time enough. */
  async ready(): Promise<void> {
    if (this.#config.datacenter === undefined) await this.#learnDatacenter();
    await this.#catalog.ready({ signal: this.#patience() });
  }

  async update(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    await this.#readToken();
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
      token: () => this.#token,
      onForbidden: () => void this.#readToken(),
      basicAuth: config.httpAuth,
      namespace: config.namespace,
      partition: config.partition,
      maxStaleMs: config.maxStaleMs,
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
      datacenter: this.#datacenter,
      pollWaitMs: config.pollWaitMs,
      consistency: config.consistency,
      onlyPassing: config.onlyPassing,
      maxWatches: config.maxWatches,
      serviceCacheEntries: config.serviceCacheEntries,
      negativeCacheEntries: config.negativeCacheEntries,
      staleMaxAgeMs: config.staleMaxAgeMs,
      reverseScope: config.reverseScope,
      clock,
      random,
      log: log.child({ part: 'catalog' }),
      metrics,
    });
  }

  /** One after the other, so that each closes the one that it replaces. */
  #replaceCatalog(): Promise<void> {
    this.#replacing = this.#replacing.then(() => this.#replaceCatalogNow());
    return this.#replacing;
  }

  /** A new catalog takes the old one's place once it knows as much, or when waiting for that has taken long enough. */
  async #replaceCatalogNow(): Promise<void> {
    const old = this.#catalog;
    const fresh = this.#createCatalog();
    await fresh.ready({ signal: this.#patience() });
    if (this.#stopping.signal.aborted) return fresh.close();
    this.#catalog = fresh;
    this.#deps.onReplaced();
    await old.close();
  }

  /**
   * Asks Consul which datacenter is its own. While it does not say, the usual name stands in: nothing is answered under
   * it that has to be taken back, for until Consul can be asked there are no rows.
   */
  async #learnDatacenter(): Promise<void> {
    const name = await readDatacenter(this.#client, this.#patience()).catch((error: Error) => {
      this.#deps.log.warn('datacenter not known yet', { assumed: this.#datacenter, reason: error.message });
      return undefined;
    });
    if (name === undefined) this.#keepAsking().catch(() => undefined);
    else await this.#useDatacenter(name);
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

  /** An unreadable file leaves the token that worked so far. */
  async #readToken(): Promise<void> {
    const { token, tokenFile } = this.#config;
    if (tokenFile === undefined) {
      this.#token = token;
      return;
    }
    try {
      this.#token = await readToken(tokenFile);
    } catch (error) {
      this.#deps.log.warn('token file not read again', {
        tokenFile,
        reason: error instanceof Error ? error.message : error,
      });
    }
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_PATIENCE_MS)]);
  }
}

/** The settings that a catalog is made with; when one changes, the catalog is made anew. */
function catalogScope(config: Config): string {
  const { onlyPassing, consistency, pollWaitMs, maxWatches, staleMaxAgeMs, reverseScope } = config;
  const { serviceCacheEntries, negativeCacheEntries } = config;
  return JSON.stringify([
    [onlyPassing, consistency, pollWaitMs, maxWatches, staleMaxAgeMs, reverseScope],
    [serviceCacheEntries, negativeCacheEntries],
  ]);
}
