import { EdnsOption, Opcode, Rcode } from '../wire/constants.js';
import type { Edns, EdnsOptionValue } from '../wire/edns.js';
import { WireError } from '../wire/error.js';
import { decodeHeader } from '../wire/header.js';
import { decodeMessage, type Message } from '../wire/message.js';
import { equalNames } from '../wire/name.js';
import { answerChain } from './answer-chain.js';
import { ForwardError } from './error.js';
import { clientSubnet } from './upstream-query.js';

/** NOERROR and NXDOMAIN are answers; any other rcode is a reason to ask somebody else (dns-behaviour 14.4). */
export function isAnswer({ rcode }: Message): boolean {
  return rcode === Rcode.NOERROR || rcode === Rcode.NXDOMAIN;
}

/**
 * The reply to our query in a packet from the recursor's address and port; undefined for a packet that has nothing to
 * do with it, which is not to end the wait for the right one (RFC 5452 section 9.1).
 *
 * The reply carries our question's spelling, and of the answer section and the OPT record only what belongs to it.
 * Throws ForwardError (`bad-reply`) for a packet that is meant as the reply, but is none.
 */
export function readReply(query: Message, packet: Uint8Array): Message | undefined {
  const header = decodeHeader(packet);
  if (header?.id !== query.id || !header.isResponse || header.opcode !== Opcode.QUERY) return undefined;
  let reply: Message;
  try {
    reply = decodeMessage(packet);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    // A reply cut in the middle of a record has still said that TCP is the way.
    if (header.truncated) return { ...query, isResponse: true, truncated: true, rcode: header.rcode, edns: undefined };
    throw new ForwardError('bad-reply', 'Cannot decode reply', { cause });
  }
  if (!repeatsQuestion(query, reply)) return undefined;
  const edns = reply.edns && ownOptions(query, reply.edns);
  if (reply.edns !== undefined && edns === undefined) return undefined;
  const answer = answerChain(query, reply.answer);
  if (isAnswer(reply) && !reply.truncated && reply.answer.length > 0 && answer.length === 0) {
    throw new ForwardError('bad-reply', 'Cannot use reply: no record of its answer belongs to the question');
  }
  return { ...reply, questions: query.questions, answer, edns };
}

function repeatsQuestion(query: Message, reply: Message): boolean {
  // Servers that do not understand a query need not repeat its question; all they can say is "ask somebody else".
  if (reply.questions.length === 0) return !isAnswer(reply);
  const [asked] = query.questions;
  const [repeated] = reply.questions;
  return (
    asked !== undefined &&
    repeated !== undefined &&
    reply.questions.length === 1 &&
    repeated.type === asked.type &&
    repeated.class === asked.class &&
    equalNames(repeated.name, asked.name)
  );
}

/**
 * The reply's OPT with the options that are for the client: Extended Errors, and Client Subnet if we sent one.
 * Undefined when the subnet is not the one we sent: such a reply is to be ignored (RFC 7871 section 7.3).
 */
function ownOptions(query: Message, edns: Edns): Edns | undefined {
  const sent = clientSubnet(query);
  const options: EdnsOptionValue[] = [];
  for (const option of edns.options) {
    if (option.code === EdnsOption.EXTENDED_ERROR) options.push(option);
    if (option.code !== EdnsOption.CLIENT_SUBNET || sent === undefined) continue;
    if (!sameSubnet(sent.data, option.data)) return undefined;
    options.push(option);
  }
  return { ...edns, options };
}

/** Equal but for the fourth byte, the scope that the recursor fills in. */
function sameSubnet(sent: Uint8Array, received: Uint8Array): boolean {
  return sent.length === received.length && sent.every((byte, at) => at === 3 || byte === received[at]);
}
