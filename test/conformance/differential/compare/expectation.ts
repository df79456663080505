import { decodeMessage } from '../../../../src/wire/message.js';
import type { Asked, AskedQuestion, Flag } from '../ask/asked.js';
import type { Asker } from '../ask/asker.js';
import type { Reply, SentReply } from '../ask/reply.js';
import type { Configuration } from '../configurations.js';
import type { Difference, Exchange } from './allowance.js';
import { ALLOWANCES, EQUIVALENCES, FOR_BROKEN_PACKETS } from './allowances/all.js';
import { isSame } from './canonical.js';
import type { CutSettings } from './cuts.js';
import { partsOf } from './name-parts.js';
import { asIfAsked } from './rewriting.js';

/** Whom to ask, and how they are set. */
export interface Bench {
  readonly configuration: Configuration;
  readonly settings: CutSettings;
  readonly theirs: Asker;
  readonly ours: Asker;
  /** Our server without limits on the number of records. */
  readonly unlimited: Asker;
  /** Whether we are to be asked this question before, so that the reply that counts is a prepared one. */
  readonly isAskedTwice: () => boolean;
}

/** One packet's way through a comparison. */
export interface Case {
  readonly bench: Bench;
  readonly asked: Asked;
  /** What the packet asks for, as far as it can be read. */
  readonly question: AskedQuestion;
  readonly ours: Reply;
}

export interface Expectation {
  /** What our reply has to be. */
  readonly expected: SentReply;
  /** The allowances that made it differ from Consul's reply. */
  readonly reasons: readonly Difference[];
}

/** What Consul's reply says that ours has to be. */
export async function expectedFrom(theirs: SentReply, { bench, asked, question, ours }: Case): Promise<Expectation> {
  const { configuration, settings } = bench;
  const parts = partsOf(question.name, { zones: configuration.zones, type: question.type });
  const equivalences = EQUIVALENCES.flatMap((equivalence) => {
    const changes = equivalence.instead({ asked: question, parts, configuration });
    return changes === undefined ? [] : [{ equivalence, changes }];
  });
  const understood: AskedQuestion = Object.assign({}, question, ...equivalences.map(({ changes }) => changes));
  const exchange: Exchange = {
    asked: question,
    parts,
    configuration,
    flaw: asked.kind === 'bytes' ? asked.what : undefined,
    udpPayloadMaxBytes: settings.udpPayloadMaxBytes,
    ours,
    askConsul: async (other) => {
      const reply = await bench.theirs.ask({ ...understood, ...other });
      return reply && asIfAsked(reply, question, other.name ?? understood.name);
    },
  };
  let expected = (equivalences.length > 0 ? await exchange.askConsul({}) : undefined) ?? theirs;
  const reasons: Difference[] = isSame(expected, theirs) ? [] : equivalences.map(({ equivalence }) => equivalence);
  for (const allowance of question === UNREADABLE ? FOR_BROKEN_PACKETS : ALLOWANCES) {
    const changed = await allowance.expect(expected, exchange);
    if (changed === undefined) continue;
    if (!isSame(changed, expected)) reasons.push(allowance);
    expected = changed;
  }
  return { expected, reasons };
}

/** Stands for a question that we cannot read. */
const UNREADABLE: AskedQuestion = {
  kind: 'question',
  name: '.',
  type: 0,
  class: 1,
  opcode: 0,
  flags: [],
  edns: undefined,
  transport: 'tcp',
};

/** What a packet asks of a server that understands it. */
export function questionIn(asked: Asked): AskedQuestion {
  if (asked.kind === 'question') return asked;
  try {
    const message = decodeMessage(asked.bytes);
    const [question] = message.questions;
    if (question === undefined) return UNREADABLE;
    const flags: readonly (readonly [boolean, Flag])[] = [
      [message.recursionDesired, 'rd'],
      [message.checkingDisabled, 'cd'],
    ];
    return {
      kind: 'question',
      ...question,
      opcode: message.opcode,
      flags: flags.flatMap(([isSet, flag]) => (isSet ? [flag] : [])),
      edns: message.edns,
      transport: asked.transport,
    };
  } catch {
    return UNREADABLE;
  }
}
