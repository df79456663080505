/** How long names that may have changed wait for their turn, if the backend can bear it (churn guard, http-api A3.5.6). */
const TURN_MS = 5_000;
const SLOWEST_MS = 5;
const FASTEST_MS = 1;

/**
 * How often a name is read again, in milliseconds, with so many waiting for it: 200 a second for up to 1,000 names, and for
 * more as many as give each its turn in time, but at most 1,000 a second. Consul spends about half a millisecond on each.
 */
export function rereadEveryMs(waiting: number, before = SLOWEST_MS): number {
  if (waiting === 0) return SLOWEST_MS;
  // The last in line are to have their turn in time as well: no slowing down before it is empty.
  return Math.min(before, Math.max(FASTEST_MS, Math.floor(TURN_MS / waiting)));
}
