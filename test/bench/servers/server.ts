import { setTimeout as delay } from 'node:timers/promises';
import { Lookup } from '../ask/lookup.js';
import type { Program } from './program.js';

/** A DNS server on a port of the loopback. */
export interface BenchServer extends AsyncDisposable {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

const START_MS = 30_000;
/** Servers that have bound their port, and are not ready, may let a question pass. */
const ASK_AGAIN_MS = 10;

/** Resolves when the server gives addresses for the name. */
export async function whenAnswering(
  program: Program,
  qname: string,
  { name, port }: Pick<BenchServer, 'name' | 'port'>,
): Promise<BenchServer> {
  try {
    await using lookup = await Lookup.open(port);
    const deadline = performance.now() + START_MS;
    while ((await lookup.addresses(qname, { withinMs: ASK_AGAIN_MS, again: true })).length === 0) {
      program.assertAlive();
      if (performance.now() > deadline) throw new Error(`Cannot measure ${name}: it does not answer "${qname}"`);
      await delay(1);
    }
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return { name, port, pid: program.pid, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
