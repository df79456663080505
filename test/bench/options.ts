import { parseArgs } from 'node:util';
import { RESULTS_FILE } from './results.js';
import { SECTION_NAMES, type SectionName } from './sections/all.js';

export const USAGE = `npm run bench -- [options]: everything but the soak, about 20 minutes

  --only SECTION  one of ${SECTION_NAMES.join(', ')}; may be repeated
  --quick         one short round: whether all works, not for figures
  --soak TIME     the soak alone, for so long: 10m, 90s
  --load TEXT     of the loads section only loads whose names hold this
  --node FLAG     for the Node.js of our server, such as --cpu-prof; may be repeated
  --json FILE     where results are kept; sections that are not run stay as they were (.bench/results.json)`;

export interface BenchOptions {
  readonly sections: readonly SectionName[];
  readonly isQuick: boolean;
  readonly soakMs: number;
  readonly load: string;
  readonly nodeFlags: readonly string[];
  readonly resultsFile: string;
}

/** Throws an error with the usage when the arguments make no sense. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      soak: { type: 'string' },
      load: { type: 'string', default: '' },
      node: { type: 'string', multiple: true, default: [] },
      json: { type: 'string', default: RESULTS_FILE },
    },
  });
  const { only, soak } = values;
  const chosen = soak === undefined ? only?.map(sectionCalled) : (['soak'] as const);
  return {
    sections: chosen ?? SECTION_NAMES.filter((name) => name !== 'soak'),
    isQuick: values.quick,
    soakMs: parseTime(soak ?? '10m'),
    load: values.load,
    nodeFlags: values.node,
    resultsFile: values.json,
  };
}

function sectionCalled(text: string): SectionName {
  const name = SECTION_NAMES.find((candidate) => candidate === text);
  if (name === undefined) throw new Error(`Cannot run "${text}": no such section\n\n${USAGE}`);
  return name;
}

function parseTime(text: string): number {
  const [, amount, unit] = /^(\d+)([ms])$/.exec(text) ?? [];
  if (amount === undefined) throw new Error(`Cannot soak for "${text}": not a time such as 10m or 90s\n\n${USAGE}`);
  return Number(amount) * (unit === 'm' ? 60_000 : 1_000);
}
