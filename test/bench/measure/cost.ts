import { dnsperf } from '../ask/dnsperf.js';
import type { Questions } from '../ask/questions.js';
import { cpuMicroseconds } from '../servers/process.js';
import type { BenchServer } from '../servers/server.js';
import { median } from './statistics.js';

export interface Load extends Questions {
  readonly name: string;
}

/** One server under one load for one round. */
export interface Sample {
  readonly server: string;
  readonly load: string;
  /** Of the server's processes together, per answered question. */
  readonly cpuMicroseconds: number;
  readonly perSecond: number;
  readonly lost: number;
}

export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
  readonly onSample: (sample: Sample) => void;
}

/** Until caches are filled and V8 has compiled what is hot. */
const WARM_UP_SECONDS = 1;

/** Each load against each server, server after server in each round: what else the machine does then hits all alike. */
export async function measureCosts(
  loads: readonly Load[],
  servers: readonly BenchServer[],
  { rounds, seconds, onSample }: Rounds,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const load of loads) {
      for (const server of servers) {
        await dnsperf(server.port, load, { seconds: WARM_UP_SECONDS });
        const sample = await measureCost(load, server, seconds);
        samples.push(sample);
        onSample(sample);
      }
    }
  }
  return samples;
}

/** As fast as it goes. */
export async function measureCost(load: Load, server: BenchServer, seconds: number): Promise<Sample> {
  const before = cpuMicroseconds(server.pid);
  const { completed, lost, perSecond } = await dnsperf(server.port, load, { seconds });
  const taken = (cpuMicroseconds(server.pid) - before) / completed;
  return { server: server.name, load: load.name, cpuMicroseconds: taken, perSecond, lost };
}

export interface Cost {
  readonly cpuMicroseconds: number;
  readonly perSecond: number;
}

/** The middle one of the rounds; undefined when that server was not asked that. */
export function costOf(samples: readonly Sample[], server: string, load: string): Cost | undefined {
  const rounds = samples.filter((sample) => sample.server === server && sample.load === load);
  if (rounds.length === 0) return undefined;
  return {
    cpuMicroseconds: median(rounds.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  };
}
