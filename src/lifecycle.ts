/** Anything that holds a socket, a timer or a watch. Closing twice is the same as closing once. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * What a starting thing has opened so far, closed in reverse order.
 *
 * Everything opened joins the stack at once, so that a start that fails half-way leaves nothing behind.
 */
export class CloseStack implements Closable {
  readonly #opened: Closable[] = [];
  #closing: Promise<void> | undefined;

  add<T extends Closable>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }

  /** Closes all, last in first out. One that fails does not keep the others open; the failures are thrown together. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let closable = this.#opened.pop(); closable !== undefined; closable = this.#opened.pop()) {
      try {
        await closable.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Cannot close everything that was opened');
  }
}
