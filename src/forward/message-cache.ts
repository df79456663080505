import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import { ExtendedError, Rcode } from '../wire/constants.js';
import type { Edns } from '../wire/edns.js';
import { encodeExtendedError } from '../wire/extended-error.js';
import type { Message } from '../wire/message.js';
import { respell, retime } from './adapt.js';
import { type LifetimeLimits, lifetimeSeconds, ttlIn } from './lifetime.js';
import { messageBytes } from './message-bytes.js';

/** What a stale answer's records may live on for (RFC 8767 section 4). */
const STALE_TTL_SECONDS = 30;

/** Goes with stale answers; the responder puts its own size and DO bit in. */
const STALE_EDNS: Edns = {
  udpPayloadBytes: 0,
  version: 0,
  dnssecOk: false,
  options: [encodeExtendedError({ infoCode: ExtendedError.STALE_ANSWER, text: '' })],
};

export interface MessageCacheLimits extends LifetimeLimits {
  /** Bound of the memory taken, as `messageBytes` reckons it. */
  readonly maxBytes: number;
  /** How long past its end an answer may still be had as a stale one; 0 for never. */
  readonly maxStaleMs: number;
}

/** When a reply was received and how long it lasts, as the cache reckons it. */
export interface Life {
  readonly receivedAtMs: number;
  /** By how many seconds its TTLs were counted down when it was last given. */
  readonly ageSeconds: number;
  /** From when on it is not given any more. */
  readonly untilMs: number;
}

interface Entry {
  readonly reply: Message;
  readonly storedAtMs: number;
  readonly lifetimeSeconds: number;
  /** What was read last, and at which age: within one second all clients get the same. */
  ageSeconds: number;
  view: Message;
}

/**
 * Replies by question key, least recently used ones going first.
 *
 * What comes out has its TTLs counted down in whole seconds and never down to 0, no AA (it is not from an authority any
 * more), and no OPT record (RFC 6891 section 6.2.1).
 */
export class MessageCache {
  readonly #limits: MessageCacheLimits;
  readonly #clock: Clock;
  readonly #entries: LRUCache<string, Entry>;

  constructor(limits: MessageCacheLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#entries = new LRUCache({
      // The library takes 0 for "no bound"; nothing fits into 1.
      maxSize: Math.max(limits.maxBytes, 1),
      sizeCalculation: (entry, key) => messageBytes(entry.reply) + key.length,
    });
  }

  get entries(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** Keeps a reply if it may be kept at all (`lifetimeSeconds`); in any case it takes the place of the one before. */
  put(key: string, reply: Message): void {
    const lifetime = lifetimeSeconds(reply, this.#limits);
    if (lifetime === 0) {
      this.#entries.delete(key);
      return;
    }
    const retimed = retime(reply, (record) => ttlIn(reply, record));
    // Recursors need not spell their records as the question was, and every client is to see them in its own spelling.
    const kept = { ...respell(retimed, nameIn(reply)), authoritative: false, edns: undefined };
    const storedAtMs = this.#clock.now();
    this.#entries.set(key, { reply: kept, storedAtMs, lifetimeSeconds: lifetime, ageSeconds: 0, view: kept });
  }

  /** The reply as it is now, spelled as asked; the same object to everybody who asks within the same second. */
  find(key: string, name: string): Message | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ageMs = this.#clock.now() - entry.storedAtMs;
    const ageSeconds = Math.floor(ageMs / 1000);
    if (ageSeconds >= entry.lifetimeSeconds || ageMs < 0) return undefined;
    if (ageSeconds !== entry.ageSeconds) {
      entry.ageSeconds = ageSeconds;
      entry.view = retime(entry.reply, ({ ttlSeconds }) => ttlSeconds - ageSeconds);
    }
    if (nameIn(entry.view) !== name) entry.view = respell(entry.view, name);
    return entry.view;
  }

  /** The life of what `find` gave last for this key. */
  lifeOf(key: string): Life | undefined {
    const entry = this.#entries.peek(key);
    if (entry === undefined) return undefined;
    const { storedAtMs: receivedAtMs, ageSeconds, lifetimeSeconds: seconds } = entry;
    return { receivedAtMs, ageSeconds, untilMs: receivedAtMs + seconds * 1000 };
  }

  /** A reply whose time is over, but not for too long: better than none, if nobody can be reached (RFC 8767). */
  findStale(key: string, name: string): Message | undefined {
    const entry = this.#entries.peek(key);
    if (entry === undefined || entry.reply.rcode !== Rcode.NOERROR) return undefined;
    const overMs = this.#clock.now() - entry.storedAtMs - entry.lifetimeSeconds * 1000;
    if (overMs >= this.#limits.maxStaleMs) return undefined;
    return {
      ...respell(
        retime(entry.reply, () => STALE_TTL_SECONDS),
        name,
      ),
      edns: STALE_EDNS,
    };
  }
}

function nameIn({ questions: [question] }: Message): string {
  return question?.name ?? '';
}
