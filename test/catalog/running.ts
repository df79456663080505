import { setTimeout as delay } from 'node:timers/promises';
import type { CatalogCache } from '../../src/catalog/cache.js';
import type { Instance } from '../../src/catalog/model.js';
import type { CatalogLookup, Rows } from '../../src/catalog/source.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { type FakeConsul, type FakeConsulOptions, startFakeConsul } from '../support/fake-consul.js';
import { TestClock } from '../support/test-clock.js';
import { anyone, createCache, service, TestLog } from './setup.js';

type CacheChanges = NonNullable<Parameters<typeof createCache>[1]>;

export interface RunningOptions {
  readonly consul?: FakeConsulOptions;
  readonly cache?: CacheChanges;
  /** Called before the cache makes its first request. */
  readonly prepare?: (consul: FakeConsul) => void;
}

/** A cache in front of a scripted Consul, in a time that stands still until the test moves it. */
export class Running implements AsyncDisposable {
  readonly consul: FakeConsul;
  readonly cache: CatalogCache & AsyncDisposable;
  readonly clock: TestClock;
  readonly log: TestLog;
  readonly metrics: Metrics;
  /** What `onChange` told since the start, oldest first. */
  readonly changes: string[] = [];

  private constructor(consul: FakeConsul, clock: TestClock, changes: CacheChanges) {
    this.consul = consul;
    this.clock = clock;
    this.log = new TestLog();
    this.metrics = new Metrics();
    this.cache = createCache(consul.url, { clock: this.clock, log: this.log, metrics: this.metrics, ...changes });
    this.cache.onChange((entry) => this.changes.push(entry));
  }

  /** Resolves when the cache knows the catalog and has waited for changes for two seconds. */
  static async start({ consul: consulOptions, cache, prepare }: RunningOptions = {}): Promise<Running> {
    const clock = new TestClock();
    const consul = await startFakeConsul({ clock, ...consulOptions });
    prepare?.(consul);
    const running = new Running(consul, clock, cache ?? {});
    await running.cache.ready(anyone);
    await running.quiet();
    // The first two reads of each aggregate used up their burst; as in real life, that is over when something happens.
    await running.pass(2_000);
    running.changes.length = 0;
    return running;
  }

  read(lookup: CatalogLookup, sourceAddress = '192.0.2.1'): Rows | Promise<Rows> {
    return this.cache.read(lookup, { ...anyone, sourceAddress });
  }

  /** The rows of a service, however long they take. */
  async instances(name: string, changes: Parameters<typeof service>[1] = {}): Promise<readonly Instance[]> {
    return instancesOf(await this.read(service(name, changes)));
  }

  /** The rows of a service that have to be known already. */
  known(name: string): readonly Instance[] {
    const rows = this.read(service(name));
    if (rows instanceof Promise) throw new Error(`The rows of "${name}" are not known yet`);
    return instancesOf(rows);
  }

  /** Requests for a path so far, without `/v1/`. */
  count(path: string): number {
    return this.consul.requestsTo(path).length;
  }

  /** Moves time on, a little at a time, so that what is due on the way reaches Consul and comes back. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      await this.clock.advance(Math.min(1_000, left));
      await this.quiet();
    }
  }

  /**
   * Waits until no request has come in or been answered for a while. Both ends run in this process, so that is counted in
   * turns of the event loop and does not depend on how busy the machine is.
   */
  async quiet(): Promise<void> {
    let calm = 0;
    for (let before = this.#activity(); calm < 4; ) {
      await delay(1);
      await this.clock.advance(0);
      const now = this.#activity();
      calm = now === before ? calm + 1 : 0;
      before = now;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cache[Symbol.asyncDispose]();
    await this.consul.close();
  }

  #activity(): string {
    return `${this.consul.requests.length} ${this.consul.answered} ${this.consul.holding}`;
  }
}

export function instancesOf(rows: Rows): readonly Instance[] {
  if (rows.kind !== 'instances') throw new Error(`The rows are ${rows.kind}`);
  return rows.instances;
}

export function portsOf(instances: readonly Instance[]): number[] {
  return instances.map(({ port }) => port);
}
