import { type Aging, type CompiledReply, compileReply, secondOf } from './compile.js';
import { patchReply, type ReplyMemory } from './patch.js';
import type { KeptKey } from './question-key.js';

/** A counter. */
export interface Tally {
  add(): void;
}

/** What holds for all of an answer's variants. */
export interface AnswerFacts {
  /** The catalog entries it was made from: it is good until one of them changes. */
  readonly dependsOn: readonly string[];
  /** What stood there: of the very same object the same answer would be made. Undefined when that is not known. */
  readonly madeOf: object | undefined;
  readonly aging: Aging;
  /** When it was made, in milliseconds of Unix time. */
  readonly nowMs: number;
  /** From when on, in milliseconds of Unix time, it is not to be given any more. */
  readonly untilMs: number;
  /** Each counts the hits. */
  readonly tallies: readonly Tally[];
}

export interface VariantOptions {
  /** How many items were shuffled: so many variants are needed to put each of them first once. */
  readonly items: number;
  /** There is not enough memory for that: only the newest variant is kept, and one follows the other for ever. */
  readonly isRolling: boolean;
  /** The number that the first one's shuffle began with; from 0 up to but not including 1. */
  readonly firstDraw: number;
}

/**
 * How long an answer lives, from when the catalog was last asked for what it is made of: so the catalog hears now and then
 * that its name is still asked for, and a change that it failed to tell of is missed for no longer than this.
 */
const LIFE_MS = 20_000;

/** The newest variant is the one given until it is so old, or was given so often: then the next one is made. */
const VARIANT_EVERY_MS = 5;
const VARIANT_EVERY_HITS = 16;
/** Those of so many items take a millisecond to make, and are made for a twentieth of the time. */
const ITEMS_PER_MS = 200;
const ROLLING_PART = 1 / 20;

/**
 * The replies to one question, alike but for the order of their records. They are made one after the other as the answer
 * proves to be asked for, and given in turn once they are complete. Together they put each instance first equally often:
 * their shuffles begin with numbers spread evenly over 0 to 1.
 */
export class CompiledAnswer {
  /** Of the packets it answers. */
  readonly key: KeptKey;
  readonly #options: VariantOptions;
  #facts: AnswerFacts;
  #diesAtMs: number;
  readonly #variants: CompiledReply[] = [];
  #memory: Uint8Array | undefined;
  #usedBytes = 0;
  #made = 0;
  #next = 0;
  #hits = 0;
  #grownAtMs: number;

  constructor(key: KeptKey, facts: AnswerFacts, options: VariantOptions) {
    this.key = key;
    this.#facts = facts;
    this.#options = options;
    this.#diesAtMs = endOf(facts);
    this.#grownAtMs = facts.nowMs;
  }

  get dependsOn(): readonly string[] {
    return this.#facts.dependsOn;
  }

  isAlive(nowMs: number): boolean {
    // A clock that was set back has unknown things to say of how long ago something was.
    return nowMs < this.#diesAtMs && nowMs >= this.#facts.nowMs;
  }

  /** Whether these facts are as good for its variants. They are then taken over, and it lives on from now. */
  renew(facts: AnswerFacts): boolean {
    const { madeOf } = facts;
    if (madeOf === undefined || madeOf !== this.#facts.madeOf) return false;
    this.#facts = facts;
    this.#diesAtMs = endOf(facts);
    return true;
  }

  /** What the next variant's shuffle is to begin with. */
  get nextDraw(): number {
    return (this.#options.firstDraw + this.#made / this.#options.items) % 1;
  }

  /** Adds a variant: a reply whose numbers are right for this second of the aging. */
  add(bytes: Uint8Array, second: number): void {
    if (this.#isComplete) return;
    this.#made += 1;
    if (this.#options.isRolling) this.#variants.length = 0;
    this.#variants.push(compileReply(this.#placed(bytes), second, this.#facts.aging));
  }

  /** The reply to a packet; undefined when it is to be made anew, to become another variant. */
  reply(packet: Uint8Array, nowMs: number, memory: ReplyMemory | undefined): Uint8Array | undefined {
    const variant = this.#isComplete ? this.#inTurn() : this.#newest(nowMs);
    if (variant === undefined) return undefined;
    const { tallies, aging } = this.#facts;
    for (const tally of tallies) tally.add();
    const passed = secondOf(aging, nowMs) - variant.second;
    return patchReply(variant, packet, {
      spelledUpTo: this.key.spelledUpTo,
      seconds: aging.counts === 'ttls' ? -passed : passed,
      memory,
    });
  }

  /** The same bytes, beside those of the other variants: a piece of memory for each would take twice as much in all. */
  #placed(bytes: Uint8Array): Uint8Array {
    const { items, isRolling } = this.#options;
    if (items === 1 || isRolling) return bytes;
    this.#memory ??= new Uint8Array(items * bytes.length);
    // Variants are equally long, nearly always.
    if (this.#memory.length - this.#usedBytes < bytes.length) return bytes;
    const place = this.#memory.subarray(this.#usedBytes, this.#usedBytes + bytes.length);
    place.set(bytes);
    this.#usedBytes += bytes.length;
    return place;
  }

  get #isComplete(): boolean {
    return this.#made >= this.#options.items && !this.#options.isRolling;
  }

  #inTurn(): CompiledReply | undefined {
    this.#next = this.#next + 1 < this.#variants.length ? this.#next + 1 : 0;
    return this.#variants[this.#next];
  }

  /** Undefined once for each variant that is due: until it is there, the one before goes on being given. */
  #newest(nowMs: number): CompiledReply | undefined {
    this.#hits += 1;
    if (this.#isNextDue(nowMs)) {
      this.#hits = 0;
      this.#grownAtMs = nowMs;
      return undefined;
    }
    return this.#variants.at(-1);
  }

  #isNextDue(nowMs: number): boolean {
    const { items, isRolling } = this.#options;
    const ageMs = nowMs - this.#grownAtMs;
    if (isRolling) return ageMs >= Math.max(VARIANT_EVERY_MS, items / ITEMS_PER_MS / ROLLING_PART);
    return ageMs >= VARIANT_EVERY_MS || this.#hits >= VARIANT_EVERY_HITS;
  }
}

function endOf({ nowMs, untilMs }: AnswerFacts): number {
  return Math.min(nowMs + LIFE_MS, untilMs);
}
