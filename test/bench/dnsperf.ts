import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Load } from './loads.js';

export interface DnsperfResult {
  readonly completed: number;
  readonly lost: number;
  readonly perSecond: number;
  /** Of each answer, in milliseconds; only when asked for. */
  readonly latenciesMs: readonly number[];
}

export interface DnsperfOptions {
  readonly seconds: number;
  /** Left out: as fast as it goes. */
  readonly maxPerSecond?: number;
  readonly latencies?: boolean;
  /** Ends after each question was asked once. */
  readonly once?: boolean;
}

const CLIENTS = 8;
const OUTSTANDING = 100;

/** Asks a server on the loopback for a while. */
export async function dnsperf(
  port: number,
  load: Pick<Load, 'questions' | 'hasEdns'>,
  { seconds, maxPerSecond, latencies = false, once = false }: DnsperfOptions,
): Promise<DnsperfResult> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'questions');
    await writeFile(file, `${load.questions.join('\n')}\n`);
    const args = ['-s', '127.0.0.1', '-p', port, '-d', file, '-l', seconds, '-c', CLIENTS, '-q', OUTSTANDING];
    if (load.hasEdns) args.push('-e');
    if (maxPerSecond !== undefined) args.push('-Q', maxPerSecond);
    if (latencies) args.push('-v');
    if (once) args.push('-n', 1);
    const { stdout } = await promisify(execFile)('dnsperf', args.map(String), { maxBuffer: 1e9 });
    return {
      completed: numberBehind(stdout, 'Queries completed:'),
      lost: numberBehind(stdout, 'Queries lost:'),
      perSecond: numberBehind(stdout, 'Queries per second:'),
      // > NOERROR web.service.consul A 0.000123
      latenciesMs: [...stdout.matchAll(/^> \S+ \S+ \S+ ([\d.]+)$/gm)].map(([, seconds]) => Number(seconds) * 1_000),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function numberBehind(text: string, label: string): number {
  const line = text.split('\n').find((candidate) => candidate.trimStart().startsWith(label));
  if (line === undefined) throw new Error(`Cannot read dnsperf's output: no "${label}" in "${text}"`);
  return Number.parseFloat(line.slice(line.indexOf(label) + label.length));
}
