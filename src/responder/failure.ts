import type { FailedOutcome, Outcome } from '../answer/outcome.js';
import { CatalogError } from '../catalog/catalog-error.js';
import { ForwardError } from '../forward/error.js';
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
  const cause = error instanceof Error ? error : new Error(String(error));
  const { reason, code } = classify(cause);
  return { outcome: { kind: 'failed', reason, cause }, code, isOurFault: reason === 'internal' };
}

function classify(error: Error): Pick<FailedOutcome, 'reason'> & { readonly code: string } {
  if (error instanceof CatalogError || error instanceof ForwardError) {
    const isUnreachable = error.code === 'unreachable' || error.code === 'timeout';
    return { reason: isUnreachable ? 'unreachable' : 'error', code: error.code };
  }
  return { reason: 'internal', code: 'internal' };
}
