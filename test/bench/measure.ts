import { cpuMicroseconds } from './cpu.js';
import { dnsperf } from './dnsperf.js';
import type { Load } from './loads.js';
import type { BenchServer } from './servers.js';

/** One server under one load for one round. */
export interface Sample {
  readonly server: string;
  readonly load: string;
  readonly round: number;
  readonly cpuPerQuery: number;
  readonly perSecond: number;
  readonly lost: number;
}

export interface MeasureOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly onSample: (sample: Sample) => void;
}

/** Until caches are filled and V8 has compiled what is hot. */
const WARM_UP_SECONDS = 1;

/** Each load against each server, server after server in each round: what else the machine does then hits all alike. */
export async function measure(
  loads: readonly Load[],
  servers: readonly BenchServer[],
  { rounds, seconds, onSample }: MeasureOptions,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const load of loads) {
      for (const server of servers) {
        await dnsperf(server.port, load, { seconds: WARM_UP_SECONDS });
        const before = cpuMicroseconds(server.pid);
        const { completed, lost, perSecond } = await dnsperf(server.port, load, { seconds });
        const cpuPerQuery = (cpuMicroseconds(server.pid) - before) / completed;
        const sample = { server: server.name, load: load.name, round, cpuPerQuery, perSecond, lost };
        samples.push(sample);
        onSample(sample);
      }
    }
  }
  return samples;
}
