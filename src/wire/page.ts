import { WireError } from './error.js';
import type { ResourceRecord } from './rdata.js';
import { encodeRecord } from './record.js';
import type { Checkpoint, WireWriter } from './writer.js';

/** What came of writing a list of records as far as they fit. */
export interface Filled {
  readonly kept: readonly ResourceRecord[];
  /** Where the writer stood before the first of `kept` and behind each of them: one more than there are records. */
  readonly ends: readonly Checkpoint[];
  /** Whether nothing was left out for size. */
  readonly isWhole: boolean;
}

/** Puts records into a message until it has `roomBytes` bytes. Records without a wire form are passed over. */
export class Page {
  /** The records passed over. */
  readonly unencodable = new Set<ResourceRecord>();
  readonly #writer: WireWriter;
  readonly #roomBytes: number;

  constructor(writer: WireWriter, roomBytes: number) {
    this.#writer = writer;
    this.#roomBytes = roomBytes;
  }

  /** Bytes written above the room there is; negative while there is some left. */
  get surplusBytes(): number {
    return this.#writer.length - this.#roomBytes;
  }

  /** Writes records up to the first that does not fit. */
  fill(records: readonly ResourceRecord[]): Filled {
    const kept: ResourceRecord[] = [];
    let end = this.#writer.checkpoint();
    const ends = [end];
    for (const record of records) {
      if (!this.#write(record, end)) continue;
      if (this.surplusBytes > 0) {
        this.#writer.rollback(end);
        return { kept, ends, isWhole: false };
      }
      end = this.#writer.checkpoint();
      kept.push(record);
      ends.push(end);
    }
    return { kept, ends, isWhole: true };
  }

  /** Writes all records, fit or not; gives those with a wire form. */
  overfill(records: readonly ResourceRecord[]): ResourceRecord[] {
    return records.filter((record) => this.#write(record, this.#writer.checkpoint()));
  }

  /** Runs `place`, and takes back what it wrote when it gives undefined. */
  attempt<T>(place: () => T | undefined): T | undefined {
    const before = this.#writer.checkpoint();
    const placed = place();
    if (placed === undefined) this.#writer.rollback(before);
    return placed;
  }

  rollback(checkpoint: Checkpoint): void {
    this.#writer.rollback(checkpoint);
  }

  #write(record: ResourceRecord, before: Checkpoint): boolean {
    try {
      encodeRecord(record, this.#writer);
      return true;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#writer.rollback(before);
      this.unencodable.add(record);
      return false;
    }
  }
}
