import type { AnswerPolicy } from './policy.js';

/** The TTL of a service's answers: its own entry, else that of the longest prefix, else 0 (dns-behaviour 10.2). */
export function serviceTtlSeconds(service: string, { serviceTtlSeconds: entries }: AnswerPolicy): number {
  const name = service.toLowerCase();
  const exact = entries.get(name);
  if (exact !== undefined) return exact;
  let longest = 0;
  let ttlSeconds = 0;
  for (const [key, value] of entries) {
    if (key.length > longest && key.endsWith('*') && name.startsWith(key.slice(0, -1))) {
      longest = key.length;
      ttlSeconds = value;
    }
  }
  return ttlSeconds;
}
