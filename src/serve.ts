import { setMaxListeners } from 'node:events';
import { CatalogCache } from './catalog/cache.js';
import { ConsulClient } from './catalog/client.js';
import { backoffMs } from './catalog/next-index.js';
import { readDatacenter } from './catalog/own-datacenter.js';
import { type Clock, systemClock } from './clock.js';
import { type Credentials, readToken } from './config/credentials.js';
import type { Config } from './config/settings.js';
import { createRecursionAcl } from './forward/allow.js';
import { Forwarder } from './forward/forwarder.js';
import { type Closable, CloseStack } from './lifecycle.js';
import { listenDns } from './listen/dns.js';
import type { ListenAddress } from './listen/listener.js';
import { createZones } from './query/zones.js';
import type { Respond } from './responder/respond.js';
import { createResponder } from './responder/responder.js';
import { answerPolicyOf, forwarderSettingsOf, listenLimitsOf } from './slices.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';

export interface ServerDeps {
  readonly log: Log;
  /** What the files that the configuration names hold. */
  readonly credentials: Credentials;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  /** From 0 up to but not including 1. */
  readonly random?: () => number;
}

/** A server that answers until it is closed. */
export interface RunningServer extends Closable {
  readonly addresses: readonly ListenAddress[];
  readonly metrics: Metrics;
  /** The services that the catalog holds, in lower case; undefined while they are not known. */
  services(): ReadonlySet<string> | undefined;
  /** Takes over the settings that can change under way; questions that are being answered keep the old ones. */
  reload(config: Config): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long a start waits for Consul. Without it the server starts all the same, and catches up later. */
const START_PATIENCE_MS = 3_000;
/** What Consul itself calls a datacenter that nobody gave a name. */
const DEFAULT_DATACENTER = 'dc1';

/**
 * Starts a DNS server in front of a Consul-compatible HTTP API. It answers when this resolves.
 *
 * Fails with a `ListenError` when an address cannot be bound; nothing is left open then. That Consul cannot be reached is
 * no failure.
 */
export async function startServer(config: Config, deps: ServerDeps): Promise<RunningServer> {
  const server = new Server(config, deps);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

class Server implements RunningServer {
  readonly metrics: Metrics;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #client: ConsulClient;
  readonly #forwarder: Forwarder;
  readonly #stopping = new AbortController();
  readonly #owned = new CloseStack();
  readonly #addresses: ListenAddress[] = [];
  #config: Config;
  #token: string | undefined;
  #datacenter: string;
  #catalog: CatalogCache;
  #respond: Respond;

  constructor(config: Config, { log, credentials, metrics, clock, random }: ServerDeps) {
    // Every question that waits listens for the end of the server.
    setMaxListeners(0, this.#stopping.signal);
    this.metrics = metrics ?? new Metrics();
    this.#log = log;
    this.#clock = clock ?? systemClock;
    this.#random = random ?? Math.random;
    this.#config = config;
    this.#token = credentials.token;
    this.#datacenter = config.datacenter ?? DEFAULT_DATACENTER;
    this.#client = this.#owned.add(this.#createClient(credentials));
    this.#forwarder = this.#owned.add(
      new Forwarder(forwarderSettingsOf(config), { clock: this.#clock, metrics: this.metrics, random: this.#random }),
    );
    this.#catalog = this.#createCatalog();
    this.#owned.add({ close: () => this.#catalog.close() });
    this.#respond = this.#createResponder();
  }

  get addresses(): readonly ListenAddress[] {
    return this.#addresses;
  }

  services(): ReadonlySet<string> | undefined {
    return this.#catalog.serviceNames();
  }

  /** Catalog first, so that the first question finds rows; listeners in any case, because names outside need no Consul. */
  async start(): Promise<void> {
    if (this.#config.datacenter === undefined) await this.#learnDatacenter();
    await this.#catalog.ready({
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_PATIENCE_MS)]),
    });
    for (const host of this.#config.bind) {
      const listener = await listenDns(
        {
          host,
          port: this.#config.dnsPort,
          limits: listenLimitsOf(this.#config),
          clock: this.#clock,
          log: this.#log.child({ part: 'listen' }),
          metrics: this.metrics,
        },
        // Reads the field at each packet: a reload replaces the responder under the listeners.
        (packet, client) => this.#respond(packet, client),
      );
      this.#owned.add(listener);
      this.#addresses.push(listener.address);
    }
  }

  async reload(config: Config): Promise<void> {
    const before = this.#config;
    this.#config = config;
    this.#log.setLevel(config.logLevel);
    await this.#readToken();
    this.#forwarder.update(forwarderSettingsOf(config));
    if (catalogScope(before) !== catalogScope(config)) await this.#replaceCatalog();
    this.#respond = this.#createResponder();
  }

  close(): Promise<void> {
    return this.#owned.close().finally(() => this.#stopping.abort(new Error('The server was closed')));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #createClient({ ca, clientCert, clientKey }: Credentials): ConsulClient {
    const config = this.#config;
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
      clock: this.#clock,
      log: this.#log.child({ part: 'backend' }),
      metrics: this.metrics,
    });
  }

  #createCatalog(): CatalogCache {
    const config = this.#config;
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
      clock: this.#clock,
      random: this.#random,
      log: this.#log.child({ part: 'catalog' }),
      metrics: this.metrics,
    });
  }

  #createResponder(): Respond {
    return createResponder({
      zones: createZones(this.#config),
      policy: answerPolicyOf(this.#config, this.#datacenter),
      catalog: this.#catalog,
      forwarder: this.#forwarder,
      mayRecurse: createRecursionAcl(this.#config.allowRecursion),
      random: this.#random,
      clock: this.#clock,
      log: this.#log.child({ part: 'responder' }),
      metrics: this.metrics,
      signal: this.#stopping.signal,
    });
  }

  /** A new catalog takes the old one's place once it knows as much, or when waiting for that has taken long enough. */
  async #replaceCatalog(): Promise<void> {
    const old = this.#catalog;
    const fresh = this.#createCatalog();
    await fresh.ready({ signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_PATIENCE_MS)]) });
    this.#catalog = fresh;
    this.#respond = this.#createResponder();
    await old.close();
  }

  /**
   * Asks Consul which datacenter is its own. While it does not say, the usual name stands in: nothing is answered under
   * it that has to be taken back, for until Consul can be asked there are no rows.
   */
  async #learnDatacenter(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(START_PATIENCE_MS)]);
    const name = await readDatacenter(this.#client, signal).catch((error: Error) => {
      this.#log.warn('datacenter not known yet', { assumed: this.#datacenter, reason: error.message });
      return undefined;
    });
    if (name === undefined) this.#keepAsking().catch(() => undefined);
    else await this.#useDatacenter(name);
  }

  async #keepAsking(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 1; !signal.aborted; failures += 1) {
      await this.#clock.sleep(backoffMs(failures, this.#random), { signal });
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
      this.#log.warn('token file not read again', {
        tokenFile,
        reason: error instanceof Error ? error.message : error,
      });
    }
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
