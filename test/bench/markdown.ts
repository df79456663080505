import type { Results, SectionResult } from './results.js';
import { SECTION_NAMES } from './sections/all.js';
import { formatNumber } from './sections/format.js';
import { type Goal, isMet, type Table } from './sections/section.js';

export interface MarkdownOptions {
  /** Where the charts are, as seen from the text. */
  readonly chartFolder: string;
}

/** All results as a chapter: the goals first, then what each section has to show. */
export function formatResults(results: Results, { chartFolder }: MarkdownOptions): string {
  const sections = SECTION_NAMES.flatMap((name) => results[name] ?? []);
  const blocks = [
    ...describeRuns(results),
    formatTable(goalTable(sections.flatMap(({ goals }) => goals))),
    ...sections.flatMap(({ tables, charts }) => [
      ...tables.map(formatTable),
      ...charts.map(({ name, title }) => `![${title}](${chartFolder}/${name}.svg)`),
    ]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** One line for all sections that were run on the same day, on the same machine. */
function describeRuns(results: Results): readonly string[] {
  const runs = SECTION_NAMES.flatMap((name) => {
    const result = results[name];
    return result === undefined ? [] : [{ name, run: describeRun(result) }];
  });
  return [...new Set(runs.map(({ run }) => run))].map((line) => {
    const names = runs.filter(({ run }) => run === line).map(({ name }) => name);
    return `${line}: ${names.join(', ')}.`;
  });
}

function describeRun({ date, machine, isQuick }: SectionResult): string {
  return `Measured on ${date} (${machine}${isQuick ? '; quick, not for comparisons' : ''})`;
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: 'What we aim at',
    head: ['', 'measured', 'goal', ''],
    rows: goals.map((goal) => [
      goal.name,
      Number.isFinite(goal.measured) ? `${formatNumber(goal.measured)}${unitBehind(goal.unit)}` : '-',
      `${goal.bound} ${goal.limit}${unitBehind(goal.unit)}`,
      isMet(goal) ? 'met' : '**not met**',
    ]),
  };
}

function formatTable({ title, head, rows, note }: Table): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`**${title}**`, lines.join('\n'), ...(note === undefined ? [] : [note])].join('\n\n');
}

function unitBehind(unit: string): string {
  return unit === '' || unit === 'x' ? unit : ` ${unit}`;
}
