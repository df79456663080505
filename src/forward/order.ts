import type { RecursorHealth } from './health.js';
import type { Recursor } from './recursor.js';

/** `dns_config.recursor_strategy` (dns-behaviour 14.3). */
export type RecursorStrategy = 'sequential' | 'random';

/**
 * The order in which to ask for one question: as configured, or a fresh permutation; in both cases failing recursors
 * last, the least failing of them first.
 */
export function recursorOrder(
  recursors: readonly Recursor[],
  strategy: RecursorStrategy,
  { health, random }: { readonly health: RecursorHealth; readonly random: () => number },
): Recursor[] {
  const order = strategy === 'random' ? shuffled(recursors, random) : [...recursors];
  const penalty = (recursor: Recursor): number => (health.isFailing(recursor) ? health.score(recursor) : 0);
  return order.sort((a, b) => penalty(a) - penalty(b));
}

/** Fisher-Yates: every permutation equally likely. `random` gives numbers from 0 up to, but without, 1. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result: T[] = [];
  for (const item of items) {
    const at = Math.floor(random() * (result.length + 1));
    result.push(item);
    // Both indexes are within the array: `at` was at most its length before the push.
    [result[at], result[result.length - 1]] = [item, result[at]!];
  }
  return result;
}
