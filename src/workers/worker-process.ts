import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { AnsweringSettings } from '../answering.js';
import type { Clock } from '../clock.js';
import { ListenError } from '../listen/listener.js';
import type { Log } from '../telemetry/log.js';
import type { CatalogFeed } from './catalog-feed.js';
import { CatalogSession } from './catalog-session.js';
import { messagesIn, TO_PRIMARY, type ToPrimary, type ToWorker } from './messages.js';
import { Outbox } from './outbox.js';

export interface WorkerProcessOptions {
  readonly feed: CatalogFeed;
  readonly clock: Clock;
  /** Gets the lines of the process as well. */
  readonly log: Log;
  /** Asked for when the process is to answer. */
  readonly settings: () => AnsweringSettings;
  readonly onMetrics: (metrics: readonly object[]) => void;
}

/** How a process came to its end. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

const ENTRY = fileURLToPath(new URL('./worker.js', import.meta.url));
/** Longer than listeners take to answer what is under way, shorter than the whole process is given to stop. */
const STOP_MS = 4_000;

/** One worker, as the primary sees it. */
export class WorkerProcess {
  /** Resolves when it has ended and all it said was heard. */
  readonly ended: Promise<Ending>;
  readonly #worker: Worker;
  readonly #options: WorkerProcessOptions;
  readonly #outbox: Outbox<ToWorker>;
  readonly #session: CatalogSession;
  readonly #up: Promise<void>;
  readonly #listening: Promise<void>;
  #onUp: () => void = () => undefined;
  #onListening: (error?: Error) => void = () => undefined;
  #isStarted = false;

  /** Starts the process. It does nothing yet. */
  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    this.#worker = fork();
    // What cannot be sent any more was for a process that is about to be missed anyway.
    this.#outbox = new Outbox((batch) => this.#worker.isConnected() && this.#worker.send([...batch], () => undefined));
    this.#session = new CatalogSession(options.feed, (message) => this.#outbox.put(message));
    this.#worker.on('message', (batch: unknown) => {
      for (const message of messagesIn(batch, TO_PRIMARY)) this.#receive(message);
    });
    this.#up = new Promise((resolve) => {
      this.#onUp = resolve;
    });
    this.#listening = new Promise((resolve, reject) => {
      this.#onListening = (error) => (error === undefined ? resolve() : reject(error));
    });
    // It may end before anybody asked it to answer.
    this.#listening.catch(() => undefined);
    this.ended = this.#untilEnded();
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** Resolves when it answers; rejects with a `ListenError`, or when it ends without having got that far. */
  async listen(): Promise<void> {
    await Promise.race([this.#up, this.#listening]);
    this.#isStarted = true;
    this.#outbox.put({ kind: 'start', settings: this.#options.settings() });
    return this.#listening;
  }

  /** Gives it other settings. */
  update(settings: AnsweringSettings): void {
    if (this.#isStarted) this.#outbox.put({ kind: 'update', settings });
  }

  /** Lets it answer what is under way; resolves when it has ended. */
  async stop(): Promise<void> {
    if (!this.#isStarted) this.#worker.process.kill('SIGKILL');
    this.#outbox.put({ kind: 'stop' });
    const { clock, log } = this.#options;
    const patience = new AbortController();
    const kill = (): void => {
      log.warn('worker did not stop in time', { part: 'workers', pid: this.pid, limitMs: STOP_MS });
      this.#worker.process.kill('SIGKILL');
    };
    clock.sleep(STOP_MS, { signal: patience.signal }).then(kill, () => undefined);
    await this.ended;
    patience.abort();
  }

  #receive(message: ToPrimary): void {
    const { log, onMetrics } = this.#options;
    switch (message.kind) {
      case 'up':
        this.#onUp();
        return;
      case 'listening':
        this.#onListening();
        return;
      case 'not-listening': {
        const cause = Object.assign(new Error(message.message), { code: message.code });
        this.#onListening(new ListenError(message.address, cause));
        return;
      }
      case 'metrics':
        onMetrics(message.metrics);
        return;
      case 'log':
        log[message.method](message.message, message.fields);
        return;
      case 'read':
      case 'used':
        this.#session.receive(message);
    }
  }

  async #untilEnded(): Promise<Ending> {
    const ending = await endingOf(this.#worker, this.#options.log);
    this.#session.close();
    const { code, signal } = ending;
    this.#onListening(new Error(`Cannot start a worker: it ended at once (code ${code}, signal ${signal})`));
    return ending;
  }
}

function fork(): Worker {
  // Connections go to the workers straight from the kernel: the primary has JSON to read, and would keep them waiting.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  // The settings are the whole process's: whoever else forks is to find them as they were.
  const { exec = process.argv[1], args = process.argv.slice(2), serialization = 'json' } = cluster.settings;
  cluster.setupPrimary({ exec: ENTRY, args: [], serialization: 'advanced' });
  const worker = cluster.fork();
  cluster.setupPrimary({ exec, args, serialization });
  return worker;
}

function endingOf(worker: Worker, log: Log): Promise<Ending> {
  return new Promise((resolve) => {
    worker.on('error', (error) => {
      log.warn('worker process failed', { part: 'workers', error });
      // It could not even be started.
      if (worker.process.pid === undefined) resolve({ code: null, signal: null });
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      const end = (): void => resolve({ code, signal });
      // What it said last may still be on its way.
      if (worker.isConnected()) worker.once('disconnect', end);
      else end();
    });
  });
}
