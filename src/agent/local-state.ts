/**
 * What is registered with this agent, as opposed to the catalog: services and checks with where they came from, and
 * each check's status as the agent last saw it. Changes are carried into the catalog at once, except that a new output
 * alone waits for its turn (http-api B5).
 */
import type { Clock } from '../clock.js';
import type { Ledger } from './ledger.js';
import type { CheckDefinition } from './registration/check.js';
import type { CheckRow, ServiceFacts } from './rows.js';
import type { StateStore } from './store.js';

export type Origin = 'http' | 'file';

export interface LocalService {
  readonly facts: ServiceFacts;
  readonly origin: Origin;
}

export interface LocalCheck {
  readonly definition: CheckDefinition;
  readonly origin: Origin;
  readonly status: string;
  readonly output: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /** Undefined unless the check is critical: since when, by the agent's clock. */
  readonly criticalSinceMs: number | undefined;
  readonly writtenAtMs: number;
}

/** Starts and ends whatever a check needs to run. */
export interface CheckRuns {
  start(check: LocalCheck): void;
  stop(checkId: string): void;
}

/** Takes what the owner of a TTL check says about it. */
export interface TtlChecks {
  /** Returns false for a check that is not there or has no TTL. */
  update(id: string, status: string, output: string): boolean;
}

export interface LocalStateParts {
  readonly store: StateStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Registers the agent's own node if it is not there. */
  readonly ensureNode: () => void;
}

/** Consul's check_update_interval: how long a new output may wait when the status stays. */
const OUTPUT_INTERVAL_MS = 300_000;

/** The key on which reads of one local service wait. */
export const localServiceKey = (id: string): string => `local-service/${id}`;

export class LocalState {
  readonly #parts: LocalStateParts;
  readonly #services = new Map<string, LocalService>();
  readonly #checks = new Map<string, LocalCheck>();
  #runs: CheckRuns | undefined;

  constructor(parts: LocalStateParts) {
    this.#parts = parts;
  }

  get services(): ReadonlyMap<string, LocalService> {
    return this.#services;
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#checks;
  }

  /** From now on checks run; those that are registered already are started. */
  attach(runs: CheckRuns): void {
    this.#runs = runs;
    for (const check of this.#checks.values()) runs.start(check);
  }

  checksOf(serviceId: string): readonly LocalCheck[] {
    return [...this.#checks.values()].filter((check) => check.definition.serviceId === serviceId);
  }

  putService(facts: ServiceFacts, origin: Origin): void {
    const { store, ledger, nodeName, ensureNode } = this.#parts;
    ledger.write((write) => {
      ensureNode();
      this.#services.set(facts.id, { facts, origin });
      store.putService({ ...facts, nodeName });
      write.touch(localServiceKey(facts.id));
    });
  }

  /** Removes a service and its checks; an unknown id is fine. */
  removeService(id: string): void {
    const { store, ledger, nodeName } = this.#parts;
    ledger.write((write) => {
      for (const check of this.checksOf(id)) this.removeCheck(check.definition.id);
      if (!this.#services.delete(id)) return;
      store.deleteService(nodeName, id);
      write.touch(localServiceKey(id));
    });
  }

  /** A check that replaces one of the same id keeps that one's status and output. */
  putCheck(definition: CheckDefinition, origin: Origin): void {
    const previous = this.#checks.get(definition.id);
    const service = this.#services.get(definition.serviceId)?.facts;
    const status = previous?.status ?? (definition.status || 'critical');
    const check: LocalCheck = {
      definition,
      origin,
      status,
      output: previous?.output ?? '',
      serviceName: service?.service ?? '',
      serviceTags: service?.tags ?? [],
      criticalSinceMs: status === 'critical' ? (previous?.criticalSinceMs ?? this.#parts.clock.now()) : undefined,
      writtenAtMs: this.#parts.clock.now(),
    };
    this.#checks.set(definition.id, check);
    this.#writeCheck(check);
    this.#runs?.stop(definition.id);
    this.#runs?.start(check);
  }

  removeCheck(id: string): void {
    if (!this.#checks.delete(id)) return;
    this.#runs?.stop(id);
    this.#parts.store.deleteCheck(this.#parts.nodeName, id);
  }

  /** Takes in what a check came to; a result for a check that is gone is dropped. */
  report(id: string, status: string, output: string): void {
    const previous = this.#checks.get(id);
    if (previous === undefined || (previous.status === status && previous.output === output)) return;
    const nowMs = this.#parts.clock.now();
    const isDue = previous.status !== status || nowMs - previous.writtenAtMs >= OUTPUT_INTERVAL_MS;
    const check: LocalCheck = {
      ...previous,
      status,
      output,
      criticalSinceMs: status === 'critical' ? (previous.criticalSinceMs ?? nowMs) : undefined,
      writtenAtMs: isDue ? nowMs : previous.writtenAtMs,
    };
    this.#checks.set(id, check);
    if (isDue) this.#writeCheck(check);
  }

  /** A check as agent/checks and the catalog show it. */
  row(check: LocalCheck): CheckRow {
    const { definition } = check;
    return {
      nodeName: this.#parts.nodeName,
      id: definition.id,
      name: definition.name,
      status: check.status,
      notes: definition.notes,
      output: check.output,
      serviceId: definition.serviceId,
      serviceName: check.serviceName,
      serviceTags: check.serviceTags,
      type: definition.probe.kind,
      definition: new Map(),
      createIndex: 0,
      modifyIndex: 0,
    };
  }

  /** Carries a check into the catalog, unless what it belongs to was taken out of the catalog behind our back. */
  #writeCheck(check: LocalCheck): void {
    const { store, nodeName } = this.#parts;
    const { serviceId } = check.definition;
    const hasOwner = serviceId === '' ? store.node(nodeName) : store.service(nodeName, serviceId);
    if (hasOwner !== undefined) store.putCheck(this.row(check));
  }
}
