import type { Header } from './header.js';
import type { Question } from './message.js';

/**
 * - `short-header`: fewer than 12 bytes
 * - `truncated`: the bytes end inside a field
 * - `bad-pointer`: a compression pointer that does not point backwards, or too many of them
 * - `bad-name`: reserved label type, empty label, label above 63 bytes, name above 255, or a text that is no name
 * - `bad-rdata`: data that does not have its type's form
 * - `bad-address`: text that is no address of the family wanted
 * - `bad-opt`, `two-opts`, `bad-ecs`: EDNS; the question is sound, and the reply may repeat it
 * - `out-of-range`: a number or a length that its field cannot hold
 */
export type WireErrorCode =
  | 'short-header'
  | 'truncated'
  | 'bad-pointer'
  | 'bad-name'
  | 'bad-rdata'
  | 'bad-address'
  | 'bad-opt'
  | 'two-opts'
  | 'bad-ecs'
  | 'out-of-range';

/** What was understood of a message before the error; `questions` is complete or empty. */
export interface DecodedStart {
  readonly header: Header;
  readonly questions: readonly Question[];
}

/** Bytes that are no DNS, or a value that cannot be put into bytes. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireErrorCode;
  /** Set by `decodeMessage` once the header was read, for a reply that says FORMERR. */
  readonly decoded: DecodedStart | undefined;

  constructor(
    code: WireErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly decoded?: DecodedStart },
  ) {
    super(message, options);
    this.code = code;
    this.decoded = options?.decoded;
  }
}
