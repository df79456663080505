/** Sessions: what locks are held by, until they are destroyed, run out, or lose a check they depend on (http-api B8). */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import { HttpError } from './http-error.js';
import type { Ledger, Write } from './ledger.js';
import { compareText } from './order.js';
import { CHECKS, NODES, type Position, type StateStore } from './store.js';
import { checkUuid } from './uuid.js';

export interface SessionRow {
  readonly id: string;
  readonly name: string;
  readonly node: string;
  readonly lockDelayMs: number;
  readonly behavior: 'release' | 'delete';
  /** As it was given; empty for a session that does not run out. */
  readonly ttl: string;
  readonly nodeChecks: readonly string[];
  /** Null when none was named, as Consul shows it. */
  readonly serviceChecks: readonly string[] | null;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export type NewSession = Omit<SessionRow, 'id' | 'createIndex' | 'modifyIndex'> & {
  /** 0 for a session that does not run out. */
  readonly ttlMs: number;
};

export interface SessionParts {
  readonly store: StateStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

interface Held {
  readonly row: SessionRow;
  readonly ttlMs: number;
  timer: AbortController;
}

const SESSIONS = 'sessions';
/** A session may outlive its TTL, never the other way round; Consul allows twice the time, and so do we. */
const TTL_GRACE = 2;

export class Sessions implements Closable {
  readonly #parts: SessionParts;
  readonly #sessions = new Map<string, Held>();
  readonly #endListeners: ((row: SessionRow, write: Write) => void)[] = [];
  readonly #stopWatching: () => void;
  #index = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#stopWatching = parts.ledger.waits.join([CHECKS, NODES], () => this.#endBroken());
  }

  /** Calls back, inside the write, when a session ends for whatever reason. */
  onEnd(listener: (row: SessionRow, write: Write) => void): void {
    this.#endListeners.push(listener);
  }

  position(): Position {
    return { index: this.#index, wakeOn: [SESSIONS] };
  }

  all(): readonly SessionRow[] {
    return [...this.#sessions.values()].map(({ row }) => row).sort((a, b) => compareText(a.id, b.id));
  }

  get(id: string): SessionRow | undefined {
    return this.#sessions.get(id)?.row;
  }

  create({ ttlMs, ...session }: NewSession): string {
    const { store, ledger } = this.#parts;
    if (store.node(session.node) === undefined) throw new HttpError(500, 'Missing node registration');
    for (const id of checksOf(session)) {
      const check = store.check(session.node, id);
      if (check === undefined) throw new HttpError(500, `Missing check '${id}' registration`);
      if (isFailing(check.status)) throw new HttpError(500, `Check '${id}' is in ${check.status} state`);
    }
    return ledger.write((write) => {
      const id = randomUUID();
      const row = { ...session, id, createIndex: write.index, modifyIndex: write.index };
      const held = { row, ttlMs, timer: new AbortController() };
      this.#sessions.set(id, held);
      this.#touch(write);
      this.#startTimer(held);
      return id;
    });
  }

  /** Starts a session's time anew; undefined when there is no such session. */
  renew(id: string): SessionRow | undefined {
    checkUuid(id, 'failed session lookup');
    const held = this.#sessions.get(id);
    if (held === undefined) return undefined;
    held.timer.abort();
    held.timer = new AbortController();
    this.#startTimer(held);
    return held.row;
  }

  /** Ends a session; an unknown id is fine. */
  destroy(id: string): void {
    checkUuid(id, 'failed session lookup');
    this.#end(id);
  }

  async close(): Promise<void> {
    this.#stopWatching();
    for (const { timer } of this.#sessions.values()) timer.abort();
  }

  #end(id: string): void {
    this.#parts.ledger.write((write) => {
      const held = this.#sessions.get(id);
      if (held === undefined) return;
      held.timer.abort();
      this.#sessions.delete(id);
      this.#touch(write);
      for (const listener of this.#endListeners) listener(held.row, write);
    });
  }

  #endBroken(): void {
    const { store } = this.#parts;
    for (const { row } of [...this.#sessions.values()]) {
      const lacksCheck = checksOf(row).some((id) => isFailing(store.check(row.node, id)?.status ?? 'critical'));
      if (lacksCheck || store.node(row.node) === undefined) this.#end(row.id);
    }
  }

  #startTimer({ row, ttlMs, timer }: Held): void {
    if (ttlMs === 0) return;
    this.#parts.clock.sleep(ttlMs * TTL_GRACE, { signal: timer.signal }).then(
      () => this.#end(row.id),
      // Renewed, destroyed or closed.
      () => {},
    );
  }

  #touch(write: Write): void {
    this.#index = write.index;
    write.touch(SESSIONS);
  }
}

function checksOf({ nodeChecks, serviceChecks }: Pick<SessionRow, 'nodeChecks' | 'serviceChecks'>): readonly string[] {
  return [...nodeChecks, ...(serviceChecks ?? [])];
}

function isFailing(status: string): boolean {
  return status === 'critical';
}
