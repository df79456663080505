import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listenTcp } from '../../src/listen/tcp.js';
import { answeringSettingsOf } from '../../src/slices.js';
import { CatalogFeed } from '../../src/workers/catalog-feed.js';
import type { WorkerProcess } from '../../src/workers/worker-process.js';
import { echo, listening } from '../listen/listening.js';
import { freePort } from '../support/free-port.js';
import { RecordingLog, testConfig } from '../support/server.js';
import { TestClock } from '../support/test-clock.js';
import { VersionedCatalog } from './versioned-catalog.js';

// The built one, for it starts the built worker that stands beside it.
const built: { readonly WorkerProcess: typeof WorkerProcess } = await import(
  new URL('../../dist/workers/worker-process.js', import.meta.url).href
);

class Setup implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly log = new RecordingLog();
  readonly worker: WorkerProcess;

  constructor(port: number) {
    this.worker = new built.WorkerProcess({
      feed: new CatalogFeed(new VersionedCatalog()),
      clock: this.clock,
      log: this.log,
      settings: () => answeringSettingsOf(testConfig({ dnsPort: port }), 'dc1'),
      onMetrics: () => undefined,
    });
  }

  signal(signal: NodeJS.Signals): void {
    // It runs: 0 would mean all processes of the group.
    process.kill(this.worker.pid!, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.worker.stop();
    await this.clock.advance(4_000);
    await stopped;
  }
}

test('a port that is taken is the very error that a server without workers meets', async () => {
  const port = await freePort();
  await using _other = await listenTcp(await listening({ port }), echo);
  await using setup = new Setup(port);
  await expect(setup.worker.listen()).rejects.toMatchObject({
    name: 'ListenError',
    code: 'address-in-use',
    address: { transport: 'tcp', host: '127.0.0.1', port },
    message: expect.stringMatching(`Cannot listen on TCP 127.0.0.1:${port}: another process has this port.*--dns-port`),
  });
  expect(await setup.worker.ended).toEqual({ code: 1, signal: null });
});

test('one that ends before it answers says how', async () => {
  await using setup = new Setup(await freePort());
  setup.signal('SIGKILL');
  await expect(setup.worker.listen()).rejects.toThrow('Cannot start a worker: it ended at once');
  expect(await setup.worker.ended).toEqual({ code: null, signal: 'SIGKILL' });
});

test('one that does not stop when it is told to is killed after four seconds', async () => {
  await using setup = new Setup(await freePort());
  await setup.worker.listen();
  setup.signal('SIGSTOP');
  const stopped = setup.worker.stop();
  await setup.clock.advance(3_999);
  expect(await Promise.race([setup.worker.ended, delay(200, 'running')])).toBe('running');
  await setup.clock.advance(1);
  await stopped;
  expect(await setup.worker.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(setup.log.lines).toMatchObject([{ level: 'warn', message: 'worker did not stop in time' }]);
});

test('one that has ended already is stopped', async () => {
  await using setup = new Setup(await freePort());
  await setup.worker.listen();
  await setup.worker.stop();
  await setup.worker.stop();
  expect(await setup.worker.ended).toEqual({ code: 0, signal: null });
});
