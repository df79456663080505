import type { FailedOutcome, Outcome } from '../answer/outcome.js';
import { CatalogError, type CatalogErrorCode } from '../catalog/catalog-error.js';
import { ForwardError, type ForwardErrorCode } from '../forward/error.js';
import { WireError } from '../wire/error.js';

/** What a failure means for the client, and for whoever reads metrics and log. */
export interface Failure {
  readonly outcome: Outcome;
  readonly code: string;
  /** An error that no client and no peer can cause. */
  readonly isOurFault: boolean;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof WireError) return { outcome: { kind: 'malformed' }, code: error.code, isOurFault: false };
  if (error instanceof ForwardError) {
    const { code, extendedErrors } = error;
    return failed(error, { code, reason: reasonOf(code), extendedErrors });
  }
  if (error instanceof CatalogError) return failed(error, { code: error.code, reason: reasonOf(error.code) });
  return failed(error instanceof Error ? error : new Error(String(error)), { code: 'internal', reason: 'internal' });
}

function failed(
  cause: Error,
  { code, ...facts }: Pick<FailedOutcome, 'reason' | 'extendedErrors'> & { readonly code: string },
): Failure {
  return { outcome: { kind: 'failed', cause, ...facts }, code, isOurFault: facts.reason === 'internal' };
}

function reasonOf(code: CatalogErrorCode | ForwardErrorCode): 'unreachable' | 'error' {
  return code === 'unreachable' || code === 'timeout' ? 'unreachable' : 'error';
}
