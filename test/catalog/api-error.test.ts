import { describe, expect, test } from 'vitest';
import { errorOfRefusal } from '../../src/catalog/api-error.js';
import { CatalogError, type CatalogErrorCode, isOutage } from '../../src/catalog/catalog-error.js';

const context = { what: 'service "web"', secret: undefined };

test.each<{ status: number; body: string; code: CatalogErrorCode; outage: boolean }>([
  { status: 500, body: 'No cluster leader', code: 'no-leader', outage: true },
  { status: 500, body: 'rpc error making call: EOF', code: 'server-error', outage: true },
  { status: 500, body: 'rpc error getting client: failed to get conn: dial tcp', code: 'server-error', outage: true },
  { status: 502, body: '', code: 'server-error', outage: true },
  { status: 500, body: 'No path to datacenter', code: 'unknown-datacenter', outage: false },
  { status: 500, body: 'Failed to create boolean expression evaluator: x', code: 'bad-request', outage: false },
  { status: 500, body: 'invalid config entry kind: api-gateway', code: 'not-found', outage: false },
  { status: 400, body: 'Bad request: invalid config entry kind: x', code: 'not-found', outage: false },
  { status: 403, body: 'ACL not found', code: 'unknown-token', outage: false },
  { status: 403, body: 'Permission denied', code: 'permission-denied', outage: false },
  { status: 429, body: '', code: 'rate-limited', outage: true },
  { status: 503, body: 'rate limit exceeded', code: 'rate-limited', outage: true },
  { status: 404, body: 'Query not found', code: 'not-found', outage: false },
  { status: 400, body: 'Invalid index', code: 'bad-request', outage: false },
  { status: 401, body: 'ACL support disabled', code: 'bad-request', outage: false },
  { status: 301, body: '', code: 'bad-request', outage: false },
])('A1.6: $status "$body" is $code', ({ status, body, code, outage }) => {
  const error = errorOfRefusal({ status, body }, context);
  expect(error).toBeInstanceOf(CatalogError);
  expect(error.code).toBe(code);
  expect(isOutage(error)).toBe(outage);
  expect(error.message).toContain(`Cannot read service "web": the backend answered ${status}`);
});

describe('what helps', () => {
  test('H074: an Enterprise parameter on a community server', () => {
    const body = 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature';
    expect(errorOfRefusal({ status: 400, body }, context).message).toContain(
      'namespace and partition need Consul Enterprise',
    );
  });

  test.each([
    { body: 'ACL not found', advice: '--token' },
    { body: 'Permission denied', advice: 'node:read and service:read' },
  ])('403 "$body"', ({ body, advice }) => {
    expect(errorOfRefusal({ status: 403, body }, context).message).toContain(advice);
  });

  test('plain HTTP to the TLS port', () => {
    const body = 'Client sent an HTTP request to an HTTPS server.';
    expect(errorOfRefusal({ status: 400, body }, context).message).toContain('https://');
  });
});

test('H076: a backend that repeats the token does not get it into the error', () => {
  const error = errorOfRefusal(
    { status: 403, body: 'token "s3cret" lacks permission; s3cret' },
    { what: 'x', secret: 's3cret' },
  );
  expect(error.message).not.toContain('s3cret');
});

test('a long body is cut', () => {
  expect(errorOfRefusal({ status: 500, body: 'x'.repeat(10_000) }, context).message.length).toBeLessThan(400);
});
