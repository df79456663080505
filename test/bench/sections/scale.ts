/** How cost, memory and the time to warm up grow with the number of services. */
import { CatalogApi } from '../catalog/api.js';
import { type BenchService, createServices, DEFAULT_NODES } from '../catalog/service.js';
import type { Chart } from '../draw/chart.js';
import { FEW, measureSize, type Size } from '../measure/size.js';
import { dnsOf, startConsul } from '../servers/consul.js';
import { OURS, startDev, startOurs } from '../servers/ours.js';
import { formatCount, formatMegabytes, formatNumber } from './format.js';
import type { Findings, Goal, Plan, Table } from './section.js';

const INSTANCES = 10;
const LIMITS = { growth: 1.1, megabytes: 300, connections: 64, warmSeconds: 20 };

export async function runScale({ isQuick, nodeFlags, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  const all = createServices('scale', isQuick ? 1_000 : 10_000, { instances: INSTANCES });
  const sizes: Size[] = [];
  let consulSeconds = 0;
  for (let count = FEW; count <= all.length; count *= 10) {
    const services = all.slice(0, count);
    consulSeconds = await secondsToRegister(api, services);
    const size = await measureSize(services, {
      httpPort: consul.ports.http,
      consul: dnsOf(consul),
      start: () => startOurs(consul.url, 'scale-0.service.consul', { nodeFlags }),
      rounds: isQuick ? 1 : 3,
      seconds: isQuick ? 1 : 2,
    });
    sizes.push(size);
    report(`${formatCount(count)} services: ${formatNumber(size.warmSeconds)} s, ${formatMegabytes(size.bytes)}`);
  }
  await using dev = await startDev();
  await using devApi = new CatalogApi(dev.url);
  const devSeconds = await secondsToRegister(devApi, all);
  return {
    goals: goalsOf(sizes),
    tables: [sizeTable(sizes), registrationTable(all.length * INSTANCES, { consulSeconds, devSeconds })],
    charts: [costChart(sizes)],
    data: { sizes, consulSeconds, devSeconds },
  };
}

async function secondsToRegister(api: CatalogApi, services: readonly BenchService[]): Promise<number> {
  const startedAt = performance.now();
  await api.register(services);
  return (performance.now() - startedAt) / 1_000;
}

function goalsOf(sizes: readonly Size[]): readonly Goal[] {
  const [smallest, largest] = [sizes[0], sizes.at(-1)];
  if (smallest === undefined || largest === undefined) return [];
  const atMost = (name: string, measured: number, { unit, limit }: Pick<Goal, 'unit' | 'limit'>): Goal => ({
    name: `${formatCount(largest.services)} services of ${INSTANCES}: ${name}`,
    measured,
    unit,
    bound: 'at most',
    limit,
  });
  const growth = largest.cpu.few / smallest.cpu.few;
  return [
    atMost(`CPU per query / that among ${FEW}, the same ${FEW} names asked`, growth, {
      unit: 'x',
      limit: LIMITS.growth,
    }),
    atMost('memory, all of them asked for', largest.bytes / 2 ** 20, { unit: 'MB', limit: LIMITS.megabytes }),
    atMost('connections to Consul', largest.connections, { unit: '', limit: LIMITS.connections }),
    atMost('start of the process until all are known', largest.warmSeconds, { unit: 's', limit: LIMITS.warmSeconds }),
  ];
}

function sizeTable(sizes: readonly Size[]): Table {
  return {
    title: `By number of services, each of ${INSTANCES} instances, on ${DEFAULT_NODES} nodes`,
    head: [
      'services',
      'start until all are known',
      'memory',
      'its peak',
      'connections',
      `us per query, ${FEW} names`,
      'all names',
      'Consul, all names',
    ],
    rows: sizes.map(({ services, warmSeconds, bytes, peakBytes, connections, cpu }) => [
      formatCount(services),
      `${formatNumber(warmSeconds)} s`,
      formatMegabytes(bytes),
      formatMegabytes(peakBytes),
      `${connections}`,
      ...[cpu.few, cpu.all, cpu.consul].map(formatNumber),
    ]),
  };
}

function registrationTable(
  instances: number,
  { consulSeconds, devSeconds }: { readonly consulSeconds: number; readonly devSeconds: number },
): Table {
  return {
    title: `Registering ${formatCount(instances)} instances over HTTP, 32 requests at a time`,
    head: ['Consul', 'the embedded agent'],
    rows: [[`${formatNumber(consulSeconds)} s`, `${formatNumber(devSeconds)} s`]],
  };
}

function costChart(sizes: readonly Size[]): Chart {
  const series = (name: string, which: keyof Size['cpu']) => ({
    name,
    points: sizes.map(({ services, cpu }) => [services, cpu[which]] as const),
  });
  return {
    name: 'services',
    title: 'CPU time per query, by services in the catalog',
    subtitle: `A over UDP, services of ${INSTANCES} instances`,
    x: { label: 'services in the catalog', scale: 'log' },
    y: { label: 'microseconds', scale: 'log' },
    series: [
      series(`${OURS}, ${FEW} names asked`, 'few'),
      series('Consul, all names asked', 'consul'),
      series(`${OURS}, all names asked`, 'all'),
    ],
  };
}
