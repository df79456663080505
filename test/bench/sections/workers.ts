/**
 * What a second worker brings.
 *
 * The load generator runs on the same cores, so the rate it sees says little. What the processes take per query does not
 * depend on that, and tells what they would come to with as many free cores as workers: no process does another's work,
 * and packets go to whoever is free.
 */
import { dnsperf } from '../ask/dnsperf.js';
import { CatalogApi } from '../catalog/api.js';
import { type BenchService, createService } from '../catalog/service.js';
import { FOREIGN_ZONE } from '../catalog/zone.js';
import type { Chart, Series } from '../draw/chart.js';
import type { Load } from '../measure/cost.js';
import { median } from '../measure/statistics.js';
import { startConsul } from '../servers/consul.js';
import { startKnot } from '../servers/knot.js';
import { startOurs } from '../servers/ours.js';
import { cpuOfEach } from '../servers/process.js';
import type { BenchServer } from '../servers/server.js';
import { formatNumber, formatRate } from './format.js';
import type { Findings, Goal, Plan, Table } from './section.js';

const EIGHT = createService('eight', 8);
/** Its address is a name, which has to be followed: that costs the server more, and dnsperf nothing. */
const NAMED: BenchService = {
  name: 'named',
  instances: [{ node: 'named-node', address: 'www.example.net', port: 80 }],
};
const LOADS: readonly Load[] = [
  { name: 'A, 8 instances', lines: ['eight.service.consul A'], hasEdns: false, transport: 'udp' },
  { name: 'A, a host name to follow', lines: ['named.service.consul A'], hasEdns: false, transport: 'udp' },
];
const COUNTS = [1, 2];
const GOAL = 1.7;

interface WorkerSample {
  readonly load: string;
  readonly workers: number;
  readonly perSecond: number;
  /** Per query, of all processes together. */
  readonly cpuMicroseconds: number;
  /** What part of that the busiest process takes. */
  readonly busiestShare: number;
}

type Measured = Omit<WorkerSample, 'load' | 'workers'>;

export async function runWorkers({ isQuick, nodeFlags, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  await api.register([EIGHT, NAMED]);
  await using knot = await startKnot('www.example.net', { 'example.net': FOREIGN_ZONE });
  const recursor = knot === undefined ? [] : ['--recursor', `127.0.0.1:${knot.port}`];
  const loads = knot === undefined ? LOADS.slice(0, 1) : LOADS;

  const samples: WorkerSample[] = [];
  for (let round = isQuick ? 1 : 3; round > 0; round -= 1) {
    for (const workers of COUNTS) {
      const flags = ['--workers', `${workers}`, ...recursor];
      await using ours = await startOurs(consul.url, 'eight.service.consul', { nodeFlags, flags });
      for (const load of loads) {
        const sample = { load: load.name, workers, ...(await measureProcesses(load, ours, isQuick ? 2 : 5)) };
        samples.push(sample);
        report(`${load.name} | workers ${workers} | ${formatMeasured(sample).join(' | ')}`);
      }
    }
  }
  return { goals: goalsOf(samples), tables: [tableOf(samples)], charts: chartsOf(samples), data: samples };
}

function goalsOf(samples: readonly WorkerSample[]): readonly Goal[] {
  const load = LOADS[0]?.name ?? '';
  return [
    {
      name: `workers: 2, rate on two free cores / that of one worker, ${load}`,
      measured: gain(samples, load, 2),
      unit: 'x',
      bound: 'at least',
      limit: GOAL,
    },
  ];
}

function tableOf(samples: readonly WorkerSample[]): Table {
  return {
    title: 'By number of workers',
    head: [
      'load',
      'workers',
      'questions per second',
      'CPU per query',
      'of which the busiest process',
      'rate on free cores / one worker',
    ],
    rows: loadsIn(samples).flatMap((load) =>
      COUNTS.map((workers) => [
        load,
        `${workers}`,
        ...formatMeasured(middle(samples, load, workers)),
        `${formatNumber(gain(samples, load, workers))}x`,
      ]),
    ),
    note:
      'dnsperf takes its part of the same cores, so the rates measured are not those of free ones: the last column follows ' +
      'from CPU time per query, given that packets go to whoever is free.',
  };
}

function chartsOf(samples: readonly WorkerSample[]): readonly Chart[] {
  const series = (figure: (measured: Measured) => number): readonly Series[] =>
    loadsIn(samples).map((name) => ({
      name,
      points: COUNTS.map((workers) => [workers, figure(middle(samples, name, workers))]),
    }));
  const x = { label: 'workers', scale: 'bands' } as const;
  return [
    {
      name: 'workers-cpu',
      title: 'CPU time per query, by workers',
      subtitle: 'all processes of the server together',
      x,
      y: { label: 'microseconds', scale: 'linear' },
      series: series(({ cpuMicroseconds }) => cpuMicroseconds),
    },
    {
      name: 'workers-rate',
      title: 'Questions per second, by workers',
      subtitle: 'the load generator takes its part of the same cores',
      x,
      y: { label: 'thousands per second', scale: 'linear' },
      series: series(({ perSecond }) => perSecond / 1_000),
    },
  ];
}

function loadsIn(samples: readonly WorkerSample[]): readonly string[] {
  return [...new Set(samples.map(({ load }) => load))];
}

/** The middle one of the rounds. */
function middle(samples: readonly WorkerSample[], load: string, workers: number): Measured {
  const rounds = samples.filter((sample) => sample.load === load && sample.workers === workers);
  const of = (key: keyof Measured): number => median(rounds.map((sample) => sample[key]));
  return { perSecond: of('perSecond'), cpuMicroseconds: of('cpuMicroseconds'), busiestShare: of('busiestShare') };
}

/** How many times the rate of one worker, had each of them a core of its own. */
function gain(samples: readonly WorkerSample[], load: string, workers: number): number {
  const [one, several] = [middle(samples, load, 1), middle(samples, load, workers)];
  return (workers * one.cpuMicroseconds) / several.cpuMicroseconds;
}

async function measureProcesses(load: Load, ours: BenchServer, seconds: number): Promise<Measured> {
  await dnsperf(ours.port, load, { seconds: 2 });
  const before = cpuOfEach(ours.pid);
  const { completed, perSecond } = await dnsperf(ours.port, load, { seconds });
  const taken = cpuOfEach(ours.pid).map((after, process) => (after - (before[process] ?? 0)) / completed);
  const cpuMicroseconds = taken.reduce((sum, share) => sum + share, 0);
  return { perSecond, cpuMicroseconds, busiestShare: Math.max(...taken) / cpuMicroseconds };
}

function formatMeasured({ perSecond, cpuMicroseconds, busiestShare }: Measured): readonly string[] {
  return [formatRate(perSecond), `${formatNumber(cpuMicroseconds)} us`, `${Math.round(busiestShare * 100)}%`];
}
