import { RecordType } from '../../src/wire/constants.js';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import type { ResourceRecord } from '../../src/wire/rdata.js';
import { askTcp, askUdp, type QuestionOptions, question, type ServerAddress } from '../support/client.js';

type Type = keyof typeof RecordType;

export function ask(server: ServerAddress, name: string, type: Type = 'A', options: QuestionOptions = {}) {
  return askUdp(server, question(name, type, options));
}

export function askOverTcp(server: ServerAddress, name: string, type: Type = 'A') {
  return askTcp(server, question(name, type));
}

/** Records as dig prints them, in the order of their texts. */
export function lines(records: readonly ResourceRecord[]): readonly string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' ')).sort();
}

/** What the answers say, in the order of their texts. */
export async function answers(server: ServerAddress, name: string, type: Type = 'A'): Promise<readonly string[]> {
  return lines((await ask(server, name, type)).answer);
}

export function ofType(records: readonly ResourceRecord[], type: Type): readonly ResourceRecord[] {
  return records.filter((record) => record.type === RecordType[type]);
}

export function ttls({ answer }: Message): readonly number[] {
  return [...new Set(answer.map(({ ttlSeconds }) => ttlSeconds))];
}
