import { HEADER_BYTES, MAX_MESSAGE_BYTES, RecordType } from './constants.js';
import { decodeOpt, type Edns, encodeOpt } from './edns.js';
import { WireError } from './error.js';
import { decodeHeader, type Header, headerFlags } from './header.js';
import type { ResourceRecord } from './rdata.js';
import { WireReader } from './reader.js';
import { decodeRecord, encodeRecord } from './record.js';
import { WireWriter } from './writer.js';

export interface Question {
  /** In presentation format with its letter case as asked, for instance `Web.service.consul.` */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A DNS message (RFC 1035 section 4), its OPT record taken out of the additional section (RFC 6891). */
export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** All twelve bits: the upper eight travel in the OPT record (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
}

/**
 * Decodes a whole message. Bytes behind it are ignored; a packet that is a header and nothing more has no question and
 * no records, whatever its counts say (error replies are often cut down to that).
 *
 * Throws only WireError; its `decoded` holds what was sound before the error.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const header = decodeHeader(bytes);
  if (header === undefined) {
    throw new WireError('short-header', `Cannot read message: ${bytes.length} bytes, a header has ${HEADER_BYTES}`);
  }
  const body = new BodyReader(bytes, header);
  try {
    return body.read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const decoded = { header, questions: body.questions };
    throw new WireError(error.code, error.message, { cause: error, decoded });
  }
}

/** Encodes a whole message; throws WireError when a part of it has no wire form or it would be above 65 535 bytes. */
export function encodeMessage(message: Message, { compress = true }: { readonly compress?: boolean } = {}): Uint8Array {
  const writer = new WireWriter({ compress });
  encodeStart(message, writer);
  for (const record of message.answer) encodeRecord(record, writer);
  for (const record of message.authority) encodeRecord(record, writer);
  for (const record of message.additional) encodeRecord(record, writer);
  encodeEnd(message, writer);
  if (writer.length > MAX_MESSAGE_BYTES) {
    throw new WireError(
      'out-of-range',
      `Cannot write message: ${writer.length} bytes, at most ${MAX_MESSAGE_BYTES} go`,
    );
  }
  return writer.finish();
}

/** Writes ID and question section; `encodeEnd` fills in the rest of the header. */
export function encodeStart(message: Message, writer: WireWriter): void {
  writer.u16(message.id);
  for (let at = 2; at < HEADER_BYTES; at += 2) writer.u16(0);
  for (const question of message.questions) {
    writer.name(question.name);
    writer.u16(question.type);
    writer.u16(question.class);
  }
}

/** Writes the OPT record behind the sections, and flags and counts into the header. */
export function encodeEnd(message: Message, writer: WireWriter): void {
  const { edns, rcode } = message;
  if (edns !== undefined) encodeOpt(edns, rcode >> 4, writer);
  else if (rcode > 15) throw new WireError('out-of-range', `Cannot write rcode ${rcode}: message has no OPT record`);
  writer.patchU16(2, headerFlags(message));
  writer.patchU16(4, message.questions.length);
  writer.patchU16(6, message.answer.length);
  writer.patchU16(8, message.authority.length);
  writer.patchU16(10, message.additional.length + (edns === undefined ? 0 : 1));
}

class BodyReader {
  readonly #header: Header;
  readonly #reader: WireReader;
  readonly #isBare: boolean;
  #questions: readonly Question[] = [];
  #opt: ReturnType<typeof decodeOpt> | undefined;

  constructor(bytes: Uint8Array, header: Header) {
    this.#header = header;
    this.#reader = new WireReader(bytes, HEADER_BYTES);
    this.#isBare = bytes.length === HEADER_BYTES;
  }

  /** The whole question section, or nothing of it. */
  get questions(): readonly Question[] {
    return this.#questions;
  }

  read(): Message {
    const { questionCount, answerCount, authorityCount, additionalCount, ...flags } = this.#header;
    this.#questions = this.#readQuestions(questionCount);
    const answer = this.#readRecords(answerCount);
    const authority = this.#readRecords(authorityCount);
    const additional = this.#readRecords(additionalCount);
    return {
      ...flags,
      rcode: flags.rcode | ((this.#opt?.upperRcode ?? 0) << 4),
      questions: this.#questions,
      answer,
      authority,
      additional,
      edns: this.#opt?.edns,
    };
  }

  #readQuestions(count: number): Question[] {
    const questions: Question[] = [];
    while (!this.#isBare && questions.length < count) {
      questions.push({ name: this.#reader.name(), type: this.#reader.u16(), class: this.#reader.u16() });
    }
    return questions;
  }

  #readRecords(count: number): ResourceRecord[] {
    const records: ResourceRecord[] = [];
    for (let read = 0; !this.#isBare && read < count; read += 1) {
      const name = this.#reader.name();
      const type = this.#reader.u16();
      if (type === RecordType.OPT) this.#readOpt(name);
      else records.push(decodeRecord(name, type, this.#reader));
    }
    return records;
  }

  #readOpt(name: string): void {
    if (name !== '.') throw new WireError('bad-opt', `Cannot read OPT record "${name}": its owner has to be the root`);
    if (this.#opt !== undefined)
      throw new WireError('two-opts', 'Cannot read second OPT record: a message has at most one');
    this.#opt = decodeOpt(this.#reader);
  }
}
