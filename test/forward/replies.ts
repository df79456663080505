import { Rcode } from '../../src/wire/constants.js';
import type { Message } from '../../src/wire/message.js';
import { question } from '../support/client.js';
import { rr } from '../support/records.js';

/** A recursor's reply, its records as dig prints them. */
export function replyOf(
  name: string,
  {
    type = 'A',
    answer = [],
    authority = [],
    additional = [],
    ...parts
  }: Partial<Omit<Message, 'answer' | 'authority' | 'additional'>> & {
    readonly type?: Parameters<typeof question>[1];
    readonly answer?: readonly string[];
    readonly authority?: readonly string[];
    readonly additional?: readonly string[];
  } = {},
): Message {
  return {
    ...question(name, type, { rd: true }),
    isResponse: true,
    recursionAvailable: true,
    rcode: Rcode.NOERROR,
    answer: answer.map(rr),
    authority: authority.map(rr),
    additional: additional.map(rr),
    ...parts,
  };
}
