import { CatalogError, type CatalogErrorCode } from './catalog-error.js';

/** An answer of the HTTP API that is not a 200 (http-api A1.6). */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

export interface RefusalContext {
  /** Completes "Cannot read ...". */
  readonly what: string;
  /** Kept out of the text. */
  readonly secret: string | undefined;
}

/** The error that an unsuccessful answer stands for. */
export function errorOfRefusal(refusal: Refusal, { what, secret }: RefusalContext): CatalogError {
  const said = withoutSecret(refusal.body.trim(), secret).slice(0, 200);
  const message = `Cannot read ${what}: the backend answered ${refusal.status}${said === '' ? '' : ` "${said}"`}`;
  return new CatalogError(codeOf(refusal), `${message}${hintFor(refusal)}`);
}

function codeOf({ status, body }: Refusal): CatalogErrorCode {
  if (status === 403) return body.includes('ACL not found') ? 'unknown-token' : 'permission-denied';
  // A 500 in 1.8.7: what is asked for came with a later version.
  if (status === 404 || body.includes('invalid config entry kind')) return 'not-found';
  if (status === 429 || status === 503) return 'rate-limited';
  if (status >= 500) {
    if (body.includes('No path to datacenter')) return 'unknown-datacenter';
    if (body.includes('No cluster leader')) return 'no-leader';
    // Before 1.19 a bad `filter=` was a 500: a fault of the request, not of the server.
    if (body.includes('Failed to create boolean expression evaluator')) return 'bad-request';
    return 'server-error';
  }
  return 'bad-request';
}

function hintFor(refusal: Refusal): string {
  const { status, body } = refusal;
  if (status === 400 && body.includes('HTTP request to an HTTPS server')) return '; its address wants https://';
  if (status === 400 && body.includes('Enterprise')) return '; namespace and partition need Consul Enterprise';
  if (status !== 403) return '';
  return codeOf(refusal) === 'unknown-token'
    ? '; Consul does not know this token (--token, --token-file)'
    : '; the token needs node:read and service:read';
}

/** The text without the token, should a backend ever repeat it. */
export function withoutSecret(text: string, secret: string | undefined): string {
  return secret === undefined || secret === '' ? text : text.replaceAll(secret, '[token]');
}
