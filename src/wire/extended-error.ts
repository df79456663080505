import { EdnsOption } from './constants.js';
import type { EdnsOptionValue } from './edns.js';

/** Why a reply is what it is, for people (Extended DNS Error, RFC 8914). */
export interface ExtendedDnsError {
  /** One of `ExtendedError`, or another number. */
  readonly infoCode: number;
  /** May be empty; to be shown, never to be acted upon. */
  readonly text: string;
}

export function encodeExtendedError({ infoCode, text }: ExtendedDnsError): EdnsOptionValue {
  const bytes = new TextEncoder().encode(text);
  return { code: EdnsOption.EXTENDED_ERROR, data: Uint8Array.of(infoCode >> 8, infoCode & 0xff, ...bytes) };
}

/** Undefined when the option is too short to hold a code. */
export function decodeExtendedError(data: Uint8Array): ExtendedDnsError | undefined {
  const [high, low] = data;
  if (high === undefined || low === undefined) return undefined;
  return { infoCode: (high << 8) | low, text: new TextDecoder().decode(data.subarray(2)) };
}
