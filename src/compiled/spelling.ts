import type { Message } from '../wire/message.js';
import { isSubdomain, lowerName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';

/**
 * Whether a reply to a question in mixed case is, but for the question's own bytes, the reply to every other mixed
 * spelling of it as well.
 *
 * It is not if it holds a name at or below the question's that has capitals of its own there: such a name may be
 * compressed against one spelling and not against another. Owner names spelled just like the question are no such names;
 * they were made from it.
 */
export function isGoodForAnySpelling({ questions: [question], answer, authority, additional }: Message): boolean {
  if (question === undefined) return false;
  const isFree = (name: string): boolean => !isSubdomain(name, question.name) || endsInLowerCase(name, question.name);
  const isFreeRecord = (record: ResourceRecord): boolean =>
    (record.name === question.name || isFree(record.name)) && namesIn(record).every(isFree);
  return [answer, authority, additional].every((section) => section.every(isFreeRecord));
}

function endsInLowerCase(name: string, { length }: string): boolean {
  const end = name.slice(-length);
  return end === lowerName(end);
}

function namesIn({ data }: ResourceRecord): readonly string[] {
  switch (data.kind) {
    case 'CNAME':
    case 'NS':
    case 'PTR':
    case 'DNAME':
    case 'SRV':
      return [data.target];
    case 'MX':
      return [data.exchange];
    case 'SOA':
      return [data.soa.mname, data.soa.rname];
    case 'A':
    case 'AAAA':
    case 'TXT':
    case 'opaque':
      return [];
  }
}
