/** Answers while the catalog changes all the time: how long they take, and how soon they show the changes. */
import { dnsperf } from '../ask/dnsperf.js';
import { addressesOf, type Questions } from '../ask/questions.js';
import { CatalogApi } from '../catalog/api.js';
import { Churn } from '../catalog/churn.js';
import { createService, createServices, qnameOf } from '../catalog/service.js';
import { consulZone } from '../catalog/zone.js';
import { followChanges } from '../measure/follow.js';
import { quantile } from '../measure/statistics.js';
import { dnsOf, startConsul } from '../servers/consul.js';
import { startKnot } from '../servers/knot.js';
import { OURS, startOurs } from '../servers/ours.js';
import { formatMs, formatRate } from './format.js';
import { freshnessTable } from './freshness.js';
import type { Findings, Plan, Table } from './section.js';

const CHANGES_PER_SECOND = 100;
const QUESTIONS_PER_SECOND = 20_000;
/** Answers of 300 instances are asked for less often: at 20,000 a second Consul and dnsperf would do nothing but time out. */
const LARGE_PER_SECOND = 500;
const GOAL_MS = 2;

const CHURNED = createServices('churned', 200, { instances: 3 });
const LARGE = createService('large', 300);
const FOLLOWED = createServices('followed', 40, { instances: 2 });

interface PacedLoad extends Questions {
  readonly name: string;
  readonly perSecond: number;
}

const SMALL_LOAD: PacedLoad = {
  ...addressesOf([...CHURNED, ...FOLLOWED]),
  name: 'A, 240 services',
  perSecond: QUESTIONS_PER_SECOND,
};
/** More than 16 kB over TCP, as SRV would be, is more than dnsperf can read. */
const LARGE_LOADS: readonly PacedLoad[] = [
  {
    name: 'SRV, 300 instances, EDNS 4096',
    lines: [`${qnameOf(LARGE)} SRV`],
    hasEdns: true,
    transport: 'udp',
    perSecond: LARGE_PER_SECOND,
  },
  {
    name: 'A, 300 instances, TCP',
    lines: [`${qnameOf(LARGE)} A`],
    hasEdns: false,
    transport: 'tcp',
    perSecond: LARGE_PER_SECOND,
  },
];
const LOADS = [SMALL_LOAD, ...LARGE_LOADS];

interface Latency {
  readonly server: string;
  readonly load: string;
  readonly perSecond: number;
  readonly lost: number;
  /** At p50, p99, p99.9 and the largest. */
  readonly quantilesMs: readonly number[];
}

export async function runChurn({ isQuick, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  const services = [...CHURNED, LARGE, ...FOLLOWED];
  await api.register(services);
  await using ours = await startOurs(consul.url, 'churned-0.service.consul');
  await using knot = await startKnot('churned-0.service.consul', { consul: consulZone(services) });
  const servers = [ours, dnsOf(consul)];
  for (const load of LOADS) await dnsperf(ours.port, load, { seconds: 2 });

  await using churn = new Churn(api, [...CHURNED, LARGE], CHANGES_PER_SECOND);
  const latencies: Latency[] = [];
  for (const load of LOADS) {
    for (const server of [...servers, ...(knot === undefined ? [] : [knot])]) {
      const { perSecond, lost, latenciesMs } = await dnsperf(server.port, load, {
        seconds: isQuick ? 3 : 20,
        maxPerSecond: load.perSecond,
        latencies: true,
      });
      const quantilesMs = [0.5, 0.99, 0.999, 1].map((part) => quantile(latenciesMs, part));
      latencies.push({ server: server.name, load: load.name, perSecond, lost, quantilesMs });
      report(`${load.name} | ${server.name} | ${quantilesMs.map(formatMs).join(', ')}`);
    }
  }

  const seconds = isQuick ? 5 : 60;
  const [followed] = await Promise.all([
    followChanges({ consul, api, servers }, FOLLOWED, { seconds, lanes: 8, pauseMs: 0 }),
    dnsperf(ours.port, SMALL_LOAD, { seconds, maxPerSecond: QUESTIONS_PER_SECOND }),
  ]);
  const rate = `${formatRate(churn.perSecond)} changes a second`;
  report(`${rate}, followed ${followed.length}`);
  const where = `at 20,000 questions and ${rate}`;
  return {
    goals: [
      {
        name: `latency ${where}, p99`,
        measured: latencies.find(({ server }) => server === OURS)?.quantilesMs[1] ?? Number.NaN,
        unit: 'ms',
        bound: 'at most',
        limit: GOAL_MS,
      },
    ],
    tables: [
      latencyTable(rate, latencies),
      freshnessTable(
        `From a change to the first answer that shows it: ${where}, most names without a blocking query of their own`,
        followed,
      ),
    ],
    charts: [],
    data: { latencies, followed },
  };
}

function latencyTable(rate: string, latencies: readonly Latency[]): Table {
  const asked = new Map(LOADS.map(({ name, perSecond }) => [name, perSecond]));
  return {
    title: `Latency while the catalog takes ${rate}`,
    head: ['load', 'server', 'asked', 'answered', 'p50', 'p99', 'p99.9', 'max', 'lost'],
    rows: latencies.map(({ server, load, perSecond, lost, quantilesMs }) => [
      load,
      server,
      `${formatRate(asked.get(load) ?? Number.NaN)} q/s`,
      `${formatRate(perSecond)} q/s`,
      ...quantilesMs.map(formatMs),
      `${lost}`,
    ]),
    note:
      "Everything shares the machine: servers, dnsperf, Consul's writes. Knot's zone does not change, so what it takes is " +
      'what the machine adds.',
  };
}
