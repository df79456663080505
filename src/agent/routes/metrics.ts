import type { Clock } from '../../clock.js';
import type { Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import type { KvStore } from '../kv/store.js';
import type { Ledger } from '../ledger.js';
import { jsonReply } from '../reply.js';
import type { Sessions } from '../sessions.js';
import type { StateStore } from '../store.js';

export interface MetricsParts {
  readonly store: StateStore;
  readonly sessions: Sessions;
  readonly kv: KvStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** Consul sums up its metrics over so long, and stamps them with the start of that time. */
const INTERVAL_MS = 10_000;

/** /v1/agent/metrics: the gauges of Consul's telemetry that mean something for one node in memory, under its names. */
export function metricsEndpoints(parts: MetricsParts): readonly Endpoint[] {
  return [
    {
      methods: ['GET'],
      path: '/v1/agent/metrics',
      handle: ({ query }) => {
        if (query.get('format') === 'prometheus') {
          throw new HttpError(415, 'Prometheus is not enabled since its retention time is not positive');
        }
        const nowMs = parts.clock.now();
        return jsonReply({
          Timestamp: goTime(nowMs - (nowMs % INTERVAL_MS)),
          Gauges: [...gauges(parts)].map(([name, value]) => ({ Name: `consul.${name}`, Value: value, Labels: {} })),
          Points: [],
          Counters: [],
          Samples: [],
        });
      },
    },
  ];
}

/** In the order of their names, as Consul has them. */
function gauges({ store, sessions, kv, ledger }: MetricsParts): ReadonlyMap<string, number> {
  const { heapUsed, rss } = process.memoryUsage();
  const services = store.services();
  return new Map([
    ['autopilot.failure_tolerance', 0],
    ['autopilot.healthy', 1],
    ['raft.applied_index', ledger.index],
    ['raft.last_index', ledger.index],
    ['runtime.alloc_bytes', heapUsed],
    ['runtime.sys_bytes', rss],
    ['session_ttl.active', sessions.all().filter(({ ttl }) => ttl !== '').length],
    ['state.kv_entries', kv.list('').length],
    ['state.nodes', store.nodes().length],
    ['state.service_instances', services.reduce((count, [, instances]) => count + instances.length, 0)],
    ['state.services', services.length],
  ]);
}

/** A time as Go prints it. */
function goTime(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' +0000 UTC');
}
