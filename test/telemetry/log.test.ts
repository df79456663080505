import { describe, expect, test } from 'vitest';
import { createLogger, type Log, type LogLevel } from '../../src/telemetry/log.js';

/** A log that writes JSON lines into an array. */
async function logInto(lines: unknown[], level: LogLevel = 'info'): Promise<Log> {
  return createLogger({ level, json: true, destination: { write: (line) => lines.push(JSON.parse(line)) } });
}

test('a line has its level, message and fields, and those of the log that it is a child of', async () => {
  const lines: unknown[] = [];
  const log = await logInto(lines);
  log.child({ part: 'listen' }).child({ port: 53 }).warn('UDP socket failed', { error: 'bad' });
  expect(lines).toEqual([
    { level: 40, time: expect.any(String), part: 'listen', port: 53, error: 'bad', msg: 'UDP socket failed' },
  ]);
});

test('errors are written out with code and cause', async () => {
  const lines: unknown[] = [];
  const cause = Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' });
  (await logInto(lines)).error('failed', { error: new Error('Cannot listen', { cause }) });
  expect(lines).toMatchObject([{ error: { message: 'Cannot listen', cause: { code: 'EADDRINUSE' } } }]);
});

describe('the level', () => {
  test.each([
    { level: 'trace', written: ['debug', 'info', 'warn', 'error'] },
    { level: 'debug', written: ['debug', 'info', 'warn', 'error'] },
    { level: 'info', written: ['info', 'warn', 'error'] },
    { level: 'warn', written: ['warn', 'error'] },
    { level: 'error', written: ['error'] },
    { level: 'silent', written: [] },
  ] as const)('$level lets $written through', async ({ level, written }) => {
    const lines: { readonly msg?: string }[] = [];
    const log = await logInto(lines, level);
    for (const method of ['debug', 'info', 'warn', 'error'] as const) log[method](method);
    expect(lines.map(({ msg }) => msg)).toEqual(written);
  });

  test('holds, when it changes, for children that there are', async () => {
    const lines: { readonly msg?: string }[] = [];
    const log = await logInto(lines);
    const child = log.child({ part: 'listen' });
    child.debug('one');
    log.setLevel('debug');
    child.debug('two');
    child.setLevel('silent');
    log.error('three');
    expect(lines.map(({ msg }) => msg)).toEqual(['two']);
  });
});
