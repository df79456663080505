import { typeName } from '../../../src/wire/constants.js';
import { decodeMessage } from '../../../src/wire/message.js';
import { formatMessage } from '../../../src/wire/present.js';
import { type Asked, packetOf } from './ask/asked.js';
import { formatReply } from './ask/reply.js';
import type { Difference } from './compare/allowance.js';
import { DIFFERENCES } from './compare/allowances/all.js';
import type { Verdict } from './compare/judge.js';
import type { Configuration } from './configurations.js';

export interface Failure {
  readonly asked: Asked;
  readonly configuration: Configuration;
  readonly seed: number;
  readonly theirs: Parameters<typeof formatReply>[0];
  readonly ours: Parameters<typeof formatReply>[0];
  readonly why: readonly string[];
}

/** Counts verdicts, by configuration and by row. */
export class Tally {
  readonly #verdicts = new Map<string, Map<Verdict['kind'], number>>();
  readonly #reasons = new Map<Difference, number>();

  count(configuration: string, verdict: Verdict): void {
    const kinds = this.#verdicts.get(configuration) ?? new Map<Verdict['kind'], number>();
    this.#verdicts.set(configuration, kinds);
    kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
    if (verdict.kind !== 'allowed') return;
    for (const reason of verdict.reasons) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }

  get questions(): number {
    return [...this.#verdicts.values()].flatMap((kinds) => [...kinds.values()]).reduce((sum, count) => sum + count, 0);
  }

  /** Allowances that no question needed: perhaps they can go. */
  get unused(): readonly Difference[] {
    return DIFFERENCES.filter((difference) => !this.#reasons.has(difference));
  }

  format(): string {
    const columns = ['equal', 'sample', 'allowed', 'hiccup', 'unexplained'] as const;
    const configurations = [...this.#verdicts].map(([name, kinds]) => {
      const counts = columns.map((column) => kinds.get(column) ?? 0);
      return [name, counts.reduce((sum, count) => sum + count, 0), ...counts];
    });
    const reasons = [...this.#reasons]
      .sort(([, a], [, b]) => b - a)
      .map(([{ row, what }, count]) => [row, count, what]);
    return [
      table([['configuration', 'questions', ...columns], ...configurations]),
      table([['row', 'allowed', 'what'], ...reasons]),
      this.unused.map(({ row, what }) => `never needed: ${row} ${what}\n`).join(''),
    ].join('\n');
  }
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => String(cell).padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** All there is to know of one failure, in dig's form. */
export function formatFailure({ asked, configuration, seed, theirs, ours, why }: Failure): string {
  return [
    `--- ${titleOf(asked)} (configuration ${configuration.name}, seed ${seed})`,
    `;; settings: ${JSON.stringify(configuration.agent)}`,
    `;; question over ${asked.transport}:\n${formatAsked(asked)}`,
    `;; Consul:\n${formatReply(theirs)}`,
    `;; consul-dnsd:\n${formatReply(ours)}`,
    `;; difference:\n${why.join('\n')}\n`,
  ].join('\n');
}

function titleOf(asked: Asked): string {
  return asked.kind === 'question' ? `${asked.name} ${typeName(asked.type)}` : asked.what;
}

function formatAsked(asked: Asked): string {
  const packet = packetOf(asked, 0);
  return asked.kind === 'question' ? formatMessage(decodeMessage(packet)) : `${Buffer.from(packet).toString('hex')}\n`;
}
