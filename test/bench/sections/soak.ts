/** Whether memory stays flat while the catalog changes all the time and names are asked that nobody asks again. */
import { setTimeout as delay } from 'node:timers/promises';
import { dnsperf } from '../ask/dnsperf.js';
import { randomNames } from '../ask/random-names.js';
import { CatalogApi } from '../catalog/api.js';
import { Churn } from '../catalog/churn.js';
import { createServices } from '../catalog/service.js';
import { FOREIGN_ZONE } from '../catalog/zone.js';
import { type Point, slope } from '../measure/statistics.js';
import { startConsul } from '../servers/consul.js';
import { startKnot } from '../servers/knot.js';
import { OURS, startOurs } from '../servers/ours.js';
import { residentBytes } from '../servers/process.js';
import { formatCount, formatNumber } from './format.js';
import type { Findings, Plan } from './section.js';

const SERVICES = createServices('soaked', 200, { instances: 3 });
const CHANGES_PER_SECOND = 100;
const QUESTIONS_PER_SECOND = 5_000;
/** How long the same list of names is asked. */
const LIST_SECONDS = 10;
const SAMPLE_MS = 5_000;
const SHOWN_MINUTES = [1, 2, 5, 10, 30, 60];
/** How much larger it may be in the last quarter than in the quarter before. */
const GOAL = 1.05;

interface Soaked {
  /** Megabytes by minutes. */
  readonly memory: readonly Point[];
  readonly changesPerSecond: number;
  readonly asked: number;
  readonly lost: number;
}

export async function runSoak({ soakMs, nodeFlags, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  await api.register(SERVICES);
  await using knot = await startKnot('www.example.net', { 'example.net': FOREIGN_ZONE });
  const flags = knot === undefined ? [] : ['--recursor', `127.0.0.1:${knot.port}`];
  await using ours = await startOurs(consul.url, 'soaked-0.service.consul', { nodeFlags, flags });
  await using churn = new Churn(api, SERVICES, CHANGES_PER_SECOND);
  const endAt = performance.now() + soakMs;
  const [memory, answers] = await Promise.all([
    watchMemory(ours.pid, endAt, ([minutes, megabytes]) =>
      report(`${minutes.toFixed(1)} min: ${formatNumber(megabytes)} MB`),
    ),
    askRandomNames(ours.port, endAt),
  ]);
  return findingsOf({ memory, changesPerSecond: churn.perSecond, ...answers }, soakMs / 60_000);
}

async function watchMemory(pid: number, endAt: number, onSample: (point: Point) => void): Promise<readonly Point[]> {
  const startedAt = performance.now();
  const memory: Point[] = [];
  while (performance.now() < endAt) {
    const point: Point = [(performance.now() - startedAt) / 60_000, residentBytes(pid) / 2 ** 20];
    memory.push(point);
    onSample(point);
    await delay(SAMPLE_MS);
  }
  return memory;
}

async function askRandomNames(port: number, endAt: number): Promise<Pick<Soaked, 'asked' | 'lost'>> {
  let asked = 0;
  let lost = 0;
  while (performance.now() < endAt) {
    const names = randomNames(SERVICES, QUESTIONS_PER_SECOND * LIST_SECONDS);
    const result = await dnsperf(port, names, { seconds: LIST_SECONDS, maxPerSecond: QUESTIONS_PER_SECOND });
    asked += result.completed;
    lost += result.lost;
  }
  return { asked, lost };
}

function findingsOf(soaked: Soaked, minutes: number): Findings {
  const { memory, changesPerSecond, asked, lost } = soaked;
  const load = `${formatNumber(changesPerSecond)} changes and ${formatCount(QUESTIONS_PER_SECOND)} random names a second`;
  const secondHalf = memory.filter(([at]) => at >= minutes / 2);
  const shown = [...SHOWN_MINUTES.filter((at) => at < minutes), minutes];
  return {
    goals: [
      {
        name: `memory in the last quarter of ${formatNumber(minutes)} min of churn and random names / the quarter before`,
        measured: meanBetween(memory, 0.75 * minutes, minutes) / meanBetween(memory, 0.5 * minutes, 0.75 * minutes),
        unit: 'x',
        bound: 'at most',
        limit: GOAL,
      },
    ],
    tables: [
      {
        title: `Memory at ${load}`,
        head: [...shown.map((at) => `after ${at} min`), 'slope of the second half', 'asked', 'lost'],
        rows: [
          [
            ...shown.map((at) => `${formatNumber(meanBetween(memory, at - 0.5, at))} MB`),
            `${formatNumber(slope(secondHalf))} MB/min`,
            formatCount(asked),
            formatCount(lost),
          ],
        ],
      },
    ],
    charts: [
      {
        name: 'soak',
        title: 'Memory, by time',
        subtitle: load,
        x: { label: 'minutes', scale: 'linear' },
        y: { label: 'MB', scale: 'linear' },
        series: [{ name: OURS, points: memory }],
      },
    ],
    data: soaked,
  };
}

/** The garbage collector makes it rise and fall: so a mean. */
function meanBetween(memory: readonly Point[], fromMinutes: number, toMinutes: number): number {
  const near = memory.filter(([at]) => at > fromMinutes && at <= toMinutes).map(([, megabytes]) => megabytes);
  return near.reduce((sum, value) => sum + value, 0) / near.length;
}
