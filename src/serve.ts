import { availableParallelism } from 'node:os';
import { startAdmin } from './admin/admin.js';
import type { ServerStatus } from './admin/view.js';
import { type Answering, type AnsweringDeps, type AnsweringSettings, AnsweringSide } from './answering.js';
import { type Clock, systemClock } from './clock.js';
import type { Credentials } from './config/credentials.js';
import { reloadConfig } from './config/reload.js';
import type { Config, SettingName } from './config/settings.js';
import { type Closable, CloseStack } from './lifecycle.js';
import type { ListenAddress } from './listen/listener.js';
import { answeringSettingsOf } from './slices.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { WatchingSide } from './watching.js';

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
  /** Where DNS is answered. */
  readonly addresses: readonly ListenAddress[];
  /** Where metrics and health are told; undefined unless that is configured. */
  readonly adminAddress: ListenAddress | undefined;
  /** What this process counts; with workers that is not all. */
  readonly metrics: Metrics;
  /** What all processes of the server count together, in Prometheus' text format. */
  metricsText(): Promise<string>;
  /** The services that the catalog holds, in lower case; undefined while they are not known. */
  services(): ReadonlySet<string> | undefined;
  /** How the server fares, for `/ready` and whoever embeds it. */
  status(): ServerStatus;
  /**
   * Takes over the settings that can change under way; questions that are being answered keep the old ones. Gives the
   * settings whose new values wait for the next start.
   */
  reload(config: Config): Promise<readonly SettingName[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a DNS server in front of a Consul-compatible HTTP API. It answers when this resolves.
 *
 * Fails with a `ListenError` when an address cannot be bound; nothing is left open then. That Consul cannot be reached is
 * no failure.
 */
export async function startServer(config: Config, deps: ServerDeps): Promise<RunningServer> {
  const server = new Server(config, deps, await createAnsweringFor(config));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

type CreateAnswering = (settings: AnsweringSettings, deps: AnsweringDeps) => Answering;

/** Here, or in so many processes of their own. */
async function createAnsweringFor({ workers }: Config): Promise<CreateAnswering> {
  const count = workers === 'auto' ? availableParallelism() : workers;
  if (count === 1) return (settings, deps) => new AnsweringSide(settings, deps);
  const { Workers } = await import('./workers/primary.js');
  return (settings, deps) => new Workers(count, settings, deps);
}

class Server implements RunningServer {
  readonly metrics: Metrics;
  readonly #log: Log;
  readonly #owned = new CloseStack();
  readonly #watching: WatchingSide;
  readonly #answering: Answering;
  #config: Config;
  #adminAddress: ListenAddress | undefined;

  constructor(config: Config, deps: ServerDeps, createAnswering: CreateAnswering) {
    const { log, credentials, metrics, clock = systemClock, random = Math.random } = deps;
    this.metrics = metrics ?? new Metrics();
    this.#log = log;
    this.#config = config;
    const shared = { clock, random, log, metrics: this.metrics };
    this.#watching = this.#owned.add(
      new WatchingSide(config, { ...shared, credentials, onReplaced: () => this.#updateAnswering() }),
    );
    this.#answering = this.#owned.add(
      createAnswering(this.#settings(), { ...shared, catalog: this.#watching.catalog }),
    );
  }

  get addresses(): readonly ListenAddress[] {
    return this.#answering.addresses;
  }

  get adminAddress(): ListenAddress | undefined {
    return this.#adminAddress;
  }

  metricsText(): Promise<string> {
    return this.#answering.metricsText();
  }

  services(): ReadonlySet<string> | undefined {
    return this.#watching.catalog.serviceNames();
  }

  status(): ServerStatus {
    const { downBy, isStale } = this.#watching.catalog.stats();
    return { services: this.services()?.size, backendDownBy: downBy?.code, isStale };
  }

  /** Catalog first, so that the first question finds rows; listeners in any case, because names outside need no Consul. */
  async start(): Promise<void> {
    await this.#watching.ready();
    await this.#answering.listen();
    const { adminAddr } = this.#config;
    if (adminAddr === undefined) return;
    this.#adminAddress = this.#owned.add(await startAdmin(adminAddr, this)).address;
  }

  async reload(next: Config): Promise<readonly SettingName[]> {
    const { config, waiting } = reloadConfig(this.#config, next);
    this.#config = config;
    this.#log.setLevel(config.logLevel);
    await this.#watching.update(config);
    this.#updateAnswering();
    return waiting;
  }

  close(): Promise<void> {
    return this.#owned.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #updateAnswering(): void {
    this.#answering.update(this.#settings(), this.#watching.catalog);
  }

  #settings(): AnsweringSettings {
    return answeringSettingsOf(this.#config, this.#watching.datacenter);
  }
}
