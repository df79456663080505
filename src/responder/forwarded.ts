import type { AnswerPolicy } from '../answer/policy.js';
import { Opcode, Rcode } from '../wire/constants.js';
import type { Message, Question } from '../wire/message.js';

/** What a client is told of a recursor's reply: the recursor's answer under the client's own ID, flags and EDNS. */
export function forwardedMessage(query: Message, upstream: Message, policy: AnswerPolicy): Message {
  return {
    ...upstream,
    id: query.id,
    opcode: query.opcode,
    recursionDesired: query.recursionDesired,
    recursionAvailable: true,
    checkingDisabled: query.checkingDisabled,
    truncated: false,
    questions: query.questions,
    edns: query.edns && {
      udpPayloadBytes: policy.udpPayloadMaxBytes,
      version: 0,
      dnssecOk: query.edns.dnssecOk,
      options: upstream.edns?.options ?? [],
    },
  };
}

/** A question of our own to the recursors. */
export function recursiveQuery(question: Question): Message {
  return {
    id: 0,
    isResponse: false,
    opcode: Opcode.QUERY,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: Rcode.NOERROR,
    questions: [question],
    answer: [],
    authority: [],
    additional: [],
    edns: undefined,
  };
}
