import type { CompiledAnswer } from './answer.js';
import type { KeptKey } from './question-key.js';

/** The place in the table for the reply to one packet, taken before the reply is made. */
export class Slot {
  readonly key: KeptKey;
  /** What stands there already: in want of another variant, or too old to be given unseen. */
  readonly present: CompiledAnswer | undefined;
  /** What `random` begins with: this decides which instance comes first in the reply. */
  readonly firstDraw: number;
  readonly #random: () => number;
  #draws = 0;

  constructor(key: KeptKey, present: CompiledAnswer | undefined, random: () => number) {
    this.key = key;
    this.present = present;
    this.firstDraw = present?.nextDraw ?? random();
    this.#random = random;
  }

  /** To shuffle the records of this reply with: numbers from 0 up to but not including 1. */
  readonly random = (): number => {
    this.#draws += 1;
    return this.#draws === 1 ? this.firstDraw : this.#random();
  };

  /** How many items were shuffled: of the last one's place there is nothing to draw. */
  get shuffledItems(): number {
    return this.#draws + 1;
  }
}
