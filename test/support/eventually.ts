import { setTimeout as delay } from 'node:timers/promises';

/** Asks until the reply is as wanted; the last reply, if it never is. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isWanted: (reply: T) => boolean,
  { withinMs = 10_000 }: { readonly withinMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const reply = await ask();
    if (isWanted(reply) || Date.now() > deadline) return reply;
    await delay(20);
  }
}
