import type { Message, Question } from '../wire/message.js';
import { lowerName } from '../wire/name.js';
import { clientSubnet } from './upstream-query.js';

/**
 * What makes two queries the same for the recursor: the question, and what of header and OPT decides about the reply,
 * which are CD, DO, AD (RFC 6840 section 5.8: only who sets one of these gets AD back) and Client Subnet.
 */
export function questionKey(query: Message): string {
  const question = questionOf(query);
  const flags =
    (query.checkingDisabled ? 4 : 0) | (query.edns?.dnssecOk === true ? 2 : 0) | (query.authenticData ? 1 : 0);
  const key = `${flags} ${question.class} ${question.type} ${lowerName(question.name)}`;
  const subnet = clientSubnet(query);
  return subnet === undefined ? key : `${key} ${Buffer.from(subnet.data).toString('hex')}`;
}

/** The question of a query, which has one: only such queries are forwarded. */
export function questionOf({ questions: [question] }: Message): Question {
  if (question === undefined) throw new TypeError('Cannot forward query: it has no question');
  return question;
}
