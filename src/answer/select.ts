/** Which instances are answered with, and in which order (dns-behaviour 8.1, 9, 11.1). */
import type { Check, Instance } from '../catalog/model.js';
import type { AnswerPolicy } from './policy.js';

/** The instances that none of their checks speaks against. */
export function healthyOnes(instances: readonly Instance[], { onlyPassing }: AnswerPolicy): readonly Instance[] {
  const isAgainst = ({ status }: Check) => (onlyPassing ? status !== 'passing' : status === 'critical');
  return instances.filter(({ id, checks }) => {
    return !checks.some((check) => (check.serviceId === '' || check.serviceId === id) && isAgainst(check));
  });
}

/** The instances that have this very tag, in any letter case. */
export function taggedOnes(instances: readonly Instance[], tag: string | undefined): readonly Instance[] {
  if (tag === undefined) return instances;
  const wanted = tag.toLowerCase();
  return instances.filter(({ tags }) => tags.some((candidate) => candidate.toLowerCase() === wanted));
}

/**
 * A copy in random order, each order as likely as the others (Fisher and Yates); `random` gives 0 <= x < 1. Its first
 * number alone decides which item comes first.
 */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const copy = [...items];
  for (let at = 0; at < copy.length - 1; at += 1) {
    const other = at + Math.floor(random() * (copy.length - at));
    // Both indexes are within the array.
    [copy[at], copy[other]] = [copy[other] as T, copy[at] as T];
  }
  return copy;
}

/** How many answers a reply may have; `udp_answer_limit` counts for small UDP replies only. */
export function answerLimit(
  { udpAnswerLimit }: AnswerPolicy,
  { isSmallUdp }: { readonly isSmallUdp: boolean },
): number {
  return isSmallUdp ? limitOf(udpAnswerLimit) : Number.POSITIVE_INFINITY;
}

/** A limit as a number to compare with: in the settings, 0 means there is none. */
export function limitOf(setting: number): number {
  return setting === 0 ? Number.POSITIVE_INFINITY : setting;
}
