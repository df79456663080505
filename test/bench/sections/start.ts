/** From starting a process to its first answer. */
import { CatalogApi } from '../catalog/api.js';
import { createService, qnameOf } from '../catalog/service.js';
import { median } from '../measure/statistics.js';
import { startConsul } from '../servers/consul.js';
import { startDev, startOurs } from '../servers/ours.js';
import { cpuMicroseconds } from '../servers/process.js';
import type { BenchServer } from '../servers/server.js';
import { formatMs } from './format.js';
import type { Findings, Goal, Plan, Table } from './section.js';

const GOAL_MS = 400;

interface Start {
  readonly way: string;
  readonly ms: number;
  /** Of all its processes, which a busy machine does not change as much. */
  readonly cpuMs: number;
}

export async function runStart({ isQuick, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  const service = createService('one', 1);
  await api.register([service]);
  const qname = qnameOf(service);
  const ways: Readonly<Record<string, () => Promise<BenchServer>>> = {
    'in front of Consul': () => startOurs(consul.url, qname),
    'in front of Consul, two workers': () => startOurs(consul.url, qname, { flags: ['--workers', '2'] }),
    'dev, with the embedded agent': startDev,
  };
  const starts: Start[] = [];
  for (let left = isQuick ? 3 : 15; left > 0; left -= 1) {
    for (const [way, start] of Object.entries(ways)) starts.push({ way, ...(await measureStart(start)) });
  }
  const names = Object.keys(ways);
  for (const way of names) report(`${way}: ${timesOf(starts, way).map(formatMs).join(', ')}`);
  return {
    goals: names.map((way) => goalOf(starts, way)),
    tables: [tableOf(starts, names)],
    charts: [],
    data: starts,
  };
}

async function measureStart(start: () => Promise<BenchServer>): Promise<Omit<Start, 'way'>> {
  const startedAt = performance.now();
  await using server = await start();
  return { ms: performance.now() - startedAt, cpuMs: cpuMicroseconds(server.pid) / 1_000 };
}

function goalOf(starts: readonly Start[], way: string): Goal {
  return {
    name: `start of the process to its first answer, ${way}, median`,
    measured: median(timesOf(starts, way)),
    unit: 'ms',
    bound: 'at most',
    limit: GOAL_MS,
  };
}

function tableOf(starts: readonly Start[], ways: readonly string[]): Table {
  return {
    title: 'Start of the process to its first answer',
    head: ['', 'median', 'fastest', 'slowest', 'CPU time'],
    rows: ways.map((way) => {
      const times = timesOf(starts, way);
      const cpu = median(starts.filter((start) => start.way === way).map(({ cpuMs }) => cpuMs));
      return [way, ...[median(times), Math.min(...times), Math.max(...times), cpu].map(formatMs)];
    }),
  };
}

function timesOf(starts: readonly Start[], way: string): readonly number[] {
  return starts.filter((start) => start.way === way).map(({ ms }) => ms);
}
