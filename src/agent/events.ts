import { randomUUID } from 'node:crypto';
import type { Ledger } from './ledger.js';

export interface FiredEvent {
  readonly id: string;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly nodeFilter: string;
  readonly serviceFilter: string;
  readonly tagFilter: string;
  /** The Lamport time at which it was fired. */
  readonly time: number;
}

/** As many as Consul keeps. */
const MAX_EVENTS = 256;
export const EVENTS = 'events';

/** The user events that were fired lately. */
export class Events {
  readonly #ledger: Ledger;
  #events: readonly FiredEvent[] = [];
  #time = 1;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Oldest first; with a name, only those of that name. */
  list(name: string): readonly FiredEvent[] {
    return name === '' ? this.#events : this.#events.filter((event) => event.name === name);
  }

  /** Fires an event; `isForUs` says whether this agent is among those that it is meant for. */
  fire(event: Omit<FiredEvent, 'id' | 'time'>, isForUs: boolean): FiredEvent {
    this.#time += 1;
    const fired = { ...event, id: randomUUID(), time: this.#time };
    if (!isForUs) return fired;
    this.#ledger.write((write) => {
      this.#events = [...this.#events, fired].slice(-MAX_EVENTS);
      write.touch(EVENTS);
    });
    return fired;
  }
}

/** A number made of an id, which is the index that event lists have. */
export function eventIndex(id: string): bigint {
  const digits = id.replaceAll('-', '');
  return BigInt(`0x${digits.slice(0, 16)}`) ^ BigInt(`0x${digits.slice(16)}`);
}
