import { HEADER_BYTES } from '../../../../src/wire/constants.js';
import { decodeMessage, type Message } from '../../../../src/wire/message.js';
import { formatMessage } from '../../../../src/wire/present.js';

/** What a server sent back; undefined for nothing. */
export type Reply = SentReply | undefined;

export interface SentReply {
  readonly message: Message;
  readonly sizeBytes: number;
}

/** A reply that is not even DNS fails here, and with it the run. */
export function replyFrom(bytes: Uint8Array | undefined): Reply {
  return bytes && { message: decodeMessage(bytes), sizeBytes: bytes.length };
}

/** A reply of a header and nothing more, as errors are told that leave nothing to repeat. */
export function isBare(reply: Reply): boolean {
  return reply?.sizeBytes === HEADER_BYTES;
}

/** The same reply but for these parts; its size is then unknown and taken over as it was. */
export function withParts({ message, sizeBytes }: SentReply, parts: Partial<Message>): SentReply {
  return { message: { ...message, ...parts }, sizeBytes };
}

export function formatReply(reply: Reply): string {
  return reply === undefined ? '(no reply)\n' : `${formatMessage(reply.message)};; ${reply.sizeBytes} bytes\n`;
}
