import type { Message } from '../wire/message.js';
import { isSubdomain, lowerName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';

/** Recursors themselves give up on longer chains of CNAMEs; a bound keeps hostile replies cheap. */
const MAX_NAMES = 20;

/**
 * The records of an answer section that belong to the question: those of the name asked for, of the names its CNAMEs
 * lead to, and of the DNAMEs such CNAMEs were made from. Whatever else stands there was not asked for, and clients
 * would believe it (RFC 5452 section 6).
 */
export function answerChain({ questions }: Message, answer: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const targets = new Map<string, string>();
  for (const { name, data } of answer) {
    if (data.kind === 'CNAME') targets.set(lowerName(name), lowerName(data.target));
  }
  // A set hands out what is added while it is walked, and takes each name once: loops end.
  const names = new Set(questions.map(({ name }) => lowerName(name)));
  for (const name of names) {
    const target = targets.get(name);
    if (target !== undefined && names.size < MAX_NAMES) names.add(target);
  }
  const chain = [...names];
  for (const { name, data } of answer) {
    if (data.kind === 'DNAME' && chain.some((link) => isSubdomain(link, name))) names.add(lowerName(name));
  }
  return answer.filter(({ name }) => names.has(lowerName(name)));
}
