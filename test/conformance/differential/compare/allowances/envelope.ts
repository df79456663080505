/** What a packet says around its question: opcode, class, EDNS, and whether recursion is wanted. */
import { EdnsOption, Opcode, Rcode, RecordClass } from '../../../../../src/wire/constants.js';
import { withParts } from '../../ask/reply.js';
import type { Allowance } from '../allowance.js';
import { refused } from '../rewriting.js';

export const NOTIFY: Allowance = {
  row: 'D17',
  what: 'NOTIFY is not implemented',
  expect: (theirs, { asked }) => {
    if (asked.opcode !== Opcode.NOTIFY) return undefined;
    const bare = { questions: [], answer: [], authority: [], additional: [], edns: undefined };
    const flags = { authoritative: false, recursionAvailable: false, truncated: false };
    const copied = { recursionDesired: asked.flags.includes('rd'), checkingDisabled: asked.flags.includes('cd') };
    return withParts(theirs, { ...bare, ...flags, ...copied, rcode: Rcode.NOTIMP });
  },
};

export const BAD_VERSION: Allowance = {
  row: 'D5',
  what: 'an EDNS version above 0 is BADVERS',
  expect: (theirs, { asked, parts, configuration }) => {
    if ((asked.edns?.version ?? 0) === 0 || asked.opcode !== Opcode.QUERY) return undefined;
    return withParts(theirs, {
      ...{ rcode: Rcode.BADVERS, truncated: false, answer: [], authority: [], additional: [], edns: undefined },
      authoritative: parts.zone !== undefined,
      recursionAvailable: configuration.hasRecursors === true,
    });
  },
};

const BAD_OPTS = ['two-opts', 'opt-with-owner', 'opt-overrun', 'opt-overrun-inside', 'ecs-family-9'];

export const BAD_OPT: Allowance = {
  row: 'D5',
  what: 'an OPT record that is not as RFC 6891 has it, and a second one, are FORMERR',
  expect: (theirs, { flaw, udpPayloadMaxBytes }) => {
    if (!BAD_OPTS.some((name) => flaw === `fixture ${name}`)) return undefined;
    const edns = { udpPayloadBytes: udpPayloadMaxBytes, version: 0, dnssecOk: false, options: [] };
    return withParts(theirs, {
      ...{ authoritative: false, recursionAvailable: false, truncated: false, rcode: Rcode.FORMERR },
      ...{ answer: [], authority: [], additional: [], edns },
    });
  },
};

export const CUT_SHORT: Allowance = {
  row: 'C007',
  what: 'packets that end early or have pointers that point forward are FORMERR (1.8.7 makes the best of them)',
  expect: (theirs, { flaw = '' }) => {
    const [question] = theirs.message.questions;
    const lacksClass = flaw.startsWith('a name that ends early') && question?.class === 0;
    const lacksRecord = /^(an answer|a record) announced/.test(flaw);
    if (!lacksClass && !lacksRecord && !flaw.includes('point')) return undefined;
    return withParts(theirs, {
      ...{ authoritative: false, recursionAvailable: false, truncated: false, rcode: Rcode.FORMERR },
      ...{ questions: [], answer: [], authority: [], additional: [], edns: undefined },
    });
  },
};

export const OTHER_CLASS: Allowance = {
  row: 'D16',
  what: 'classes but IN and ANY are refused inside our zones',
  expect: (theirs, { asked, parts }) => {
    const isOurs = asked.class === RecordClass.IN || asked.class === RecordClass.ANY;
    return isOurs || parts.zone === undefined || theirs.message.rcode === Rcode.BADVERS ? undefined : refused(theirs);
  },
};

export const NO_RECURSION_WANTED: Allowance = {
  row: 'D12',
  what: 'without RD nothing is forwarded',
  expect: (theirs, { asked, parts, configuration }) => {
    const isForwarded = configuration.hasRecursors && (parts.zone === undefined || !theirs.message.authoritative);
    if (theirs.message.rcode === Rcode.BADVERS) return undefined;
    return isForwarded && !asked.flags.includes('rd') ? refused(theirs) : undefined;
  },
};

export const OWN_OPT: Allowance = {
  row: 'D5',
  what: 'the OPT record speaks for us: our size, DO copied, there whatever the rcode',
  expect: (theirs, { asked, udpPayloadMaxBytes }) => {
    if (asked.edns === undefined || theirs.message.questions.length === 0) return undefined;
    const subnets = asked.edns.options.filter(({ code }) => code === EdnsOption.CLIENT_SUBNET);
    // Without an OPT record in Consul's reply the scope is that of all but prepared queries: 0.
    const options = theirs.message.edns?.options ?? subnets;
    return withParts(theirs, {
      edns: { udpPayloadBytes: udpPayloadMaxBytes, version: 0, dnssecOk: asked.edns.dnssecOk, options },
    });
  },
};
