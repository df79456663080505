import type { Load } from './loads.js';
import type { Sample } from './measure.js';
import { median } from './statistics.js';

/** The middle one of the rounds. */
export interface Cell {
  readonly cpuPerQuery: number;
  readonly perSecond: number;
}

export function cellOf(samples: readonly Sample[], server: string, load: string): Cell | undefined {
  const rounds = samples.filter((sample) => sample.server === server && sample.load === load);
  if (rounds.length === 0) return undefined;
  return {
    cpuPerQuery: median(rounds.map(({ cpuPerQuery }) => cpuPerQuery)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}

/** The table of README: CPU microseconds per answered query, and how much less ours takes. */
export function formatTable(loads: readonly Load[], servers: readonly string[], samples: readonly Sample[]): string {
  const [ours = '', ...others] = servers;
  const head = ['load', ...servers, ...others.map((other) => `${other} / ours`), 'goal'];
  const rows = loads.map(({ name, goal }) => {
    const own = cellOf(samples, ours, name);
    const cells = servers.map((server) => formatCell(cellOf(samples, server, name)));
    const ratios = others.map((other) => formatRatio(cellOf(samples, other, name), own));
    return [name, ...cells, ...ratios, goal === undefined ? '' : `>= ${goal}x Consul`];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function formatCell(cell: Cell | undefined): string {
  if (cell === undefined) return '-';
  return `${cell.cpuPerQuery.toFixed(1)} us, ${Math.round(cell.perSecond / 1000)}k q/s`;
}

function formatRatio(other: Cell | undefined, own: Cell | undefined): string {
  return other === undefined || own === undefined ? '-' : `${(other.cpuPerQuery / own.cpuPerQuery).toFixed(2)}x`;
}

/** Figures that no other server is compared by. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
}

export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, goal }) => [
    name,
    `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
    goal,
  ]);
  return [['figure', 'measured', 'goal'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
