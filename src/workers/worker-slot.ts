import type { AnsweringSettings } from '../answering.js';
import { backoffMs } from '../catalog/next-index.js';
import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import type { WorkerProcess } from './worker-process.js';

export interface WorkerSlotOptions {
  readonly start: () => WorkerProcess;
  /** Called when a process has ended without having been told to, before the next one is started. */
  readonly onDeath: () => void;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** A process that lived this long did not die of its start: the next one need not wait. */
const SETTLED_MS = 10_000;

/** A worker's place: always one process, the next one as soon as it dies. */
export class WorkerSlot implements Closable {
  readonly #options: WorkerSlotOptions;
  readonly #stopping = new AbortController();
  #process: WorkerProcess;
  #replacing: Promise<void> | undefined;

  /** Starts the first process, which does not answer yet. */
  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.#process = options.start();
  }

  /** Resolves when the first process answers; rejects when it cannot, and then there is no second one. */
  async listen(): Promise<void> {
    await this.#process.listen();
    this.#options.log.info('worker answers', { pid: this.#process.pid });
    this.#replacing = this.#replaceDead();
  }

  update(settings: AnsweringSettings): void {
    this.#process.update(settings);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#process.stop();
    await this.#replacing;
  }

  async #replaceDead(): Promise<void> {
    const { clock, random, log, onDeath } = this.#options;
    const { signal } = this.#stopping;
    for (let failures = 0; ; ) {
      const startedAt = clock.now();
      const ending = await this.#process.ended;
      if (signal.aborted) return;
      onDeath();
      failures = clock.now() - startedAt < SETTLED_MS ? failures + 1 : 0;
      const waitMs = failures === 0 ? 0 : backoffMs(failures, random);
      log.error('worker ended, starting another', { pid: this.#process.pid, ...ending, inMs: Math.round(waitMs) });
      await clock.sleep(waitMs, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#startNext();
    }
  }

  #startNext(): void {
    const { log, start } = this.#options;
    try {
      this.#process = start();
    } catch (error) {
      // The dead one stays in its place, so it is tried again.
      log.error('worker not started', { error });
      return;
    }
    const { pid } = this.#process;
    // One that does not get to answer ends, and is replaced like the one before.
    this.#process.listen().then(
      () => log.info('worker answers', { pid }),
      (error: Error) => log.error('worker does not answer', { pid, reason: error.message }),
    );
  }
}
