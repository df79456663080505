/**
 * A worker's process: listeners, responder and forwarder over rows that the primary has. It does what the primary says and
 * ends when that is gone. Started by `WorkerProcess`, never imported.
 */
import { type AnsweringSettings, AnsweringSide } from '../answering.js';
import { systemClock } from '../clock.js';
import { keepHeapFlat } from '../heap.js';
import { ListenError } from '../listen/listener.js';
import { Metrics } from '../telemetry/metrics.js';
import { messagesIn, TO_WORKER, type ToPrimary, type ToWorker } from './messages.js';
import { Outbox } from './outbox.js';
import { RemoteCatalog } from './remote-catalog.js';
import { RemoteLog } from './remote-log.js';

const TELL_METRICS_MS = 1_000;

keepHeapFlat();

const outbox = new Outbox<ToPrimary>((batch) => process.send?.([...batch]));
const send = (message: ToPrimary): void => outbox.put(message);
const log = new RemoteLog(send, { level: 'info' });
const metrics = new Metrics();
const catalog = new RemoteCatalog({ send, clock: systemClock });
let answering: AnsweringSide | undefined;

async function receive(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'start':
      return start(message.settings);
    case 'update':
      log.setLevel(message.settings.logLevel);
      answering?.update(message.settings, catalog);
      return;
    case 'stop':
      await answering?.close();
      await catalog.close();
      return end(0);
    case 'rows':
    case 'no-rows':
    case 'dropped':
      catalog.receive(message);
  }
}

async function start(settings: AnsweringSettings): Promise<void> {
  log.setLevel(settings.logLevel);
  answering = new AnsweringSide(settings, { catalog, clock: systemClock, random: Math.random, log, metrics });
  try {
    await answering.listen();
    send({ kind: 'listening' });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const { address, cause } = error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    send({ kind: 'not-listening', address, code, message: cause instanceof Error ? cause.message : String(cause) });
    await end(1);
  }
}

async function tellMetrics(): Promise<void> {
  send({ kind: 'metrics', metrics: await metrics.registry.getMetricsAsJSON() });
}

/** Ends the process once the primary has all that was said. */
async function end(code: number): Promise<void> {
  await tellMetrics();
  outbox.flush();
  // Messages are sent in order: when this one has left, so have the others.
  process.send?.([], () => process.exit(code));
}

// Signals reach the whole group of processes; what to do about them is the primary's to say.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (batch) => {
  for (const message of messagesIn(batch, TO_WORKER)) void receive(message);
});
setInterval(() => void tellMetrics(), TELL_METRICS_MS);
send({ kind: 'up' });
