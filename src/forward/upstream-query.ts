import { randomInt } from 'node:crypto';
import { EdnsOption, Opcode } from '../wire/constants.js';
import type { EdnsOptionValue } from '../wire/edns.js';
import type { Message } from '../wire/message.js';

/** What passes every path without fragments (DNS flag day 2020); larger replies come over TCP. */
const UDP_PAYLOAD_BYTES = 1232;

/**
 * The client's question as we ask it: with an ID of its own, and with an OPT record of our own unless the recursor is
 * known not to take one. EDNS is hop by hop (RFC 6891 section 6.1.1): of the client's OPT only DO and Client Subnet
 * mean the recursor; cookies, padding and keepalive are between the client and us.
 */
export function upstreamQuery(query: Message, { edns }: { readonly edns: boolean }): Message {
  const subnet = clientSubnet(query);
  return {
    id: randomInt(0x1_0000),
    isResponse: false,
    opcode: Opcode.QUERY,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    // In a query: "tell me whether the data are authentic" (RFC 6840 section 5.7).
    authenticData: query.authenticData,
    checkingDisabled: query.checkingDisabled,
    rcode: 0,
    questions: query.questions,
    answer: [],
    authority: [],
    additional: [],
    edns: edns
      ? {
          udpPayloadBytes: UDP_PAYLOAD_BYTES,
          version: 0,
          dnssecOk: query.edns?.dnssecOk ?? false,
          options: subnet === undefined ? [] : [subnet],
        }
      : undefined,
  };
}

/** The Client Subnet option of a message (RFC 7871). */
export function clientSubnet(message: Message): EdnsOptionValue | undefined {
  return message.edns?.options.find(({ code }) => code === EdnsOption.CLIENT_SUBNET);
}
