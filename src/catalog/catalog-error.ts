/** Why the backend's data could not be had. */
export type CatalogErrorCode =
  /** No connection, or it broke before the answer was complete. */
  | 'unreachable'
  /** No answer within the time given. */
  | 'timeout'
  | 'no-leader'
  /** An agent that answers but cannot reach its servers, and every other 5xx. */
  | 'server-error'
  /** 429 and 503. */
  | 'rate-limited'
  | 'unknown-datacenter'
  /** 403: the backend does not know the token. */
  | 'unknown-token'
  /** 403: the token may not do this. */
  | 'permission-denied'
  | 'not-found'
  /** 400 and other answers that say the request was wrong: asking again is of no use. */
  | 'bad-request'
  /** A 200 that is no JSON, not the JSON expected, or too long. */
  | 'bad-response'
  /** Too many reads are waiting already; this one was not made. */
  | 'overloaded'
  /** The client or the cache was closed meanwhile. */
  | 'closed';

/** The catalog's only error. Its text never holds the token. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
  readonly code: CatalogErrorCode;

  constructor(code: CatalogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True when the error speaks of the backend as a whole: the next request would most likely fail as well. */
export function isOutage(error: unknown): boolean {
  return error instanceof CatalogError && OUTAGES.has(error.code);
}

const OUTAGES: ReadonlySet<CatalogErrorCode> = new Set([
  'unreachable',
  'timeout',
  'no-leader',
  'server-error',
  'rate-limited',
]);
