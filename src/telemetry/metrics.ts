import { Counter, Gauge, Registry } from 'prom-client';
import { TickCounter } from './tick-counter.js';

/** Every metric of the process. Names follow Prometheus' conventions; children of hot counters are resolved once. */
export class Metrics {
  readonly registry = new Registry();

  readonly queries = this.#tickCounter('queries_total', 'Questions received', ['transport', 'qtype']);
  readonly replies = this.#tickCounter('replies_total', 'Replies sent', ['rcode']);
  readonly droppedPackets = this.#counter('dropped_packets_total', 'Packets that got no reply', ['reason']);
  readonly failures = this.#counter('failures_total', 'Questions that ended in an unexpected error', ['code']);
  readonly tcpConnections = this.#gauge('tcp_connections', 'Open TCP connections', []);
  readonly tcpConnectionsCut = this.#counter('tcp_connections_cut_total', 'TCP connections refused or ended by us', [
    'reason',
  ]);
  readonly unencodableRecords = this.#counter('unencodable_records_total', 'Records left out of replies', ['type']);

  readonly workerDeaths = this.#counter('worker_deaths_total', 'Worker processes that died and were replaced', []);

  readonly backendRequests = this.#counter('backend_requests_total', 'Requests to the Consul HTTP API', [
    'endpoint',
    'outcome',
  ]);
  readonly droppedRows = this.#counter('dropped_rows_total', 'Catalog rows that could not be used', ['reason']);
  readonly filteredResults = this.#counter('acl_filtered_results_total', 'Answers that ACLs took rows from', []);
  readonly leaderlessAnswers = this.#counter(
    'leaderless_answers_total',
    'Answers of Consul servers that know no leader, and so may be out of date',
    [],
  );
  readonly staleReads = this.#counter('stale_reads_total', 'Lookups served while their watch was broken', []);
  readonly postponedRereads = this.#counter(
    'postponed_rereads_total',
    'Lookups served from rows known to be old, because too many had to be read again',
    [],
  );
  readonly watches = this.#gauge('watches', 'Blocking queries being held', []);
  readonly cacheEntries = this.#gauge('cache_entries', 'Entries held', ['cache']);

  readonly forwarded = this.#counter('forwarded_total', 'Questions asked upstream', ['recursor', 'outcome']);
  readonly forwardCacheHits = this.#tickCounter(
    'forward_cache_hits_total',
    'Forwarded questions answered from cache',
    [],
  );

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `consul_dnsd_${name}`, help, labelNames, registers: [this.registry] });
  }

  #tickCounter<L extends string>(name: string, help: string, labelNames: readonly L[]): TickCounter<L> {
    return new TickCounter({ name: `consul_dnsd_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `consul_dnsd_${name}`, help, labelNames, registers: [this.registry] });
  }
}
