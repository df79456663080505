/** Runs the agent's checks. Every timer of a check is one of these loops, and ends with it. */
import type { Clock } from '../../clock.js';
import type { Closable } from '../../lifecycle.js';
import type { Log } from '../../telemetry/log.js';
import type { Ledger } from '../ledger.js';
import type { CheckRuns, LocalCheck, LocalState, TtlChecks } from '../local-state.js';
import type { CheckDefinition, ScheduledProbe } from '../registration/check.js';
import { CHECKS, SERVICES, type StateStore } from '../store.js';
import { type AliasTarget, aliasResult } from './alias.js';
import { StatusDamper } from './damper.js';
import { withinTime } from './deadline.js';
import { probeHttp } from './http.js';
import { headOf } from './output.js';
import type { CheckResult, ProbeOptions } from './result.js';
import { probeScript } from './script.js';
import { probeTcp } from './tcp.js';
import { probeUdp } from './udp.js';

export interface CheckRunnerParts {
  readonly state: LocalState;
  readonly store: StateStore;
  readonly ledger: Ledger;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Run {
  readonly definition: CheckDefinition;
  readonly stop: AbortController;
  /** Starts a TTL's time anew. */
  readonly rewind: (() => void) | undefined;
}

/** How often critical services are looked through for those whose time is up; Consul's check_reap_interval. */
const REAP_INTERVAL_MS = 30_000;

export class CheckRunner implements CheckRuns, TtlChecks, Closable {
  readonly #parts: CheckRunnerParts;
  readonly #runs = new Map<string, Run>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(parts: CheckRunnerParts) {
    this.#parts = parts;
    this.#launch('reaper', this.#reap(this.#closing.signal));
  }

  start({ definition }: LocalCheck): void {
    if (this.#closing.signal.aborted) return;
    const { id, probe, raised } = definition;
    for (const time of raised) this.#parts.log.warn('check time raised to the minimum', { checkId: id, ...time });
    const stop = new AbortController();
    const rewind = probe.kind === 'ttl' ? this.#startTtl(definition, probe.ttlMs, stop.signal) : undefined;
    this.#runs.set(id, { definition, stop, rewind });
    if (probe.kind === 'alias') this.#launch(id, this.#follow({ ...probe, checkId: id }, stop.signal));
    else if (probe.kind !== 'ttl' && probe.kind !== 'maintenance') {
      this.#launch(id, this.#repeat(definition, probe, stop.signal));
    }
  }

  stop(checkId: string): void {
    this.#runs.get(checkId)?.stop.abort();
    this.#runs.delete(checkId);
  }

  update(checkId: string, status: string, output: string): boolean {
    const run = this.#runs.get(checkId);
    if (run?.rewind === undefined) return false;
    this.#parts.state.report(checkId, status, headOf(output, run.definition.outputMaxBytes));
    run.rewind();
    return true;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const id of [...this.#runs.keys()]) this.stop(id);
    await Promise.all(this.#tasks);
  }

  /** Looks after a loop that ends only by being stopped; anything else is logged. */
  #launch(checkId: string, loop: Promise<void>): void {
    const task = loop
      .catch((error: unknown) => {
        if (error !== STOPPED) this.#parts.log.error('check ended', { checkId, error });
      })
      .finally(() => this.#tasks.delete(task));
    this.#tasks.add(task);
  }

  async #repeat(definition: CheckDefinition, probe: ScheduledProbe, signal: AbortSignal): Promise<void> {
    const { state } = this.#parts;
    const damper = new StatusDamper(definition.thresholds);
    // Checks that were registered together do not run together.
    await this.#sleep(Math.random() * probe.intervalMs, signal);
    for (;;) {
      const { outputMaxBytes } = definition;
      const result = await withinTime(probe.timeoutMs, signal, (own) =>
        runProbe(probe, { signal: own, outputMaxBytes }),
      );
      if (signal.aborted) throw STOPPED;
      const status = damper.take(result);
      if (status !== undefined) state.report(definition.id, status, result.output);
      await this.#sleep(probe.intervalMs, signal);
    }
  }

  /** Follows another service's health: looks again whenever a service or a check changed. */
  async #follow(target: AliasTarget, signal: AbortSignal): Promise<void> {
    const { state, store, ledger, nodeName } = this.#parts;
    for (;;) {
      const result = aliasResult(store, nodeName, target);
      const woken = ledger.waits.next([CHECKS, SERVICES], signal);
      state.report(target.checkId, result.status, result.output);
      await woken;
      if (signal.aborted) throw STOPPED;
    }
  }

  /** A TTL check turns critical unless it hears from its owner in time; returns how to start its time anew. */
  #startTtl({ id }: CheckDefinition, ttlMs: number, signal: AbortSignal): () => void {
    let current = new AbortController();
    const expire = async (timer: AbortSignal, note: string): Promise<void> => {
      await this.#sleep(ttlMs, timer);
      const last = note === '' ? '' : ` (last output before timeout follows): ${note}`;
      this.#parts.state.report(id, 'critical', `TTL expired${last}`);
    };
    signal.addEventListener('abort', () => current.abort(), { once: true });
    this.#launch(id, expire(current.signal, ''));
    return () => {
      current.abort();
      current = new AbortController();
      this.#launch(id, expire(current.signal, this.#parts.state.checks.get(id)?.output ?? ''));
    };
  }

  /** Takes away services that have been critical for longer than their check allows. */
  async #reap(signal: AbortSignal): Promise<void> {
    const { state, clock, log } = this.#parts;
    for (;;) {
      await this.#sleep(REAP_INTERVAL_MS, signal);
      for (const { definition, criticalSinceMs } of [...state.checks.values()]) {
        const { id, serviceId, deregisterAfterMs } = definition;
        if (deregisterAfterMs === 0 || serviceId === '' || criticalSinceMs === undefined) continue;
        if (clock.now() - criticalSinceMs < deregisterAfterMs || !state.services.has(serviceId)) continue;
        log.warn('deregistering a service that has been critical for too long', { serviceId, checkId: id });
        state.removeService(serviceId);
      }
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(ms, { signal });
    } catch (error) {
      throw signal.aborted ? STOPPED : error;
    }
  }
}

/** Thrown through a loop to end it. */
const STOPPED = new Error('The check was stopped');

async function runProbe(probe: ScheduledProbe, options: ProbeOptions): Promise<CheckResult> {
  switch (probe.kind) {
    case 'http':
      return probeHttp(probe, options);
    case 'tcp':
      return probeTcp(probe, options);
    case 'udp':
      return probeUdp(probe, options);
    case 'grpc':
      // Few have such checks, and the library behind them is large.
      return (await import('./grpc.js')).probeGrpc(probe, options);
    case 'script':
      return probeScript(probe, options);
  }
}
