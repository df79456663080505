import { expect, test } from 'vitest';
import { CatalogError } from '../../src/catalog/catalog-error.js';
import { ForwardError } from '../../src/forward/error.js';
import { failureOf } from '../../src/responder/failure.js';
import { WireError } from '../../src/wire/error.js';

test.each([
  { error: new WireError('bad-ecs', 'x'), outcome: { kind: 'malformed' }, why: 'the client wrote it (C009)' },
  { error: new CatalogError('unreachable', 'x'), outcome: { kind: 'failed', reason: 'unreachable' }, why: 'EDE 22' },
  { error: new CatalogError('timeout', 'x'), outcome: { kind: 'failed', reason: 'unreachable' }, why: 'EDE 22' },
  { error: new CatalogError('no-leader', 'x'), outcome: { kind: 'failed', reason: 'error' }, why: 'EDE 23' },
  { error: new ForwardError('bad-rcode', 'x'), outcome: { kind: 'failed', reason: 'error' }, why: 'EDE 23' },
  { error: new TypeError('x'), outcome: { kind: 'failed', reason: 'internal' }, why: 'a mistake of ours' },
  { error: 'text', outcome: { kind: 'failed', reason: 'internal' }, why: 'not even an error' },
])('$error becomes $outcome: $why', ({ error, outcome }) => {
  const failure = failureOf(error);
  expect(failure.outcome).toMatchObject(outcome);
  expect(failure.isOurFault).toBe('reason' in outcome && outcome.reason === 'internal');
});

test('what a recursor said of the reason is kept (D5)', () => {
  const extendedErrors = [{ code: 15, data: Uint8Array.of(0, 6) }];
  const error = new ForwardError('bad-rcode', 'x', { extendedErrors });
  expect(failureOf(error).outcome).toMatchObject({ kind: 'failed', extendedErrors });
});
