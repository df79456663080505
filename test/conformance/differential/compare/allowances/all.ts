import type { Allowance, Difference, Equivalence } from '../allowance.js';
import { BAD_OPT, BAD_VERSION, CUT_SHORT, NO_RECURSION_WANTED, NOTIFY, OTHER_CLASS, OWN_OPT } from './envelope.js';
import { API_GATEWAY, DELEGATION_SIGNER, QUERY_WITH_PROTOCOL, SUFFIX_PAIRS, VIRTUAL } from './grammar.js';
import {
  ADDR_OF_ODD_LENGTH,
  ADDR_OF_OTHER_FAMILY,
  ADDR_SPELLING,
  ALIAS_TO_AN_ADDRESS,
  NODE_WITHOUT_RECORD,
  REVERSE,
} from './nodes-and-addresses.js';
import { CHASED_UPSTREAM, FORWARDED, REPEATED, SERVICE_TEXT, TTL_KEYS, ZERO_LIMIT } from './records.js';
import { MATCHED_ZONE, NAME_OF_NS, NON_TERMINALS, SELF_REFERENCE } from './zones.js';

export const EQUIVALENCES: readonly Equivalence[] = [SUFFIX_PAIRS, QUERY_WITH_PROTOCOL, DELEGATION_SIGNER];

/** Judged apart, for a reply without a question has nothing else to say. */
export const BARE_FLAGS: Difference = {
  row: 'C011',
  what: 'AD and TC of the query are not copied (1.8.7 copies them into replies that are a bare header)',
};

/** Judged apart, for which records are left is up to chance. */
export const OTHER_LIMIT: Difference = {
  row: 'D3',
  what: 'limits on the number of answers: no cap at 8, no TC, none on the links of a chain',
};
export const OTHER_SIZE: Difference = {
  row: 'D4',
  what: 'sizes of replies: at most ours, and those of the bytes sent',
};

/** In the order in which they apply: each takes up what the one before it made of Consul's reply. */
export const ALLOWANCES: readonly Allowance[] = [
  ZERO_LIMIT,
  VIRTUAL,
  API_GATEWAY,
  SELF_REFERENCE,
  ADDR_OF_ODD_LENGTH,
  MATCHED_ZONE,
  ADDR_OF_OTHER_FAMILY,
  ADDR_SPELLING,
  NODE_WITHOUT_RECORD,
  ALIAS_TO_AN_ADDRESS,
  REVERSE,
  NON_TERMINALS,
  NAME_OF_NS,
  SERVICE_TEXT,
  TTL_KEYS,
  CHASED_UPSTREAM,
  FORWARDED,
  REPEATED,
  BAD_VERSION,
  OTHER_CLASS,
  NO_RECURSION_WANTED,
  OWN_OPT,
  BAD_OPT,
  NOTIFY,
];

/** For packets that we cannot read; Consul answers some of them. */
export const FOR_BROKEN_PACKETS: readonly Allowance[] = [BAD_OPT, CUT_SHORT];

/** Every difference that is allowed. */
export const DIFFERENCES: readonly Difference[] = [
  ...new Set([...EQUIVALENCES, ...ALLOWANCES, ...FOR_BROKEN_PACKETS, BARE_FLAGS, OTHER_LIMIT, OTHER_SIZE]),
];
