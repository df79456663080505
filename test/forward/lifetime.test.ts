import { expect, test } from 'vitest';
import { lifetimeSeconds } from '../../src/forward/lifetime.js';
import { Rcode } from '../../src/wire/constants.js';
import { replyOf } from './replies.js';

const LIMITS = { maxTtlSeconds: 86_400, maxNegativeTtlSeconds: 3_600 };
const SOA = 'example. 900 IN SOA ns.example. root.example. 1 2 3 4 60';
const A = 'www.example. 300 IN A 192.0.2.1';

test.each([
  { reply: replyOf('www.example', { answer: [A] }), seconds: 300, why: 'the only TTL' },
  {
    reply: replyOf('www.example', { answer: [A, 'www.example. 20 IN A 192.0.2.2'] }),
    seconds: 20,
    why: 'the smallest TTL',
  },
  {
    reply: replyOf('www.example', { answer: [A], authority: ['example. 15 IN NS ns.example.'] }),
    seconds: 15,
    why: 'the smallest of all sections: authority',
  },
  {
    reply: replyOf('www.example', { answer: [A], additional: ['ns.example. 14 IN A 192.0.2.53'] }),
    seconds: 14,
    why: 'and additional',
  },
  { reply: replyOf('www.example', { answer: ['www.example. 0 IN A 192.0.2.1'] }), seconds: 0, why: 'TTL 0: for once' },
  {
    reply: replyOf('www.example', { answer: ['www.example. 604800 IN A 192.0.2.1'] }),
    seconds: 86_400,
    why: 'longest life of an answer',
  },
  { reply: replyOf('www.example', { answer: [A], truncated: true }), seconds: 0, why: 'not the whole of it' },
  {
    reply: replyOf('nope.example', { rcode: Rcode.NXDOMAIN, authority: [SOA] }),
    seconds: 60,
    why: 'NXDOMAIN: MINIMUM of the SOA',
  },
  {
    reply: replyOf('nope.example', { rcode: Rcode.NXDOMAIN, authority: [SOA.replace('900', '30')] }),
    seconds: 30,
    why: 'NXDOMAIN: TTL of the SOA if smaller',
  },
  {
    reply: replyOf('nope.example', { rcode: Rcode.NXDOMAIN, authority: [SOA.replace(/900|60$/g, '86400')] }),
    seconds: 3_600,
    why: 'longest life of a negative answer',
  },
  { reply: replyOf('nope.example', { rcode: Rcode.NXDOMAIN }), seconds: 0, why: 'NXDOMAIN without SOA' },
  { reply: replyOf('www.example', { type: 'AAAA', authority: [SOA] }), seconds: 60, why: 'NODATA with SOA' },
  { reply: replyOf('www.example', { type: 'AAAA' }), seconds: 0, why: 'NODATA without SOA' },
  {
    reply: replyOf('www.example', { authority: ['example. 300 IN NS ns.example.'] }),
    seconds: 0,
    why: 'a referral is no answer',
  },
  {
    reply: replyOf('www.example', { type: 'AAAA', answer: ['www.example. 50 IN CNAME w.example.'], authority: [SOA] }),
    seconds: 50,
    why: 'NODATA at the end of a CNAME',
  },
  {
    reply: replyOf('www.example', { type: 'AAAA', answer: ['www.example. 50 IN CNAME w.example.'] }),
    seconds: 0,
    why: 'a CNAME that leads nowhere, and no SOA',
  },
  {
    reply: replyOf('www.example', { type: 'CNAME', answer: ['www.example. 50 IN CNAME w.example.'] }),
    seconds: 50,
    why: 'a CNAME asked for as such',
  },
  { reply: replyOf('www.example', { type: 255, answer: [A] }), seconds: 300, why: 'ANY: whatever there is' },
  {
    reply: replyOf('example', { type: 'SOA', answer: [SOA] }),
    seconds: 900,
    why: 'MINIMUM plays no part where the SOA is the answer',
  },
  { reply: replyOf('www.example', { rcode: Rcode.SERVFAIL, answer: [A] }), seconds: 0, why: 'no answer at all' },
])('a reply lives $seconds s ($why)', ({ reply, seconds }) => {
  expect(lifetimeSeconds(reply, LIMITS)).toBe(seconds);
});
