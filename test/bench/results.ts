import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import type { SectionName } from './sections/all.js';
import type { Findings } from './sections/section.js';

/** What a section came to when it was last run. */
export interface SectionResult extends Findings {
  /** Year, month and day. */
  readonly date: string;
  readonly machine: string;
  readonly isQuick: boolean;
  readonly seconds: number;
}

export type Results = Readonly<Partial<Record<SectionName, SectionResult>>>;

export const RESULTS_FILE = new URL('../results.json', import.meta.url).pathname;

export function describeMachine(): string {
  return `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, Node.js ${process.version.slice(1)}`;
}

/** None, when there is no such file. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  // Written by writeResults, and by nobody else.
  return JSON.parse(text) as Results;
}

export async function writeResults(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}
