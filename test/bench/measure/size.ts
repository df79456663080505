/** What a catalog of some size costs a server: to get to know it, to keep it, and to answer from it. */
import { setTimeout as delay } from 'node:timers/promises';
import { dnsperf } from '../ask/dnsperf.js';
import { addressesOf, type Questions } from '../ask/questions.js';
import type { BenchService } from '../catalog/service.js';
import { connectionsTo, cpuMicroseconds, residentBytes } from '../servers/process.js';
import type { BenchServer } from '../servers/server.js';
import { costOf, type Load, measureCosts } from './cost.js';

export interface Size {
  readonly services: number;
  /** From starting the process until every name was answered well. */
  readonly warmSeconds: number;
  /** When every answer was given many times. */
  readonly bytes: number;
  readonly peakBytes: number;
  /** The most at a time. */
  readonly connections: number;
  /** In microseconds per query. */
  readonly cpu: { readonly few: number; readonly all: number; readonly consul: number };
}

export interface SizeParts {
  /** Of Consul's HTTP API. */
  readonly httpPort: number;
  readonly consul: BenchServer;
  readonly start: () => Promise<BenchServer>;
  readonly rounds: number;
  readonly seconds: number;
}

/** The first so many names are asked alone as well, in catalogs of all sizes. */
export const FEW = 10;
const WARM_LIMIT_MS = 300_000;

export async function measureSize(
  services: readonly BenchService[],
  { httpPort, consul, start, rounds, seconds }: SizeParts,
): Promise<Size> {
  const all: Load = { ...addressesOf(services), name: 'all' };
  const few: Load = { ...addressesOf(services.slice(0, FEW)), name: 'few' };
  const startedAt = performance.now();
  await using ours = await start();
  using most = new Most(ours.pid, httpPort);
  await askUntilKnown(ours.port, all);
  const warmSeconds = (performance.now() - startedAt) / 1_000;
  // What asking for so much sets off in the background is no part of what a query costs.
  await dnsperf(ours.port, all, { seconds });
  await quiet(ours.pid);
  await quiet(consul.pid);
  const plan = { rounds, seconds, onSample: () => undefined };
  const samples = [...(await measureCosts([all], [ours, consul], plan)), ...(await measureCosts([few], [ours], plan))];
  const cpu = (server: BenchServer, load: Load): number =>
    costOf(samples, server.name, load.name)?.cpuMicroseconds ?? Number.NaN;
  return {
    services: services.length,
    warmSeconds,
    bytes: residentBytes(ours.pid),
    peakBytes: most.bytes,
    connections: most.connections,
    cpu: { few: cpu(ours, few), all: cpu(ours, all), consul: cpu(consul, all) },
  };
}

async function askUntilKnown(port: number, questions: Questions): Promise<void> {
  const deadline = performance.now() + WARM_LIMIT_MS;
  for (;;) {
    const { positive } = await dnsperf(port, questions, { seconds: 300, once: true });
    if (positive === questions.lines.length) return;
    if (performance.now() > deadline) throw new Error(`Cannot go on: only ${positive} names are answered`);
  }
}

/** Resolves when the process takes less than a twentieth of one core, or after half a minute. */
async function quiet(pid: number): Promise<void> {
  for (let secondsLeft = 30; secondsLeft > 0; secondsLeft -= 1) {
    const before = cpuMicroseconds(pid);
    await delay(1_000);
    if (cpuMicroseconds(pid) - before < 50_000) return;
  }
}

/** The most that a process had of what comes and goes. */
class Most implements Disposable {
  bytes = 0;
  connections = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number, port: number) {
    this.#timer = setInterval(() => {
      this.bytes = Math.max(this.bytes, residentBytes(pid));
      this.connections = Math.max(this.connections, connectionsTo(pid, port));
    }, 200);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
