/**
 * Answering in several processes: the primary keeps the catalog and watches Consul, workers have the sockets, and each
 * holds what it needs of the catalog (`RemoteCatalog`). A worker that dies is replaced, and no watch is lost with it.
 */
import type { Answering, AnsweringDeps, AnsweringSettings } from '../answering.js';
import type { CatalogSource } from '../catalog/source.js';
import { CloseStack } from '../lifecycle.js';
import { listenDns } from '../listen/dns.js';
import type { ListenAddress } from '../listen/listener.js';
import { CatalogFeed } from './catalog-feed.js';
import { MetricsSum } from './metrics-sum.js';
import { haveOwnSockets } from './own-sockets.js';
import { WorkerProcess } from './worker-process.js';
import { WorkerSlot } from './worker-slot.js';

/** As many processes as `count` that answer. */
export class Workers implements Answering {
  readonly #deps: AnsweringDeps;
  readonly #feed: CatalogFeed;
  readonly #sum: MetricsSum;
  readonly #slots: readonly WorkerSlot[];
  #settings: AnsweringSettings;
  #addresses: readonly ListenAddress[] = [];

  /** Starts the processes, which takes about as long as the catalog needs to be read. They do not answer yet. */
  constructor(count: number, settings: AnsweringSettings, deps: AnsweringDeps) {
    this.#settings = settings;
    this.#deps = deps;
    this.#feed = new CatalogFeed(deps.catalog);
    this.#sum = new MetricsSum(deps.metrics.registry);
    this.#slots = Array.from({ length: count }, (_, index) => this.#createSlot(index + 1));
  }

  get addresses(): readonly ListenAddress[] {
    return this.#addresses;
  }

  async listen(): Promise<void> {
    this.#addresses = await this.#findAddresses();
    await Promise.all(this.#slots.map((slot) => slot.listen()));
  }

  /** Workers take it over one by one, within a moment. */
  update(settings: AnsweringSettings, catalog: CatalogSource): void {
    this.#settings = settings;
    this.#feed.use(catalog);
    for (const slot of this.#slots) slot.update(this.#workerSettings());
  }

  /** What workers count comes in once a second. */
  metricsText(): Promise<string> {
    return this.#sum.text();
  }

  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()));
    this.#feed.close();
  }

  /**
   * Binds each address for a moment, alone: that picks the ports that are left to pick, the same for all workers, and
   * shows whether somebody else is there, which workers that may share an address would not notice.
   */
  async #findAddresses(): Promise<readonly ListenAddress[]> {
    const { bind, limits } = this.#settings;
    const { clock, log, metrics } = this.#deps;
    const owned = new CloseStack();
    try {
      const options = { limits, clock, log, metrics, reusePort: false };
      const addresses: ListenAddress[] = [];
      for (const { host, port } of bind) {
        addresses.push(owned.add(await listenDns({ ...options, host, port }, () => undefined)).address);
      }
      return addresses;
    } finally {
      await owned.close();
    }
  }

  #createSlot(number: number): WorkerSlot {
    const { clock, random, log, metrics } = this.#deps;
    const ofWorker = log.child({ worker: number });
    return new WorkerSlot({
      start: () =>
        new WorkerProcess({
          feed: this.#feed,
          clock,
          log: ofWorker,
          settings: () => this.#workerSettings(),
          onMetrics: (metrics) => this.#sum.tell(number, metrics),
        }),
      onDeath: () => {
        this.#sum.end(number);
        metrics.workerDeaths.inc();
      },
      clock,
      random,
      log: ofWorker.child({ part: 'workers' }),
    });
  }

  /** The limits on TCP connections are those of the whole server, and each worker has its share. */
  #workerSettings(): AnsweringSettings {
    const { limits } = this.#settings;
    const shareOf = (limit: number): number => Math.ceil(limit / this.#slots.length);
    return {
      ...this.#settings,
      bind: this.#addresses.map(({ host, port }) => ({ host, port })),
      reusePort: haveOwnSockets(process.platform, process.versions.node),
      limits: {
        ...limits,
        tcpConnections: shareOf(limits.tcpConnections),
        tcpConnectionsPerClient: shareOf(limits.tcpConnectionsPerClient),
      },
    };
  }
}
