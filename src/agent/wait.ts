import type { AlarmClock } from '../clock.js';
import type { Asker } from './asker.js';

/** Who waits for what: one list of waiters per key, nothing polls. */
export class WaitLists {
  readonly #lists = new Map<string, Set<() => void>>();

  /** How many waits are under way, counted once per key. */
  get waiting(): number {
    let count = 0;
    for (const list of this.#lists.values()) count += list.size;
    return count;
  }

  /** Calls back on every wake of any of the keys, until the returned function is called. */
  join(keys: readonly string[], wake: () => void): () => void {
    for (const key of keys) {
      const list = this.#lists.get(key) ?? new Set();
      this.#lists.set(key, list.add(wake));
    }
    return () => {
      for (const key of keys) {
        const list = this.#lists.get(key);
        list?.delete(wake);
        if (list?.size === 0) this.#lists.delete(key);
      }
    };
  }

  /** Resolves with the next wake of any of the keys, or when the signal is aborted. */
  next(keys: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        leave();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const leave = this.join(keys, finish);
      if (signal.aborted) finish();
      else signal.addEventListener('abort', finish);
    });
  }

  wake(keys: Iterable<string>): void {
    const woken = new Set<() => void>();
    for (const key of keys) for (const wake of this.#lists.get(key) ?? []) woken.add(wake);
    for (const wake of woken) wake();
  }
}

/** A readable thing at its index, and the keys whose wake may mean that it changed. */
export interface View<T> {
  readonly index: number;
  readonly wakeOn: readonly string[];
  /** Computed only when it is going to be sent. */
  readonly value: () => T;
}

export interface WaitOptions {
  readonly waits: WaitLists;
  readonly waitMs: number;
  /** Whose leaving ends the wait early; the current view is returned. */
  readonly asker: Asker;
  readonly clock: AlarmClock;
}

/**
 * The first view whose index lies past `index`, or the current one when the time runs out.
 *
 * `look` is called again after each wake, by whoever woke us: it must not throw. A wake that does not move the view
 * past `index` goes on waiting.
 */
export function waitPast<T>(
  look: () => View<T>,
  index: number,
  { waits, waitMs, asker, clock }: WaitOptions,
): View<T> | Promise<View<T>> {
  const first = look();
  if (first.index > index || asker.hasLeft) return first;
  return new Promise((resolve) => {
    let leaveLists = waits.join(first.wakeOn, onWake);
    const cancelTimer = clock.after(waitMs, () => finish(look()));
    const finish = (view: View<T>): void => {
      leaveLists();
      cancelTimer();
      asker.onLeave(undefined);
      resolve(view);
    };
    function onWake(): void {
      const view = look();
      // An index that fell belongs to something else: what was waited for is gone.
      if (view.index > index || view.index < first.index) {
        finish(view);
        return;
      }
      leaveLists();
      leaveLists = waits.join(view.wakeOn, onWake);
    }
    asker.onLeave(() => finish(look()));
  });
}
