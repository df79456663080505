/** The passage of time, so that tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** A clock that also calls back: a timer without a promise and a signal of its own, for where there are thousands. */
export interface AlarmClock extends Clock {
  /** Calls `ring` after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, ring: () => void): () => void;
}

/** Node rings at once for longer times than this, about 25 days; they are waited for in parts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function after(ms: number, ring: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    timer =
      leftMs <= MAX_TIMER_MS ? setTimeout(ring, leftMs) : setTimeout(() => arm(leftMs - MAX_TIMER_MS), MAX_TIMER_MS);
  };
  arm(ms);
  return () => clearTimeout(timer);
}

export const systemClock: AlarmClock = {
  now: Date.now,
  after,
  // By hand: when it is aborted, the sleep of node:timers/promises makes an error of its own that nobody looks at.
  sleep: (ms, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = (): void => {
        cancel();
        reject(signal.reason);
      };
      const cancel = after(ms, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    }),
};
