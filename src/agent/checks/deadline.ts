import { systemClock } from '../../clock.js';

/**
 * Runs something with a signal of its own, which is aborted when the time is up or when `signal` is.
 *
 * By hand, because AbortSignal.any keeps something on a long-lived signal for every short-lived one (Node 20), and a
 * check may run every second for months. In real time, because what runs waits for the network.
 */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const end = (): void => own.abort();
  if (signal.aborted) end();
  const cancel = systemClock.after(ms, end);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await run(own.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', end);
  }
}
