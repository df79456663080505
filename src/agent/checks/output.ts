/** The last bytes of a stream, which are what is worth showing of a long output. */
export class TailBuffer {
  readonly #maxBytes: number;
  #kept: Buffer = Buffer.alloc(0);
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  append(chunk: Uint8Array): void {
    this.#totalBytes += chunk.length;
    const joined = Buffer.concat([this.#kept, chunk]);
    this.#kept = joined.length > this.#maxBytes ? joined.subarray(joined.length - this.#maxBytes) : joined;
  }

  get isCut(): boolean {
    return this.#totalBytes > this.#maxBytes;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  text(): string {
    return this.#kept.toString();
  }
}

/** The start of a note that is too long, with how much of it is left out. */
export function headOf(note: string, maxBytes: number): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= maxBytes) return note;
  return `${bytes.subarray(0, maxBytes)} ... (captured ${maxBytes} of ${bytes.length} bytes)`;
}
