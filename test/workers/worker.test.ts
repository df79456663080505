import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { AnsweringSettings } from '../../src/answering.js';
import { answeringSettingsOf } from '../../src/slices.js';
import { messagesIn, TO_PRIMARY, type ToPrimary, type ToWorker } from '../../src/workers/messages.js';
import { askUdp, question } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { testConfig } from '../support/server.js';
import { entryOf, rowsOf } from './versioned-catalog.js';

const ENTRY = fileURLToPath(new URL('../../dist/workers/worker.js', import.meta.url));

/** The built worker, with the test in the primary's place. */
class Worker implements AsyncDisposable {
  readonly heard: ToPrimary[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;

  constructor() {
    this.child = fork(ENTRY, { serialization: 'advanced', execArgv: [] });
    this.child.on('message', (batch) => this.heard.push(...messagesIn(batch, TO_PRIMARY)));
    this.ended = once(this.child, 'exit').then(([code]) => code);
  }

  tell(...batch: readonly ToWorker[]): void {
    this.child.send([...batch]);
  }

  /** The messages of this kind, once there are as many. */
  async hear<K extends ToPrimary['kind']>(kind: K, count = 1): Promise<readonly Extract<ToPrimary, { kind: K }>[]> {
    const found = await eventually(
      async () => this.heard.filter((message): message is Extract<ToPrimary, { kind: K }> => message.kind === kind),
      ({ length }) => length >= count,
    );
    expect(found, kind).toHaveLength(count);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

function settingsFor(dnsPort: number): AnsweringSettings {
  return answeringSettingsOf(testConfig({ dnsPort }), 'dc1');
}

test('it answers with the rows that the primary gives, until they are dropped', async () => {
  await using worker = new Worker();
  const port = await freePort();
  await worker.hear('up');
  worker.tell({ kind: 'start', settings: settingsFor(port) });
  await worker.hear('listening');

  const ask = () => askUdp({ host: '127.0.0.1', port }, question('web.service.consul', 'A'));
  const first = ask();
  const [{ read = 0 } = {}] = await worker.hear('read');
  worker.tell({ kind: 'rows', read, rows: rowsOf('web') });
  // There are no instances in them.
  expect(await first).toMatchObject({ rcode: 3 });
  for (let asked = 0; asked < 5; asked += 1) expect(await ask()).toMatchObject({ rcode: 3 });
  await worker.hear('read', 1);

  worker.tell({ kind: 'dropped', entry: entryOf('web') });
  const again = ask();
  const [, next] = await worker.hear('read', 2);
  worker.tell({ kind: 'no-rows', read: next?.read ?? 0, code: 'no-leader', message: 'Cannot read' });
  expect(await again).toMatchObject({ rcode: 2 });
});

test('a port that is taken: it says which and why, and ends with code 1', async () => {
  await using first = new Worker();
  await using second = new Worker();
  const port = await freePort();
  first.tell({ kind: 'start', settings: settingsFor(port) });
  await first.hear('listening');
  second.tell({ kind: 'start', settings: settingsFor(port) });
  expect(await second.ended).toBe(1);
  expect(await second.hear('not-listening')).toMatchObject([
    { address: { transport: 'udp', host: '127.0.0.1', port }, code: 'EADDRINUSE' },
  ]);
});

test('told to stop, it answers what is under way, tells its last metrics and ends with code 0', async () => {
  await using worker = new Worker();
  const port = await freePort();
  worker.tell({ kind: 'start', settings: settingsFor(port) });
  await worker.hear('listening');
  const reply = askUdp({ host: '127.0.0.1', port }, question('web.service.consul', 'A'));
  const [{ read = 0 } = {}] = await worker.hear('read');
  worker.tell({ kind: 'stop' });
  worker.tell({ kind: 'rows', read, rows: rowsOf('web') });
  expect(await reply).toMatchObject({ rcode: 3 });
  expect(await worker.ended).toBe(0);
  const counted = '{"value":1,"labels":{"rcode":"NXDOMAIN"}}';
  const lastMetrics = async () => JSON.stringify(worker.heard.findLast(({ kind }) => kind === 'metrics'));
  expect(await eventually(lastMetrics, (metrics) => metrics.includes(counted))).toContain(counted);
});

test('told to stop before it was told to start, it ends', async () => {
  await using worker = new Worker();
  worker.tell({ kind: 'stop' });
  expect(await worker.ended).toBe(0);
});

test('it ends when nobody is there to tell it anything', async () => {
  await using worker = new Worker();
  await worker.hear('up');
  worker.child.disconnect();
  expect(await worker.ended).toBe(0);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s is not for it', async (signal) => {
  await using worker = new Worker();
  await worker.hear('up');
  worker.child.kill(signal);
  const port = await freePort();
  worker.tell({ kind: 'start', settings: settingsFor(port) });
  await worker.hear('listening');
});
