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
  const body: Body = { questions: [], answer: [], authority: [], additional: [], opt: undefined };
  try {
    // Error replies are often cut down to the header, their counts left as they were.
    if (bytes.length > HEADER_BYTES) decodeBody(new WireReader(bytes, HEADER_BYTES), header, body);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const questions = body.questions.length === header.questionCount ? body.questions : [];
    throw new WireError(error.code, error.message, { cause: error, decoded: { header, questions } });
  }
  // Named one by one: a spread would cost more than all the rest of a query's decoding.
  return {
    id: header.id,
    isResponse: header.isResponse,
    opcode: header.opcode,
    authoritative: header.authoritative,
    truncated: header.truncated,
    recursionDesired: header.recursionDesired,
    recursionAvailable: header.recursionAvailable,
    authenticData: header.authenticData,
    checkingDisabled: header.checkingDisabled,
    rcode: header.rcode | ((body.opt?.upperRcode ?? 0) << 4),
    questions: body.questions,
    answer: body.answer,
    authority: body.authority,
    additional: body.additional,
    edns: body.opt?.edns,
  };
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
    writer.questionName(question.name);
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

/** What is behind the header, as far as it was read. */
interface Body {
  readonly questions: Question[];
  readonly answer: ResourceRecord[];
  readonly authority: ResourceRecord[];
  readonly additional: ResourceRecord[];
  opt: ReturnType<typeof decodeOpt> | undefined;
}

function decodeBody(reader: WireReader, header: Header, body: Body): void {
  for (let count = header.questionCount; count > 0; count -= 1) {
    body.questions.push({ name: reader.name(), type: reader.u16(), class: reader.u16() });
  }
  decodeSection(reader, body, { count: header.answerCount, into: body.answer });
  decodeSection(reader, body, { count: header.authorityCount, into: body.authority });
  decodeSection(reader, body, { count: header.additionalCount, into: body.additional });
}

function decodeSection(
  reader: WireReader,
  body: Body,
  { count, into }: { readonly count: number; readonly into: ResourceRecord[] },
): void {
  for (let left = count; left > 0; left -= 1) {
    const name = reader.name();
    const type = reader.u16();
    if (type !== RecordType.OPT) {
      into.push(decodeRecord(name, type, reader));
      continue;
    }
    if (name !== '.') throw new WireError('bad-opt', `Cannot read OPT record "${name}": its owner has to be the root`);
    if (body.opt !== undefined)
      throw new WireError('two-opts', 'Cannot read second OPT record: at most one may be there');
    body.opt = decodeOpt(reader);
  }
}
