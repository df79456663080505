import { clientSubnetOf } from '../wire/client-subnet.js';
import { HEADER_BYTES, Opcode, Rcode } from '../wire/constants.js';
import type { Edns } from '../wire/edns.js';
import { WireError, type WireErrorCode } from '../wire/error.js';
import { decodeHeader, type Header } from '../wire/header.js';
import { decodeMessage, encodeMessage, type Message, type Question } from '../wire/message.js';

/** What becomes of a packet before anybody looks at its name (dns-behaviour 2.2). */
export type Accepted =
  | { readonly kind: 'ignored'; readonly reason: 'short' | 'response' }
  /** Not worth a look-up; these bytes are the reply. */
  | { readonly kind: 'rejected'; readonly rcode: number; readonly reply: Uint8Array }
  | { readonly kind: 'query'; readonly query: Message; readonly question: Question };

/** Sorts out what is no question to us. Never throws, whatever the bytes. */
export function acceptPacket(packet: Uint8Array, { udpPayloadBytes }: { readonly udpPayloadBytes: number }): Accepted {
  const header = decodeHeader(packet);
  if (header === undefined) return { kind: 'ignored', reason: 'short' };
  if (header.isResponse) return { kind: 'ignored', reason: 'response' };
  if (header.opcode !== Opcode.QUERY) return rejected(header, Rcode.NOTIMP);
  if (!hasPlausibleCounts(header)) return rejected(header, Rcode.FORMERR);
  // A header that promises a question and brings none (C008).
  if (packet.length === HEADER_BYTES) return rejected(header, Rcode.REFUSED);
  let query: Message | undefined;
  try {
    query = decodeMessage(packet);
    const [question] = query.questions;
    // Decoding leaves options as they are; this one has a form that the client must keep to (RFC 7871 section 7.1.2).
    if (query.edns !== undefined) clientSubnetOf(query.edns);
    return question === undefined ? rejected(header, Rcode.FORMERR) : { kind: 'query', query, question };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    if (!EDNS_ERRORS.includes(error.code)) return rejected(header, Rcode.FORMERR);
    // The question is sound, and the client speaks EDNS, if badly (RFC 6891 sections 6.1.1 and 7).
    const edns = { udpPayloadBytes, version: 0, dnssecOk: false, options: [] };
    const questions = (query ?? error.decoded)?.questions ?? [];
    return rejected(header, Rcode.FORMERR, { questions, edns });
  }
}

/** One question, and no more than a stray record and the pseudo-records OPT and TSIG beside it (C005, C006). */
function hasPlausibleCounts({ questionCount, answerCount, authorityCount, additionalCount }: Header): boolean {
  return questionCount === 1 && answerCount <= 1 && authorityCount <= 1 && additionalCount <= 2;
}

function rejected(
  { id, opcode, recursionDesired, checkingDisabled }: Header,
  rcode: number,
  { questions, edns }: { readonly questions: readonly Question[]; readonly edns: Edns | undefined } = NOTHING_SAID,
): Accepted {
  const reply = encodeMessage({
    id,
    isResponse: true,
    opcode,
    authoritative: false,
    truncated: false,
    recursionDesired,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled,
    rcode,
    questions,
    answer: [],
    authority: [],
    additional: [],
    edns,
  });
  return { kind: 'rejected', rcode, reply };
}

const EDNS_ERRORS: readonly WireErrorCode[] = ['bad-opt', 'two-opts', 'bad-ecs'];
const NOTHING_SAID = { questions: [], edns: undefined };
