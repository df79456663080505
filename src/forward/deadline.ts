import { ForwardError } from './error.js';
import { formatRecursor, type Recursor } from './recursor.js';

export interface Wait {
  /** For this one attempt. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

type Start<T> = (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void;

/**
 * What `start` resolves or rejects with, whichever comes first; rejects with ForwardError (`timeout`) or with the
 * signal's reason when that takes too long. `start` opens a socket and returns what closes it, called once at the end.
 */
export function withinDeadline<T>(recursor: Recursor, { timeoutMs, signal }: Wait, start: Start<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let settled = false;
    const settle = (conclude: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      close();
      conclude();
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const abort = (): void => fail(signal.reason);
    const close = start((value) => settle(() => resolve(value)), fail);
    const timer = setTimeout(() => fail(timedOut(recursor, timeoutMs)), timeoutMs);
    signal.addEventListener('abort', abort);
  });
}

function timedOut(recursor: Recursor, timeoutMs: number): ForwardError {
  return new ForwardError(
    'timeout',
    `Cannot get an answer from ${formatRecursor(recursor)}: none within ${timeoutMs} ms`,
  );
}

export function unreachable(recursor: Recursor, cause: unknown): ForwardError {
  return new ForwardError('unreachable', `Cannot reach ${formatRecursor(recursor)}`, { cause });
}
