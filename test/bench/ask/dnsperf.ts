import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../support/external.js';
import type { Questions } from './questions.js';

export interface DnsperfResult {
  readonly completed: number;
  readonly lost: number;
  readonly perSecond: number;
  /** Replies with NOERROR. */
  readonly positive: number;
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
/** Consul closes a TCP connection after 128. */
const QUESTIONS_PER_CONNECTION = 100;

/** Asks a server on the loopback for a while. */
export async function dnsperf(
  port: number,
  { lines, hasEdns, transport }: Questions,
  { seconds, maxPerSecond, latencies = false, once = false }: DnsperfOptions,
): Promise<DnsperfResult> {
  const path = findProgram('dnsperf');
  if (path === undefined) throw new Error('Cannot run: no dnsperf on PATH');
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    const file = join(folder, 'questions');
    await writeFile(file, `${lines.join('\n')}\n`);
    const args = ['-s', '127.0.0.1', '-p', port, '-d', file, '-l', seconds, '-c', CLIENTS, '-q', OUTSTANDING];
    args.push('-m', transport);
    if (transport === 'tcp') args.push('-O', `num-queries-per-conn=${QUESTIONS_PER_CONNECTION}`);
    if (hasEdns) args.push('-e');
    if (maxPerSecond !== undefined) args.push('-Q', maxPerSecond);
    if (latencies) args.push('-v');
    if (once) args.push('-n', 1);
    const { stdout } = await promisify(execFile)(path, args.map(String), { maxBuffer: 1e9 });
    return parseOutput(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function parseOutput(text: string): DnsperfResult {
  const latenciesMs: number[] = [];
  const summary: string[] = [];
  for (const line of text.split('\n')) {
    // > NOERROR web.service.consul A 0.000123, or of a question that was lost: > T web.service.consul A
    if (line.startsWith('> T ')) continue;
    if (line.startsWith('> ')) latenciesMs.push(Number(line.slice(line.lastIndexOf(' '))) * 1_000);
    else summary.push(line);
  }
  const numberBehind = (label: string): number => {
    const line = summary.find((candidate) => candidate.includes(label));
    if (line === undefined) throw new Error(`Cannot read dnsperf's output: no "${label}" in "${summary.join('\n')}"`);
    return Number.parseFloat(line.slice(line.indexOf(label) + label.length));
  };
  return {
    completed: numberBehind('Queries completed:'),
    lost: numberBehind('Queries lost:'),
    perSecond: numberBehind('Queries per second:'),
    positive: summary.some((line) => line.includes('NOERROR ')) ? numberBehind('NOERROR ') : 0,
    latenciesMs,
  };
}
