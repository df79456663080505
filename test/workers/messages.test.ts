import { describe, expect, test } from 'vitest';
import { answeringSettingsOf } from '../../src/slices.js';
import { messagesIn, TO_PRIMARY, TO_WORKER, type ToPrimary, type ToWorker } from '../../src/workers/messages.js';
import { testConfig } from '../support/server.js';
import { rowsOf, service, wanted } from './versioned-catalog.js';

const settings = answeringSettingsOf(testConfig({ serviceTtlSeconds: new Map([['web', 5]]) }), 'dc1');
const toWorker: readonly ToWorker[] = [
  { kind: 'start', settings },
  { kind: 'update', settings },
  { kind: 'rows', read: 1, rows: rowsOf('web') },
  { kind: 'no-rows', read: 1, code: 'no-leader', message: 'Cannot read' },
  { kind: 'dropped', entry: 'backend/dc1' },
  { kind: 'stop' },
];
const address = { transport: 'udp', host: '127.0.0.1', port: 53 } as const;
const toPrimary: readonly ToPrimary[] = [
  { kind: 'up' },
  { kind: 'listening' },
  { kind: 'not-listening', address, code: 'EADDRINUSE', message: 'bind EADDRINUSE' },
  { kind: 'read', read: 1, wanted: wanted(service('web')) },
  { kind: 'used', wanted: [wanted(service('web'))] },
  { kind: 'metrics', metrics: [{ name: 'a', type: 'counter' }] },
  { kind: 'log', method: 'warn', message: 'something', fields: { count: 1 } },
];

describe('a batch', () => {
  test.each(toWorker.map((message) => ({ message, kind: message.kind })))(
    'brings "$kind" to a worker',
    ({ message }) => {
      expect(messagesIn(structuredClone([message]), TO_WORKER)).toEqual([message]);
    },
  );

  test.each(toPrimary.map((message) => ({ message, kind: message.kind })))(
    'brings "$kind" to the primary',
    ({ message }) => {
      expect(messagesIn(structuredClone([message]), TO_PRIMARY)).toEqual([message]);
    },
  );

  test('keeps the order', () => {
    expect(messagesIn(toWorker, TO_WORKER)).toEqual(toWorker);
    expect(messagesIn(toPrimary, TO_PRIMARY)).toEqual(toPrimary);
  });

  test.each([
    { batch: undefined, why: 'nothing' },
    { batch: 'up', why: 'a text' },
    { batch: { type: 'prom-client:getMetricsReq', requestId: 1 }, why: "another library's message" },
    { batch: [null, 7, 'up', {}, { kind: 7 }], why: 'no messages' },
    { batch: [{ kind: 'toString' }, { kind: '__proto__' }], why: 'kinds that every object knows' },
    { batch: [{ kind: 'dropped', entry: 'web' }], why: 'a message of the other direction' },
    { batch: [{ kind: 'read', read: '1', wanted: wanted(service('web')) }], why: 'a read without a number' },
    { batch: [{ kind: 'read', read: 1, wanted: { lookup: null, sourceAddress: '::' } }], why: 'a read of nothing' },
    { batch: [{ kind: 'used', wanted: [7] }], why: 'a use of nothing' },
    { batch: [{ kind: 'log', method: 'child', message: '', fields: {} }], why: 'a method that writes nothing' },
    { batch: [{ kind: 'metrics' }], why: 'no metrics' },
  ])('passes over $why', ({ batch }) => {
    expect(messagesIn(batch, TO_PRIMARY)).toEqual([]);
  });
});
