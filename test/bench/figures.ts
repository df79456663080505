/** What is measured of this server alone. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RealConsul } from '../support/real-consul.js';
import { type BenchInstance, type BenchService, createService, register } from './catalog.js';
import { cpuMicroseconds, residentBytes } from './cpu.js';
import { dnsperf } from './dnsperf.js';
import type { Load } from './loads.js';
import { Lookup } from './lookup.js';
import type { Figure } from './report.js';
import { type BenchServer, startOurs } from './servers.js';
import { median, quantile } from './statistics.js';

/** From starting the process to its first answer. */
export async function measureStart(consul: RealConsul, times: number): Promise<Figure> {
  const tookMs: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const before = performance.now();
    await using _ours = await startOurs(consul.url);
    tookMs.push(performance.now() - before);
  }
  return {
    name: 'start of the process to its first answer, median',
    value: median(tookMs),
    unit: 'ms',
    goal: '<= 400 ms',
  };
}

/**
 * From the end of a blocking query of ours, which tells of a change, to the first answer that shows it. The server's own
 * blocking query ends at about the same moment; what is left is what the server adds.
 */
export async function measureFreshness(consul: RealConsul, changes: number): Promise<readonly Figure[]> {
  await using ours = await startOurs(consul.url);
  await using lookup = await Lookup.open(ours.port);
  const service = createService('fresh', 1);
  await register(consul, [service]);
  const behindMs: number[] = [];
  let index = await nextIndex(consul, '0');
  for (let change = 0; change < changes; change += 1) {
    // The name is busy, as names are that changes matter to.
    for (let asked = 0; asked < 20; asked += 1) await lookup.ask('fresh.service.consul');
    const address = `10.99.${change >> 8}.${change & 255}`;
    const told = nextIndex(consul, index).then((next) => {
      index = next;
      return performance.now();
    });
    await delay(20);
    await register(consul, [moved(service, address)]);
    while ((await lookup.ask('fresh.service.consul')) !== address) await delay(0);
    const shownAt = performance.now();
    behindMs.push(Math.max(0, shownAt - (await told)));
    // One change per second is what the server reads at once; more is answered a little later.
    await delay(1_100);
  }
  const figure = (name: string, part: number, goal: string): Figure => ({
    name: `change to first answer that shows it, ${name}`,
    value: quantile(behindMs, part),
    unit: 'ms',
    goal,
  });
  return [figure('median', 0.5, ''), figure('p99', 0.99, '<= 10 ms')];
}

/** Latency of answers while the catalog changes all the time. */
export async function measureChurn(
  consul: RealConsul,
  services: readonly BenchService[],
  seconds: number,
): Promise<readonly Figure[]> {
  await using ours = await startOurs(consul.url);
  const load = aQuestions(services);
  await dnsperf(ours.port, load, { seconds: 2 });
  const stopping = new AbortController();
  const churn = changeAllTheTime(consul, services, stopping.signal);
  const { latenciesMs, lost } = await dnsperf(ours.port, load, {
    seconds,
    maxPerSecond: QUESTIONS_PER_SECOND,
    latencies: true,
  });
  stopping.abort();
  const changes = await churn;
  const name = `${QUESTIONS_PER_SECOND} questions and ${Math.round(changes / seconds)} changes a second`;
  return [
    { name: `latency at ${name}, median`, value: quantile(latenciesMs, 0.5), unit: 'ms', goal: '' },
    { name: `latency at ${name}, p99`, value: quantile(latenciesMs, 0.99), unit: 'ms', goal: '<= 2 ms' },
    { name: 'questions lost meanwhile', value: lost, unit: '', goal: '0' },
  ];
}

/** A catalog of 10,000 services of 10 instances, every one of them asked for. */
export async function measureScale(consul: RealConsul, few: readonly BenchService[]): Promise<readonly Figure[]> {
  const load = aQuestions(few.slice(0, 10));
  const small = await costOf(await startOurs(consul.url), load);
  const many = Array.from({ length: 10_000 }, (_, number) => createService(`scale-${number}`, 10));
  await register(consul, many);

  const startedAt = performance.now();
  const ours = await startOurs(consul.url);
  const { lost } = await dnsperf(ours.port, aQuestions(many), { seconds: 300, once: true });
  const warmS = (performance.now() - startedAt) / 1_000;
  await dnsperf(ours.port, aQuestions(many), { seconds: 5 });
  const bytes = residentBytes(ours.pid);
  const large = await costOf(ours, load);
  return [
    {
      name: '10,000 services of 10 known and asked for: memory',
      value: bytes / 2 ** 20,
      unit: 'MB',
      goal: '<= 300 MB',
    },
    { name: 'start until all 10,000 are known', value: warmS, unit: 's', goal: '<= 20 s' },
    { name: 'questions lost meanwhile', value: lost, unit: '', goal: '0' },
    { name: 'CPU per query among 10,000 services / among few', value: large / small, unit: 'x', goal: '<= 1.1x' },
  ];
}

const QUESTIONS_PER_SECOND = 20_000;
const CHANGES_PER_SECOND = 100;

function aQuestions(services: readonly BenchService[]): Pick<Load, 'questions' | 'hasEdns'> {
  return { questions: services.map(({ name }) => `${name}.service.consul A`), hasEdns: false };
}

/** CPU per query of a server that has nothing else to do any more; closes it. */
async function costOf(ours: BenchServer, load: ReturnType<typeof aQuestions>): Promise<number> {
  await using server = ours;
  await dnsperf(server.port, load, { seconds: 2 });
  await quiet(server.pid);
  const before = cpuMicroseconds(server.pid);
  const { completed } = await dnsperf(server.port, load, { seconds: 5 });
  return (cpuMicroseconds(server.pid) - before) / completed;
}

/** Resolves when the process takes less than a twentieth of one core. */
async function quiet(pid: number): Promise<void> {
  for (let triesLeft = 120; triesLeft > 0; triesLeft -= 1) {
    const before = cpuMicroseconds(pid);
    await delay(1_000);
    if (cpuMicroseconds(pid) - before < 50_000) return;
  }
}

/** Resolves with the number of changes made. */
async function changeAllTheTime(
  consul: RealConsul,
  services: readonly BenchService[],
  signal: AbortSignal,
): Promise<number> {
  const startedAt = performance.now();
  let changes = 0;
  while (!signal.aborted) {
    const due = ((performance.now() - startedAt) / 1_000) * CHANGES_PER_SECOND;
    for (; changes < due; changes += 1) {
      const service = services[changes % services.length];
      if (service !== undefined)
        await register(consul, [moved(service, `10.98.${(changes >> 8) & 255}.${changes & 255}`)]);
    }
    await delay(10);
  }
  return changes;
}

/** The same service, its first instance somewhere else and the others left out. */
function moved({ name, instances }: BenchService, address: string): BenchService {
  return { name, instances: instances.slice(0, 1).map((instance): BenchInstance => ({ ...instance, address })) };
}

/** Waits for a change of the service behind this index; gives the index then. */
async function nextIndex({ url }: RealConsul, index: string): Promise<string> {
  const response = await fetch(`${url}/v1/health/service/fresh?wait=60s&index=${index}`);
  await response.arrayBuffer();
  return response.headers.get('x-consul-index') ?? '0';
}
