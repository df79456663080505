/**
 * The hot path: replies that were made once, by the ordinary path, are given again to everybody who asks the same,
 * until the catalog entries they were made from change. Without the table the server would be slower, never different.
 */
import { LRUCache } from 'lru-cache';
import type { Message } from '../wire/message.js';
import { type AnswerFacts, CompiledAnswer } from './answer.js';
import { DependencyIndex } from './dependency-index.js';
import type { ReplyMemory } from './patch.js';
import { type Asker, QuestionKey } from './question-key.js';
import { Slot } from './slot.js';
import { isGoodForAnySpelling } from './spelling.js';

export interface CompiledTableOptions {
  /** Bound of the memory taken; with 0 nothing is kept. */
  readonly maxBytes: number;
  /** The largest reply over UDP, whatever the client can take. */
  readonly maxUdpBytes: number;
  /** Whether replies are compressed: otherwise the question's name stands in many places, and is not spelled anew. */
  readonly isCompressed: boolean;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
}

export interface FindOptions {
  readonly asker: Asker;
  readonly nowMs: number;
  readonly memory: ReplyMemory | undefined;
}

/** A reply as the ordinary path made it. */
export interface FinishedReply {
  /** Not to be changed afterwards. */
  readonly bytes: Uint8Array;
  /** The message that the bytes say. */
  readonly message: Message;
  /** The second of the aging at which it was made. */
  readonly second: number;
}

/** For all variants of an answer. */
const MAX_ANSWER_BYTES = 192 * 1024;
/** What V8 takes for an answer and its place in the table, and for a variant, contents aside: measured on Node 20. */
const ANSWER_BYTES = 1_500;
const VARIANT_BYTES = 200;
/** How many questions are remembered of those asked once. */
const MAX_ASKED_ONCE = 50_000;

export class CompiledTable {
  readonly #options: CompiledTableOptions;
  readonly #answers: LRUCache<number, CompiledAnswer>;
  readonly #index = new DependencyIndex<number>();
  /** Hashes: an answer is worth compiling once its question comes up again, so that a flood of random names is not. */
  readonly #askedOnce = new Set<number>();
  readonly #key: QuestionKey;

  constructor(options: CompiledTableOptions) {
    this.#options = options;
    this.#key = new QuestionKey({ maxUdpBytes: options.maxUdpBytes, seed: Math.trunc(options.random() * 2 ** 32) | 0 });
    this.#answers = new LRUCache({
      // The library takes 0 for "no bound"; nothing fits into 1.
      maxSize: Math.max(options.maxBytes, 1),
      dispose: ({ dependsOn }, hash) => this.#index.remove(hash, dependsOn),
    });
  }

  get size(): number {
    return this.#answers.size;
  }

  /** The reply to a packet, if there is one: in `memory`, or else in memory of its own. */
  find(packet: Uint8Array, { asker, nowMs, memory }: FindOptions): Uint8Array | undefined {
    if (!this.#key.read(packet, asker)) return undefined;
    const answer = this.#kept();
    return answer?.isAlive(nowMs) ? answer.reply(packet, nowMs, memory) : undefined;
  }

  /** Where to keep the reply to a packet that `find` has none for; undefined when it is not to be kept. */
  slotFor(packet: Uint8Array, asker: Asker): Slot | undefined {
    const key = this.#key;
    if (!key.read(packet, asker) || (key.isMixedCase && !this.#options.isCompressed)) return undefined;
    const kept = this.#kept();
    if (kept === undefined && !this.#isAskedAgain(key.hash)) return undefined;
    return new Slot(key.keep(), kept, this.#options.random);
  }

  /** Keeps a reply; to be called in the same turn as what it was made from was read, so that no change is missed. */
  keep(slot: Slot, reply: FinishedReply, facts: AnswerFacts): void {
    const { bytes, message, second } = reply;
    const { key, present } = slot;
    if (key.spelledUpTo > 0 && !isGoodForAnySpelling(message)) return;
    if (present?.renew(facts) || present?.isAlive(facts.nowMs)) {
      present.add(bytes, second);
      return;
    }
    // Without answers there is nothing whose order matters.
    const items = message.answer.length === 0 ? 1 : slot.shuffledItems;
    const variantBytes = VARIANT_BYTES + bytes.length;
    const isRolling = items > 1 && items * variantBytes > MAX_ANSWER_BYTES;
    const answer = new CompiledAnswer(key, facts, { items, isRolling, firstDraw: slot.firstDraw });
    answer.add(bytes, second);
    this.#answers.set(key.hash, answer, { size: ANSWER_BYTES + (isRolling ? 1 : items) * variantBytes });
    if (this.#answers.peek(key.hash) === answer) this.#index.add(key.hash, facts.dependsOn);
  }

  /** Drops every answer that was made from this catalog entry. */
  drop(entry: string): void {
    for (const hash of this.#index.of(entry)) {
      this.#answers.delete(hash);
      this.#remember(hash);
    }
  }

  /** The answer to the packet that was read last, alive or not. */
  #kept(): CompiledAnswer | undefined {
    const answer = this.#answers.get(this.#key.hash);
    return answer !== undefined && this.#key.equals(answer.key) ? answer : undefined;
  }

  #isAskedAgain(hash: number): boolean {
    if (this.#askedOnce.delete(hash)) return true;
    this.#remember(hash);
    return false;
  }

  #remember(hash: number): void {
    this.#askedOnce.add(hash);
    if (this.#askedOnce.size <= MAX_ASKED_ONCE) return;
    const [oldest = hash] = this.#askedOnce;
    this.#askedOnce.delete(oldest);
  }
}
