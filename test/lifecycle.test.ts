import { describe, expect, test } from 'vitest';
import { CloseStack, runUntilSignal } from '../src/lifecycle.js';
import { RecordingLog } from './support/server.js';
import { TestClock } from './support/test-clock.js';

const forever = (): Promise<never> => new Promise(() => {});
const noReload = (): Promise<void> => Promise.resolve();

describe('runUntilSignal', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s closes and gives 0', async (signal) => {
    let closed = 0;
    const close = async (): Promise<void> => {
      closed += 1;
    };
    const code = runUntilSignal({ close }, noReload, { log: new RecordingLog() });
    process.emit(signal, signal);
    expect(await code).toBe(0);
    expect(closed).toBe(1);
  });

  test('it ends as well when the thing that runs wants to leave (H152)', async () => {
    const running = { close: () => Promise.resolve() };
    expect(await runUntilSignal(running, noReload, { log: new RecordingLog(), left: Promise.resolve() })).toBe(0);
  });

  test('a second signal ends at once, with the code a shell gives a killed process', async () => {
    const code = runUntilSignal({ close: forever }, noReload, { log: new RecordingLog() });
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    expect(await code).toBe(130);
  });

  test('closing may take five seconds, no more', async () => {
    const clock = new TestClock();
    const log = new RecordingLog();
    let code: number | undefined;
    const ended = runUntilSignal({ close: forever }, noReload, { log, clock }).then((value) => {
      code = value;
    });
    process.emit('SIGTERM', 'SIGTERM');
    await clock.advance(4_999);
    expect(code).toBeUndefined();
    await clock.advance(1);
    await ended;
    expect(code).toBe(1);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'not everything was closed in time' }));
  });

  test('a failure to close is logged and gives 1', async () => {
    const log = new RecordingLog();
    const code = runUntilSignal({ close: () => Promise.reject(new Error('stuck')) }, noReload, { log });
    process.emit('SIGTERM', 'SIGTERM');
    expect(await code).toBe(1);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'not everything could be closed' }));
  });

  test('SIGHUP reloads, one after the other, and a failed reload changes nothing', async () => {
    const log = new RecordingLog();
    let reloads = 0;
    let underWay = 0;
    const reload = async (): Promise<void> => {
      underWay += 1;
      expect(underWay).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      reloads += 1;
      if (reloads === 2) throw new Error('bad file');
    };
    const code = runUntilSignal({ close: () => Promise.resolve() }, reload, { log });
    for (let count = 0; count < 3; count += 1) process.emit('SIGHUP', 'SIGHUP');
    while (reloads < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(log.lines).toEqual([
      { level: 'error', message: 'reload failed, going on as before', fields: { reason: 'bad file' } },
    ]);
    process.emit('SIGTERM', 'SIGTERM');
    expect(await code).toBe(0);
  });

  test('it leaves no listener and no timer behind', async () => {
    const count = (): number[] => ['SIGTERM', 'SIGINT', 'SIGHUP'].map((signal) => process.listenerCount(signal));
    const before = count();
    const clock = new TestClock();
    const code = runUntilSignal({ close: () => Promise.resolve() }, noReload, { log: new RecordingLog(), clock });
    process.emit('SIGTERM', 'SIGTERM');
    await code;
    expect(count()).toEqual(before);
    expect(clock.sleeping).toBe(0);
  });
});

describe('CloseStack', () => {
  test('what was opened last is closed first, each once, however often close is called', async () => {
    const order: string[] = [];
    const stack = new CloseStack();
    for (const name of ['a', 'b', 'c']) stack.add({ close: async () => void order.push(name) });
    await Promise.all([stack.close(), stack.close()]);
    await stack.close();
    expect(order).toEqual(['c', 'b', 'a']);
  });

  test('one that fails does not keep the others open', async () => {
    const order: string[] = [];
    const stack = new CloseStack();
    stack.add({ close: async () => void order.push('a') });
    stack.add({ close: () => Promise.reject(new Error('stuck')) });
    await expect(stack.close()).rejects.toMatchObject({ errors: [new Error('stuck')] });
    expect(order).toEqual(['a']);
  });
});
