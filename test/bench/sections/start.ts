/** From starting a process to its first answer. */
import { CatalogApi } from '../catalog/api.js';
import { createService, qnameOf } from '../catalog/service.js';
import { median } from '../measure/statistics.js';
import { startConsul } from '../servers/consul.js';
import { startDev, startOurs } from '../servers/ours.js';
import type { BenchServer } from '../servers/server.js';
import { formatMs } from './format.js';
import type { Findings, Plan } from './section.js';

const GOAL_MS = 400;

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

  const took = [];
  for (const [way, start] of Object.entries(ways)) {
    const times: number[] = [];
    for (let left = isQuick ? 3 : 15; left > 0; left -= 1) times.push(await timeOf(start));
    report(`start ${way}: ${formatMs(median(times))}`);
    took.push({ way, times });
  }
  return {
    goals: took.map(({ way, times }) => ({
      name: `start of the process to its first answer, ${way}, median`,
      measured: median(times),
      unit: 'ms',
      bound: 'at most',
      limit: GOAL_MS,
    })),
    tables: [],
    charts: [],
    data: took,
  };
}

async function timeOf(start: () => Promise<BenchServer>): Promise<number> {
  const before = performance.now();
  await using _server = await start();
  return performance.now() - before;
}
