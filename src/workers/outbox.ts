/**
 * Messages to another process. They are sent together once per turn of the event loop, for a system call and an envelope
 * each would cost ten times as much.
 */
export class Outbox<M> {
  readonly #send: (batch: readonly M[]) => void;
  #batch: M[] = [];

  constructor(send: (batch: readonly M[]) => void) {
    this.#send = send;
  }

  put(message: M): void {
    if (this.#batch.push(message) === 1) setImmediate(() => this.flush());
  }

  /** Sends what is waiting at once. */
  flush(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#send(batch);
  }
}
