/** The rules of one blocking-query loop's next step (http-api A1.2, A1.5). */

/** Largest index there can be: an unsigned 64-bit number. */
const MAX_INDEX = (1n << 64n) - 1n;

/**
 * The index to send with the next blocking query; undefined asks for an immediate reply.
 *
 * Indexes are text, for they outgrow a JavaScript number. One that is 0 or unreadable counts as 1. One that goes
 * backwards means the server's state was restored or replaced: waiting on the old value could block until it is reached
 * again, so start over. (Consul API docs, "Blocking Queries".)
 */
export function nextIndex(previous: string | undefined, received: string): string | undefined {
  const index = parseIndex(received);
  return previous !== undefined && index < parseIndex(previous) ? undefined : String(index);
}

function parseIndex(text: string): bigint {
  const index = /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
  return index === 0n || index > MAX_INDEX ? 1n : index;
}

const BACKOFF_START_MS = 100;
const BACKOFF_LIMIT_MS = 15_000;

/** How long to wait after the n-th failure in a row (1, 2, ...): anything up to a bound that doubles ("full jitter"). */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(BACKOFF_LIMIT_MS, BACKOFF_START_MS * 2 ** attempt);
}
