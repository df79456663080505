import { type Writable, writeJson } from './json/write.js';

export interface Reply {
  readonly status: number;
  /** Names as Go spells them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Called when the last byte is on its way. */
  readonly afterSent?: () => void;
}

/** Success without anything to say. */
export const NOTHING: Reply = { status: 200, headers: {}, body: '' };

export function jsonReply(value: Writable, headers: Reply['headers'] = {}, status = 200): Reply {
  return writtenReply(writeJson(value), headers, status);
}

/** As `jsonReply`, for JSON that is written already. */
export function writtenReply(json: string, headers: Reply['headers'] = {}, status = 200): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: json };
}

export function textReply(status: number, text: string, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text };
}
