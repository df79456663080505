import { Rcode } from '../wire/constants.js';
import type { Message } from '../wire/message.js';
import { askTcp } from './ask-tcp.js';
import { askUdp } from './ask-udp.js';
import type { Wait } from './deadline.js';
import type { Recursor } from './recursor.js';
import { upstreamQuery } from './upstream-query.js';

/**
 * One recursor's reply to a client's query: asked over UDP, and over TCP when the reply did not fit. A recursor that
 * does not know EDNS is asked again without it (RFC 6891 section 7). Each of these attempts has `timeoutMs`.
 *
 * The reply is whole and has our query's ID and the client's spelling of the question. Rejects with ForwardError
 * (`timeout`, `unreachable`, `bad-reply`) or the signal's reason; any rcode is a reply.
 */
export async function exchange(query: Message, recursor: Recursor, wait: Wait): Promise<Message> {
  const reply = await ask(upstreamQuery(query, { edns: true }), recursor, wait);
  const knowsEdns = reply.edns !== undefined || (reply.rcode !== Rcode.FORMERR && reply.rcode !== Rcode.NOTIMP);
  return knowsEdns ? reply : ask(upstreamQuery(query, { edns: false }), recursor, wait);
}

async function ask(query: Message, recursor: Recursor, wait: Wait): Promise<Message> {
  const reply = await askUdp(query, recursor, wait);
  return reply.truncated ? askTcp(query, recursor, wait) : reply;
}
