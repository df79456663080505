/** Replies that chance has a part in: which records are there when not all are, and which of several host names. */
import { isSubdomain, lowerName } from '../../../../src/wire/name.js';
import type { ResourceRecord } from '../../../../src/wire/rdata.js';
import { type SentReply, withParts } from '../ask/reply.js';
import type { Difference } from './allowance.js';
import { OTHER_LIMIT, OTHER_SIZE } from './allowances/all.js';
import { isSame } from './canonical.js';
import { brokenRules, isCut, isPartOf } from './cuts.js';
import { type Case, expectedFrom } from './expectation.js';

/** Random outcomes are asked for this often before two servers are said to differ. */
const TRIES = 200;
/** So many equal replies in a row say that there is nothing random about them. */
const SURELY_FIXED = 24;

export type CutVerdict =
  /** Nothing was cut, so that the difference must have another cause. */
  | { readonly kind: 'uncut' }
  /** Both are as large a part of one whole: chance alone tells them apart. */
  | { readonly kind: 'sample' }
  | { readonly kind: 'allowed'; readonly reason: Difference }
  | { readonly kind: 'broken'; readonly rules: readonly string[] };

interface CutOptions {
  readonly expected: SentReply;
  readonly ours: SentReply;
  readonly tries?: number;
}

/** Whether our reply and the expected one are parts of one whole, ours by our own rules. */
export async function judgeCut(
  { question, bench }: Case,
  { expected, ours, tries: most = TRIES }: CutOptions,
): Promise<CutVerdict> {
  const { zones } = bench.configuration;
  const [theirPart, ourPart] = [withoutForeignTtls(expected, zones), withoutForeignTtls(ours, zones)];
  let rules: readonly string[] = [];
  let isAnyCut = false;
  let isTheirsPart = false;
  let isOursGood = false;
  // Where there are several host names, each whole answer holds one of them, at random.
  for (let tries = 0; tries < most && !(isAnyCut && isTheirsPart && isOursGood); tries += 1) {
    const reply = await bench.unlimited.ask({ ...question, transport: 'tcp' });
    if (reply === undefined || (tries === SURELY_FIXED && !isAnyCut)) return { kind: 'uncut' };
    const whole = withoutForeignTtls(reply, zones);
    isAnyCut ||= isCut(ourPart, whole) || isCut(theirPart, whole);
    isTheirsPart ||= isPartOf(theirPart, whole);
    const broken = brokenRules(ourPart, { asked: question, settings: bench.settings, whole });
    isOursGood ||= broken.length === 0;
    if (tries === 0) rules = broken;
  }
  if (!isAnyCut) return { kind: 'uncut' };
  if (!isOursGood) return { kind: 'broken', rules };
  if (!isTheirsPart) return { kind: 'uncut' };
  const isAsMuch = (['answer', 'authority', 'additional'] as const).every(
    (section) => ours.message[section].length === expected.message[section].length,
  );
  if (isAsMuch && ours.message.truncated === expected.message.truncated) return { kind: 'sample' };
  const isSmall = question.transport === 'tcp' || (question.edns?.udpPayloadBytes ?? 0) <= 512;
  return { kind: 'allowed', reason: isSmall ? OTHER_LIMIT : OTHER_SIZE };
}

export type Meeting =
  /** Both say the same things, in their own order; these allowances were needed. */
  | { readonly kind: 'met'; readonly reasons: readonly Difference[] }
  /** Consul said something else once, and never again. */
  | { readonly kind: 'hiccup' }
  | { readonly kind: 'apart' };

/** Whether Consul sooner or later says what we said, and whether we say different things as well when Consul does. */
export async function meet(one: Case, expected: SentReply): Promise<Meeting> {
  const { bench, asked, ours } = one;
  let reasons: readonly Difference[] | undefined;
  let isTheirsRandom = false;
  let isOursRandom = false;
  let others = 0;
  for (let tries = 0; tries < TRIES && (reasons === undefined || !isOursRandom); tries += 1) {
    const again = await bench.theirs.ask(asked);
    isOursRandom ||= !isSame(ours, await bench.ours.ask(asked));
    if (again === undefined || ours === undefined) return { kind: 'apart' };
    const next = await expectedFrom(again, one);
    isTheirsRandom ||= !isSame(next.expected, expected);
    if (tries === SURELY_FIXED && !isTheirsRandom) return { kind: 'apart' };
    if (isSame(next.expected, ours)) reasons = next.reasons;
    else others += 1;
    if (isTheirsRandom && reasons === undefined) {
      const cut = await judgeCut(one, { expected: next.expected, ours, tries: SURELY_FIXED });
      if (cut.kind === 'allowed') reasons = [...next.reasons, cut.reason];
    }
  }
  if (isOursRandom && reasons !== undefined) return { kind: 'met', reasons };
  return { kind: others === 0 ? 'hiccup' : 'apart' };
}

/** Two caches of ours give one record with different times left. */
function withoutForeignTtls(reply: SentReply, zones: readonly string[]): SentReply {
  const isOurs = (name: string) => zones.some((zone) => isSubdomain(lowerName(name), zone));
  const change = (record: ResourceRecord) => (isOurs(record.name) ? record : { ...record, ttlSeconds: 0 });
  const { answer, additional } = reply.message;
  return withParts(reply, { answer: answer.map(change), additional: additional.map(change) });
}
