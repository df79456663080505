/** An answer that is not a success; thrown by handlers, sent by the HTTP edge as plain text. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}
