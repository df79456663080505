import type { EdnsOptionValue } from '../wire/edns.js';

/**
 * - `timeout`: no usable reply in time
 * - `unreachable`: the network or the recursor's host refused
 * - `bad-reply`: a reply that is no DNS, or does not answer what was asked
 * - `bad-rcode`: a reply, but neither NOERROR nor NXDOMAIN
 * - `overloaded`: too many questions under way; nothing was sent
 * - `no-recursors`, `closed`: there is nobody to ask, or nobody who asks any more
 */
export type ForwardErrorCode =
  | 'timeout'
  | 'unreachable'
  | 'bad-reply'
  | 'bad-rcode'
  | 'overloaded'
  | 'no-recursors'
  | 'closed';

/** A question that could not be answered from upstream. */
export class ForwardError extends Error {
  override readonly name = 'ForwardError';
  readonly code: ForwardErrorCode;
  /** What the recursors said of the reason: EDNS options for the reply to the client (RFC 8914). */
  readonly extendedErrors: readonly EdnsOptionValue[];

  constructor(
    code: ForwardErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly extendedErrors?: readonly EdnsOptionValue[] },
  ) {
    super(message, options);
    this.code = code;
    this.extendedErrors = options?.extendedErrors ?? [];
  }
}
