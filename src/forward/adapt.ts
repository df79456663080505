import type { Message } from '../wire/message.js';
import { equalNames } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';

/** The same message with every TTL replaced. */
export function retime(message: Message, ttlSeconds: (record: ResourceRecord) => number): Message {
  const retimed = (record: ResourceRecord): ResourceRecord => ({ ...record, ttlSeconds: ttlSeconds(record) });
  return {
    ...message,
    answer: message.answer.map(retimed),
    authority: message.authority.map(retimed),
    additional: message.additional.map(retimed),
  };
}

/** The same message with the question, and the records of that name, spelled as this client asked. */
export function respell(message: Message, name: string): Message {
  const [question] = message.questions;
  if (question === undefined) return message;
  const respelled = (record: ResourceRecord): ResourceRecord =>
    equalNames(record.name, name) ? { ...record, name } : record;
  return {
    ...message,
    questions: [{ ...question, name }],
    answer: message.answer.map(respelled),
    authority: message.authority.map(respelled),
    additional: message.additional.map(respelled),
  };
}
