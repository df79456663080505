import { expect, test } from 'vitest';
import { isGoodForAnySpelling } from '../../src/compiled/spelling.js';
import type { Message } from '../../src/wire/message.js';
import { queryFor } from '../answer/world.js';
import { rr } from '../support/records.js';

const question = { name: 'wEb.eXample.', type: 1, class: 1 };

function reply(sections: { readonly [K in 'answer' | 'authority' | 'additional']?: readonly string[] }): Message {
  const { answer = [], authority = [], additional = [] } = sections;
  return {
    ...queryFor(question),
    answer: answer.map(rr),
    authority: authority.map(rr),
    additional: additional.map(rr),
  };
}

test.each([
  { sections: { answer: ['wEb.eXample. A 192.0.2.1'] }, why: 'its owner is spelled as asked' },
  { sections: { answer: ['wEb.eXample. MX 1 web.example.'] }, why: 'lower case is never the spelling of the question' },
  { sections: { answer: ['wEb.eXample. NS ns.web.example.'] }, why: 'nor the end of a longer name' },
  { sections: { answer: ['wEb.eXample. SRV 1 1 80 Node-1.example.'] }, why: 'another name may have capitals' },
  {
    sections: { answer: ['wEb.eXample. SRV 1 1 80 Node-1.web.example.'] },
    why: 'so may what is below, before its end',
  },
  { sections: { authority: ['Example. SOA ns.Example. root.Example. 1 2 3 4 5'] }, why: 'so may what is above' },
])('a reply is good for any spelling: $why', ({ sections }) => {
  expect(isGoodForAnySpelling(reply(sections))).toBe(true);
});

test.each([
  { sections: { answer: ['wEb.eXample. MX 1 wEb.eXample.'] }, why: 'the same spelling by chance' },
  { sections: { answer: ['wEb.eXample. CNAME Web.example.'] }, why: 'which another client might send' },
  { sections: { answer: ['wEb.eXample. NS ns.Web.example.'] }, why: 'at the end of a longer name' },
  { sections: { answer: ['wEb.eXample. PTR wEb.eXample.'] }, why: 'in every kind of data' },
  { sections: { answer: ['wEb.eXample. SRV 1 1 80 wEb.eXample.'] }, why: 'in every kind of data' },
  { sections: { answer: ['wEb.eXample. DNAME wEb.eXample.'] }, why: 'in every kind of data' },
  { sections: { authority: ['example. SOA wEb.eXample. root.example. 1 2 3 4 5'] }, why: 'in both names of an SOA' },
  { sections: { authority: ['example. SOA ns.example. wEb.eXample. 1 2 3 4 5'] }, why: 'in both names of an SOA' },
  { sections: { additional: ['WEB.example. A 192.0.2.1'] }, why: 'as an owner' },
])('a reply is not good for any spelling: $why', ({ sections }) => {
  expect(isGoodForAnySpelling(reply(sections))).toBe(false);
});
