/**
 * Who asked for something, and may leave before the answer is there. It tells what an AbortSignal would, for a small part
 * of the memory and time that one costs: thousands wait at once, and one change answers them all.
 */
export class Asker {
  #hasLeft = false;
  #onLeave: (() => void) | undefined;

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** What to do should the asker leave, in place of what was to be done before; there is one wait at a time. */
  onLeave(action: (() => void) | undefined): void {
    this.#onLeave = action;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#onLeave?.();
  }
}
