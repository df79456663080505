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

export const systemClock: AlarmClock = {
  now: Date.now,
  after: (ms, ring) => {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
  // By hand: when it is aborted, the sleep of node:timers/promises makes an error of its own that nobody looks at.
  sleep: (ms, { signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = (): void => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, ms);
      signal.addEventListener('abort', abort, { once: true });
    }),
};
