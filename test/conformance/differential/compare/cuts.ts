/**
 * Replies that hold a part of the records. Which part is left to chance, so two servers' parts cannot be equal; but each
 * must be a part of the whole, which is compared over TCP, and ours must obey our own rules (D2, D3, D4).
 */
import { CLASSIC_UDP_BYTES, MAX_MESSAGE_BYTES, RecordType } from '../../../../src/wire/constants.js';
import { encodeMessage, type Message } from '../../../../src/wire/message.js';
import { lowerName } from '../../../../src/wire/name.js';
import type { ResourceRecord } from '../../../../src/wire/rdata.js';
import type { AskedQuestion } from '../ask/asked.js';
import { type SentReply, withParts } from '../ask/reply.js';
import { isSame, recordLine } from './canonical.js';

/** The settings of ours by which replies are cut. */
export interface CutSettings {
  readonly udpPayloadMaxBytes: number;
  readonly udpAnswerLimit: number;
  readonly aRecordLimit: number;
  readonly enableTruncate: boolean;
  readonly disableCompression: boolean;
}

export interface CutOptions {
  readonly asked: AskedQuestion;
  readonly settings: CutSettings;
  /** Our reply without any limit. */
  readonly whole: SentReply;
}

type Section = 'answer' | 'authority' | 'additional';

/** Whether a reply holds less than the whole. */
export function isCut(reply: SentReply, whole: SentReply): boolean {
  return (['answer', 'additional'] as const).some(
    (section) => reply.message[section].length < whole.message[section].length,
  );
}

/** Whether a reply is the whole with records left out, and nothing else; TC may be set. */
export function isPartOf(reply: SentReply, whole: SentReply): boolean {
  const restored = withParts(reply, {
    truncated: whole.message.truncated,
    answer: whole.message.answer,
    authority: whole.message.authority,
    additional: whole.message.additional,
  });
  const sections: readonly Section[] = ['answer', 'authority', 'additional'];
  return isSame(restored, whole) && sections.every((section) => isPart(reply.message[section], whole.message[section]));
}

/** The rules of our own that a reply of ours breaks, in words. */
export function brokenRules(ours: SentReply, { asked, settings, whole }: CutOptions): readonly string[] {
  const { message, sizeBytes } = ours;
  const limitBytes = limitFor(asked, settings);
  const wanted = mostAnswers({ asked, settings, whole });
  const leftOut = whole.message.answer.filter((record) => !has(message.answer, record));
  const lacksGlue = message.answer.some((record) => {
    const glue = glueOf(record, whole);
    return glue.length > 0 && !glue.some((address) => has(message.additional, address));
  });
  const lacksForSize = counted(message).length < wanted || lacksGlue;
  const mayLackForSize = lacksForSize || message.additional.length < whole.message.additional.length;
  // Where the number of records is limited as well, additional ones may be missing for either reason.
  const isLimited = settings.aRecordLimit > 0 || (settings.udpAnswerLimit > 0 && asked.transport === 'udp');
  const mustSayTruncated = settings.enableTruncate && (isLimited ? lacksForSize : mayLackForSize);
  const rules: readonly (readonly [isBroken: boolean, rule: string])[] = [
    [!isPartOf(ours, whole), 'it is not a part of the whole answer'],
    [sizeBytes > limitBytes, `${sizeBytes} bytes are more than ${limitBytes} (D4)`],
    [counted(message).length > wanted, `${counted(message).length} answers are more than ${wanted} (D3)`],
    [mustSayTruncated && !message.truncated, 'records were left out for size, and TC does not say so (D2)'],
    [message.truncated && !(settings.enableTruncate && mayLackForSize), 'TC says that records were left out (D2)'],
    [
      counted(message).length < wanted &&
        leftOut.every((record) => sizeWith(message, record, { whole, settings }) <= limitBytes),
      'another answer would have fitted',
    ],
    [
      message.answer.length > 0 && lacksGlue && message.answer.length > 1,
      'an answer has no glue though others are there',
    ],
  ];
  return rules.flatMap(([isBroken, rule]) => (isBroken ? [rule] : []));
}

function limitFor({ transport, edns }: AskedQuestion, { udpPayloadMaxBytes }: CutSettings): number {
  if (transport === 'tcp') return MAX_MESSAGE_BYTES;
  return Math.max(CLASSIC_UDP_BYTES, Math.min(edns?.udpPayloadBytes ?? 0, udpPayloadMaxBytes));
}

/** How many answers of the whole the limits let through, aliases not counted: chains are never split (D3). */
function mostAnswers({ asked, settings, whole }: CutOptions): number {
  const isSmallUdp = asked.transport === 'udp' && limitFor(asked, settings) <= CLASSIC_UDP_BYTES;
  const answers = counted(whole.message);
  const addresses = answers.filter(({ type }) => type === RecordType.A || type === RecordType.AAAA).length;
  const limited = Math.min(addresses, settings.aRecordLimit || addresses) + answers.length - addresses;
  return isSmallUdp && settings.udpAnswerLimit > 0 ? Math.min(limited, settings.udpAnswerLimit) : limited;
}

function counted({ answer }: Message): readonly ResourceRecord[] {
  return answer.filter(({ type }) => type !== RecordType.CNAME);
}

function glueOf({ data }: ResourceRecord, whole: SentReply): readonly ResourceRecord[] {
  if (data.kind !== 'SRV' && data.kind !== 'NS') return [];
  const target = lowerName(data.target);
  const addresses: readonly number[] = [RecordType.A, RecordType.AAAA, RecordType.CNAME];
  return whole.message.additional.filter(({ name, type }) => lowerName(name) === target && addresses.includes(type));
}

/** What the reply would take with one answer more, and its glue. */
function sizeWith(
  message: Message,
  record: ResourceRecord,
  { whole, settings }: Pick<CutOptions, 'whole' | 'settings'>,
): number {
  const glue = glueOf(record, whole).filter((candidate) => !has(message.additional, candidate));
  const [answer, additional] = [
    [...message.answer, record],
    [...message.additional, ...glue],
  ];
  const compress = !settings.disableCompression;
  return encodeMessage({ ...message, answer, authority: [], additional }, { compress }).length;
}

function has(records: readonly ResourceRecord[], wanted: ResourceRecord): boolean {
  const line = recordLine(wanted);
  return records.some((record) => recordLine(record) === line);
}

function isPart(some: readonly ResourceRecord[], all: readonly ResourceRecord[]): boolean {
  const left = all.map(recordLine);
  return some.every((record) => {
    const at = left.indexOf(recordLine(record));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}
