import { setMaxListeners } from 'node:events';
import { CatalogCache } from '../../src/catalog/cache.js';
import { ConsulClient, type ConsulClientOptions } from '../../src/catalog/client.js';
import type { CatalogCacheOptions } from '../../src/catalog/parts.js';
import type { ReadOptions } from '../../src/catalog/source.js';
import { systemClock } from '../../src/clock.js';
import { DEFAULT_CONFIG } from '../../src/config/settings.js';
import type { ServiceLookup } from '../../src/query/lookup.js';
import type { Log, LogFields } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';

/** A log that keeps its lines. */
export class TestLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields });
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }
  child(): Log {
    return this;
  }
  setLevel(): void {}

  count(message: string): number {
    return this.lines.filter((line) => line.message === message).length;
  }
}

export function createClient(
  address: string | readonly string[],
  changes: Partial<ConsulClientOptions> = {},
): ConsulClient {
  return new ConsulClient({
    addresses: typeof address === 'string' ? [address] : address,
    useTls: false,
    tls: { ca: undefined, cert: undefined, key: undefined, servername: undefined, verify: true },
    token: () => undefined,
    onForbidden: () => {},
    basicAuth: undefined,
    namespace: undefined,
    partition: undefined,
    maxStaleMs: () => 10_000,
    maxConnections: DEFAULT_CONFIG.maxConnections,
    clock: systemClock,
    log: new TestLog(),
    metrics: new Metrics(),
    ...changes,
  });
}

/** A cache over a client of its own; closing it closes both. */
export function createCache(
  address: string,
  changes: Partial<CatalogCacheOptions> & { readonly client?: Partial<ConsulClientOptions> } = {},
): CatalogCache & AsyncDisposable {
  const { client: clientChanges, ...cacheChanges } = changes;
  const { clock = systemClock, log = new TestLog(), metrics = new Metrics() } = changes;
  const client = createClient(address, { clock, log, metrics, ...clientChanges });
  const cache = new CatalogCache(client, {
    datacenter: 'dc1',
    namesDatacenter: false,
    pollWaitMs: 60_000,
    consistency: 'stale',
    onlyPassing: true,
    maxWatches: DEFAULT_CONFIG.maxWatches,
    serviceCacheEntries: 1_000,
    negativeCacheEntries: 1_000,
    staleMaxAgeMs: 3_600_000,
    reverseScope: 'all',
    queryMaxAgeMs: undefined,
    clock,
    random: () => 0.5,
    log,
    metrics,
    ...cacheChanges,
  });
  return Object.assign(cache, {
    async [Symbol.asyncDispose]() {
      await cache.close();
      await client.close();
    },
  });
}

export const anyone: ReadOptions = { signal: new AbortController().signal, sourceAddress: '192.0.2.1' };

setMaxListeners(0, anyone.signal);

/** `NAME.service.consul`, with what else is given. */
export function service(name: string, changes: Partial<Omit<ServiceLookup, 'kind' | 'service'>> = {}): ServiceLookup {
  const locality = { datacenter: undefined, peer: undefined };
  return { kind: 'service', view: 'service', service: name, tag: undefined, portName: undefined, locality, ...changes };
}

/** The sum over all labels of a metric's values. */
export async function metricOf(metrics: Metrics, name: string): Promise<number> {
  const metric = metrics.registry.getSingleMetric(name);
  if (metric === undefined) throw new Error(`There is no metric "${name}"`);
  const { values } = await metric.get();
  return values.reduce((sum, { value }) => sum + value, 0);
}
