import { className, opcodeName, rcodeName, typeName } from '../../../../src/wire/constants.js';
import { formatRecord } from '../../../../src/wire/present.js';
import type { ResourceRecord } from '../../../../src/wire/rdata.js';
import type { Reply } from '../ask/reply.js';

/** How far apart two servers' clocks may be in the serial of a SOA record. */
const SERIAL_SLACK_SECONDS = 30;

/** A reply as a list of lines of which equal replies have the same; sections are multisets, so their lines are sorted. */
export function canonicalLines(reply: Reply): readonly string[] {
  if (reply === undefined) return ['(no reply)'];
  const { message } = reply;
  const { edns } = message;
  return [
    `${opcodeName(message.opcode)} ${rcodeName(message.rcode)}${flagsOf(message)}`,
    ...message.questions.map((asked) => `question ${asked.name} ${className(asked.class)} ${typeName(asked.type)}`),
    ...sectionLines('answer', message.answer),
    ...sectionLines('authority', message.authority),
    ...sectionLines('additional', message.additional),
    ...(edns === undefined
      ? []
      : [`OPT udp ${edns.udpPayloadBytes} version ${edns.version}${edns.dnssecOk ? ' do' : ''}`]),
    ...(edns?.options ?? []).map(({ code, data }) => `option ${code} ${Buffer.from(data).toString('hex')}`),
  ];
}

/** A record on one line, its serial left out where it is the time. */
export function recordLine(record: ResourceRecord): string {
  const line = formatRecord(record).replaceAll('\t', ' ');
  if (record.data.kind !== 'SOA') return line;
  const { serial } = record.data.soa;
  const isNow = Math.abs(serial - Date.now() / 1000) < SERIAL_SLACK_SECONDS;
  return isNow ? line.replace(` ${serial} `, ' <now> ') : line;
}

export function isSame(one: Reply, other: Reply): boolean {
  return canonicalLines(one).join('\n') === canonicalLines(other).join('\n');
}

/** What stands in one reply and not in the other, as lines that begin with `-` (expected) or `+` (got). */
export function differences(expected: Reply, got: Reply): readonly string[] {
  const missing = canonicalLines(got).slice();
  const lines: string[] = [];
  for (const line of canonicalLines(expected)) {
    const at = missing.indexOf(line);
    if (at < 0) lines.push(`- ${line}`);
    else missing.splice(at, 1);
  }
  return [...lines, ...missing.map((line) => `+ ${line}`)];
}

function sectionLines(name: string, records: readonly ResourceRecord[]): readonly string[] {
  return records.map((record) => `${name} ${recordLine(record)}`).sort();
}

function flagsOf(message: NonNullable<Reply>['message']): string {
  const flags = [
    [message.isResponse, 'qr'],
    [message.authoritative, 'aa'],
    [message.truncated, 'tc'],
    [message.recursionDesired, 'rd'],
    [message.recursionAvailable, 'ra'],
    [message.authenticData, 'ad'],
    [message.checkingDisabled, 'cd'],
  ] as const;
  return flags.map(([isSet, name]) => (isSet ? ` ${name}` : '')).join('');
}
