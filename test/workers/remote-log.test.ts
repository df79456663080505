import { describe, expect, test } from 'vitest';
import type { ToPrimary } from '../../src/workers/messages.js';
import { RemoteLog } from '../../src/workers/remote-log.js';

class Setup {
  readonly sent: ToPrimary[] = [];
  readonly log = new RemoteLog((message) => this.sent.push(structuredClone(message)), { level: 'info' });

  get fields(): readonly unknown[] {
    return this.sent.map((message) => message.kind === 'log' && message.fields);
  }
}

test('lines are sent with the fields of the log and their own', () => {
  const { log, sent } = new Setup();
  log.child({ part: 'listen' }).warn('UDP socket failed', { port: 53 });
  log.error('question failed');
  expect(sent).toEqual([
    { kind: 'log', method: 'warn', message: 'UDP socket failed', fields: { part: 'listen', port: 53 } },
    { kind: 'log', method: 'error', message: 'question failed', fields: {} },
  ]);
});

test('lines below the level are not sent, and a new level holds for children that there are', () => {
  const { log, sent } = new Setup();
  const child = log.child({ part: 'listen' });
  child.debug('one');
  log.setLevel('debug');
  child.debug('two');
  log.setLevel('silent');
  child.error('three');
  expect(sent.map((message) => message.kind === 'log' && message.message)).toEqual(['two']);
});

describe('fields', () => {
  test('errors keep type, code and cause', () => {
    const setup = new Setup();
    const cause = Object.assign(new TypeError('bind EADDRINUSE'), { code: 'EADDRINUSE' });
    setup.log.error('failed', { error: new Error('Cannot listen', { cause }) });
    expect(setup.fields).toMatchObject([
      {
        error: {
          type: 'Error',
          message: 'Cannot listen',
          stack: expect.stringContaining('remote-log.test'),
          cause: { type: 'TypeError', message: 'bind EADDRINUSE', code: 'EADDRINUSE' },
        },
      },
    ]);
  });

  test.each([
    { value: 7, sent: 7 },
    { value: undefined, sent: undefined },
    { value: { host: '::1', port: 53 }, sent: { host: '::1', port: 53 } },
    { value: 12n, sent: 12n },
    { value: Symbol('odd'), sent: 'Symbol(odd)' },
    { value: { close: () => undefined }, sent: '{ close: [Function: close] }' },
    { value: Math.max, sent: '[Function: max]' },
  ])('$value is sent as $sent', ({ value, sent }) => {
    const setup = new Setup();
    setup.log.info('something', { value });
    expect(setup.fields).toEqual([{ value: sent }]);
  });
});
