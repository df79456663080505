import type { Clock } from '../clock.js';
import { CatalogError } from './catalog-error.js';

export interface DeadlineOptions {
  readonly ms: number;
  /** Ends the task early, with its reason. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Completes "Cannot read ...". */
  readonly what: string;
}

const FINISHED = new CatalogError('closed', 'Cannot go on reading: it is finished');

/** Runs a task with a signal that is aborted, by a `timeout` error, when it takes too long. */
export async function withDeadline<T>(
  task: (signal: AbortSignal) => Promise<T>,
  { ms, signal, clock, what }: DeadlineOptions,
): Promise<T> {
  signal.throwIfAborted();
  const ending = new AbortController();
  // By hand, because AbortSignal.any keeps something on a long-lived signal for every short-lived one (Node 20).
  const passOn = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', passOn, { once: true });
  clock.sleep(ms, { signal: ending.signal }).then(
    () => ending.abort(new CatalogError('timeout', `Cannot read ${what}: no answer within ${ms} ms`)),
    () => {},
  );
  try {
    return await task(ending.signal);
  } finally {
    // Ends the sleep. With a reason at hand, for making up the usual one costs more than all the rest here.
    ending.abort(FINISHED);
    signal.removeEventListener('abort', passOn);
  }
}

/** The promise's result, unless the signal is aborted first; the work behind it goes on for others. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
