import { constants } from 'node:os';
import { type Clock, systemClock } from './clock.js';
import type { Log } from './telemetry/log.js';

/** Anything that holds a socket, a timer or a watch. Closing twice is the same as closing once. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * What a starting thing has opened so far, closed in reverse order.
 *
 * Everything opened joins the stack at once, so that a start that fails half-way leaves nothing behind.
 */
export class CloseStack implements Closable {
  readonly #opened: Closable[] = [];
  #closing: Promise<void> | undefined;

  add<T extends Closable>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }

  /** Closes all, last in first out. One that fails does not keep the others open; the failures are thrown together. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let closable = this.#opened.pop(); closable !== undefined; closable = this.#opened.pop()) {
      try {
        await closable.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Cannot close everything that was opened');
  }
}

export interface RunOptions {
  readonly log: Log;
  /** Resolves when the thing that runs wants to end by itself. */
  readonly left?: Promise<void>;
  readonly clock?: Clock;
}

const CLOSE_MS = 5_000;
const INTERRUPTS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Runs until SIGTERM or SIGINT, then closes; a second one ends at once, and so do five seconds. SIGHUP reloads.
 *
 * Gives the exit code: 0 after a clean close, 1 when closing failed or took too long, 128 + signal when it was cut short.
 */
export async function runUntilSignal(
  running: Closable,
  reload: () => Promise<void>,
  { log, left, clock = systemClock }: RunOptions,
): Promise<number> {
  const interrupts = listenForInterrupts();
  let reloading = Promise.resolve();
  const onHangup = (): void => {
    reloading = reloading.then(reload).catch((error: unknown) => {
      log.error('reload failed, going on as before', {
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  };
  process.on('SIGHUP', onHangup);
  const patience = new AbortController();
  try {
    const signal = await (left === undefined ? interrupts.first : Promise.race([interrupts.first, left]));
    log.info('stopping', { reason: signal ?? 'told to leave' });
    return await Promise.race([
      running.close().then(
        () => 0,
        (error: unknown) => {
          log.error('not everything could be closed', { reason: String(error) });
          return 1;
        },
      ),
      interrupts.second.then((second) => 128 + constants.signals[second]),
      clock.sleep(CLOSE_MS, { signal: patience.signal }).then(() => {
        log.error('not everything was closed in time', { limitMs: CLOSE_MS });
        return 1;
      }),
    ]);
  } finally {
    patience.abort();
    process.off('SIGHUP', onHangup);
    interrupts.close();
  }
}

interface Interrupts {
  readonly first: Promise<NodeJS.Signals>;
  readonly second: Promise<NodeJS.Signals>;
  close(): void;
}

function listenForInterrupts(): Interrupts {
  const waiting: ((signal: NodeJS.Signals) => void)[] = [];
  const next = (): Promise<NodeJS.Signals> => new Promise((resolve) => waiting.push(resolve));
  const [first, second] = [next(), next()];
  const onInterrupt = (signal: NodeJS.Signals): void => waiting.shift()?.(signal);
  for (const signal of INTERRUPTS) process.on(signal, onInterrupt);
  return {
    first,
    second,
    close: () => {
      for (const signal of INTERRUPTS) process.off(signal, onInterrupt);
    },
  };
}
