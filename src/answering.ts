import { setMaxListeners } from 'node:events';
import type { AnswerPolicy } from './answer/policy.js';
import type { CatalogSource } from './catalog/source.js';
import type { Clock } from './clock.js';
import { createRecursionAcl } from './forward/allow.js';
import { Forwarder, type ForwarderSettings } from './forward/forwarder.js';
import { type Closable, CloseStack } from './lifecycle.js';
import { listenDns } from './listen/dns.js';
import type { ListenLimits } from './listen/limits.js';
import type { ListenAddress } from './listen/listener.js';
import { createZones, type ZoneNames } from './query/zones.js';
import { createResponder, type Responder } from './responder/responder.js';
import type { Log, LogLevel } from './telemetry/log.js';
import type { Metrics } from './telemetry/metrics.js';

/** For some 30,000 answers of one variant each; then the least recently used ones go. */
const COMPILED_BYTES = 64 * 1024 * 1024;

export interface BindAddress {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  /** 0 picks one that is free. */
  readonly port: number;
}

/** All that answering is configured by: plain data, so that it can be sent to another process. */
export interface AnsweringSettings {
  readonly bind: readonly BindAddress[];
  /** Whether other processes may bind the same addresses. */
  readonly reusePort: boolean;
  readonly limits: ListenLimits;
  readonly zones: ZoneNames;
  readonly policy: AnswerPolicy;
  readonly forwarding: ForwarderSettings;
  readonly allowRecursion: readonly string[];
  readonly logLevel: LogLevel;
}

/** Whatever answers questions from a catalog's rows, in this process or in others. */
export interface Answering extends Closable {
  /** What is really bound, one for each address to answer on. */
  readonly addresses: readonly ListenAddress[];
  /** Answers once this has resolved. Fails with a `ListenError`, and has to be closed then as well. */
  listen(): Promise<void>;
  /** Goes on with other settings and another catalog; questions that are being answered keep the old ones. */
  update(settings: AnsweringSettings, catalog: CatalogSource): void;
  /** Every metric, in Prometheus' text format. */
  metricsText(): Promise<string>;
}

export interface AnsweringDeps {
  readonly catalog: CatalogSource;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Forwarder, responder and listeners: the side of the server that clients see. */
export class AnsweringSide implements Answering {
  readonly #deps: AnsweringDeps;
  readonly #forwarder: Forwarder;
  readonly #stopping = new AbortController();
  readonly #owned = new CloseStack();
  readonly #addresses: ListenAddress[] = [];
  #settings: AnsweringSettings;
  #responder: Responder;

  constructor(settings: AnsweringSettings, deps: AnsweringDeps) {
    // Every question that waits listens for the end.
    setMaxListeners(0, this.#stopping.signal);
    this.#deps = deps;
    this.#settings = settings;
    this.#owned.add({ close: async () => this.#stopping.abort(new Error('The server was closed')) });
    this.#forwarder = this.#owned.add(new Forwarder(settings.forwarding, deps));
    this.#responder = this.#createResponder(deps.catalog);
    this.#owned.add({ close: async () => this.#responder.close() });
  }

  get addresses(): readonly ListenAddress[] {
    return this.#addresses;
  }

  async listen(): Promise<void> {
    const { bind, reusePort, limits } = this.#settings;
    const { clock, log, metrics } = this.#deps;
    for (const { host, port } of bind) {
      const listener = await listenDns(
        { host, port, reusePort, limits, clock, log: log.child({ part: 'listen' }), metrics },
        // Reads the field at each packet: an update replaces the responder under the listeners.
        (packet, client, memory) => this.#responder.respond(packet, client, memory),
      );
      this.#owned.add(listener);
      this.#addresses.push(listener.address);
    }
  }

  update(settings: AnsweringSettings, catalog: CatalogSource): void {
    this.#settings = settings;
    this.#forwarder.update(settings.forwarding);
    this.#responder.close();
    this.#responder = this.#createResponder(catalog);
  }

  metricsText(): Promise<string> {
    return this.#deps.metrics.registry.metrics();
  }

  /** Takes no more questions, and ends once those under way are answered, or have had time enough. */
  close(): Promise<void> {
    return this.#owned.close();
  }

  #createResponder(catalog: CatalogSource): Responder {
    const { zones, policy, allowRecursion } = this.#settings;
    const { clock, random, log, metrics } = this.#deps;
    return createResponder({
      zones: createZones(zones),
      policy,
      catalog,
      forwarder: this.#forwarder,
      mayRecurse: createRecursionAcl(allowRecursion),
      random,
      compiledBytes: COMPILED_BYTES,
      clock,
      log: log.child({ part: 'responder' }),
      metrics,
      signal: this.#stopping.signal,
    });
  }
}
