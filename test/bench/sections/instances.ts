/** How the cost of an answer grows with the instances of the service. */
import { CatalogApi } from '../catalog/api.js';
import { createService, qnameOf } from '../catalog/service.js';
import { costOf, type Load, measureCosts, type Sample } from '../measure/cost.js';
import { dnsOf, startConsul } from '../servers/consul.js';
import { startOurs } from '../servers/ours.js';
import { formatSample } from './format.js';
import type { Findings, Plan } from './section.js';

const SIZES = [1, 2, 8, 32, 100, 300];
const SERVICES = SIZES.map((size) => createService(`of-${size}`, size));
const LOADS: readonly Load[] = SERVICES.map((service) => ({
  name: `SRV, ${service.instances.length} instances`,
  lines: [`${qnameOf(service)} SRV`],
  hasEdns: true,
  transport: 'udp',
}));

export async function runInstances({ isQuick, nodeFlags, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  await api.register(SERVICES);
  await using ours = await startOurs(consul.url, 'of-1.service.consul', { nodeFlags });
  const servers = [ours, dnsOf(consul)];
  const samples = await measureCosts(LOADS, servers, {
    rounds: isQuick ? 1 : 3,
    seconds: isQuick ? 1 : 2,
    onSample: (sample: Sample) => report(formatSample(sample)),
  });
  return {
    goals: [],
    tables: [],
    charts: [
      {
        name: 'instances',
        title: 'CPU time per query, by instances of the service',
        subtitle: 'SRV over UDP; 100 instances and more do not fit into the 4096 bytes of EDNS',
        x: { label: 'instances of the service', scale: 'log' },
        y: { label: 'microseconds', scale: 'log' },
        series: servers.map(({ name: server }) => ({
          name: server,
          points: LOADS.map(({ name }, at) => [SIZES[at] ?? 0, costOf(samples, server, name)?.cpuMicroseconds ?? 0]),
        })),
      },
    ],
    data: samples,
  };
}
