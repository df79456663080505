import { describe, expect, test } from 'vitest';
import { createLogger, isLogged, LOG_LEVELS, type Log, type LogLevel } from '../../src/telemetry/log.js';

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
  test.each(LOG_LEVELS)('%s lets through itself and what is more serious', async (level) => {
    const lines: { readonly msg?: string }[] = [];
    const log = await logInto(lines, level);
    for (const method of ['debug', 'info', 'warn', 'error'] as const) log[method](method);
    const expected = ['debug', 'info', 'warn', 'error'].filter(
      (method) => LOG_LEVELS.findIndex((each) => each === method) >= LOG_LEVELS.indexOf(level),
    );
    expect(lines.map(({ msg }) => msg)).toEqual(expected);
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

  test.each([
    { level: 'warn', least: 'warn', is: true },
    { level: 'info', least: 'warn', is: false },
    { level: 'error', least: 'trace', is: true },
    { level: 'error', least: 'silent', is: false },
  ] as const)('$level with $least wanted: $is', ({ level, least, is }) => {
    expect(isLogged(level, least)).toBe(is);
  });
});
