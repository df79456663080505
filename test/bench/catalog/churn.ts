import { setTimeout as delay } from 'node:timers/promises';
import type { CatalogApi } from './api.js';
import type { BenchService } from './service.js';

const LANES = 8;

/** Changes a catalog at a steady rate: takes the last instance of one service after the other away, then brings them back. */
export class Churn implements AsyncDisposable {
  readonly #api: CatalogApi;
  readonly #services: readonly BenchService[];
  readonly #perSecond: number;
  readonly #startedAt = performance.now();
  readonly #lanes: Promise<unknown>;
  #next = 0;
  #made = 0;
  #isStopped = false;

  constructor(api: CatalogApi, services: readonly BenchService[], perSecond: number) {
    this.#api = api;
    this.#services = services;
    this.#perSecond = perSecond;
    this.#lanes = Promise.all(Array.from({ length: LANES }, () => this.#run()));
    // Whoever disposes of this hears of it.
    this.#lanes.catch(() => undefined);
  }

  /** Changes made per second until now: less than asked for when the backend cannot take as many. */
  get perSecond(): number {
    return this.#made / ((performance.now() - this.#startedAt) / 1_000);
  }

  /** Ends it, and leaves the catalog as it was. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#lanes;
    await this.#api.register(this.#services);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const number = this.#next++;
      await delay(this.#startedAt + (number / this.#perSecond) * 1_000 - performance.now());
      await this.#change(number);
      this.#made += 1;
    }
  }

  async #change(number: number): Promise<void> {
    const round = Math.floor(number / this.#services.length);
    const service = this.#services[number % this.#services.length];
    const instance = service?.instances.at(-1);
    if (service === undefined || instance === undefined) return;
    if (round % 2 === 0) await this.#api.deregisterInstance(service.name, instance);
    else await this.#api.registerInstance(service.name, instance);
  }
}
