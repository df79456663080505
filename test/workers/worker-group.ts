import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '../../src/wire/message.js';
import { decodeMessage } from '../../src/wire/message.js';
import { askUdp, TcpClient } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { RunningCli } from '../support/running-cli.js';

export type Transport = 'udp' | 'tcp';

interface LogLine {
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly part?: string;
}

/** How long one process gets for a reply. With sockets of their own, a packet may be for one that is halted. */
const TRY_MS = 400;
const TRIES = 40;

/** The built server, running with workers. */
export class WorkerGroup implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly cli: RunningCli;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.cli = new RunningCli([...args, '--dns-port', String(port), '--log-json']);
  }

  /** In front of a Consul. Resolves when it answers. */
  static start(httpAddr: string, workers: number, args: readonly string[] = []): Promise<WorkerGroup> {
    return WorkerGroup.run(workers, ['--http-addr', httpAddr, '--datacenter', 'dc1', ...args]);
  }

  static async run(workers: number, args: readonly string[]): Promise<WorkerGroup> {
    const group = new WorkerGroup(await freePort(), [...args, '--workers', String(workers)]);
    await group.cli.printed(/answers for/);
    if (workers > 1) await group.complete(workers);
    return group;
  }

  get log(): readonly LogLine[] {
    const lines = this.cli.stderr.split('\n').slice(0, -1);
    // Nothing else is written there with --log-json.
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** The processes that answer, by the number of their place. */
  get pids(): readonly number[] {
    const byPlace = new Map<number, number>();
    for (const { msg, worker, pid } of this.log) {
      if (worker === undefined || pid === undefined) continue;
      if (msg === 'worker answers') byPlace.set(worker, pid);
      if (msg === 'worker ended, starting another') byPlace.delete(worker);
    }
    return [...byPlace.values()];
  }

  /** Resolves when that many answer. */
  async complete(count: number): Promise<void> {
    while (this.pids.length < count) await delay(10);
  }

  /** The reply of one worker: the others are halted meanwhile. */
  async askOne(pid: number, query: () => Message, transport: Transport = 'udp'): Promise<Message> {
    const others = this.pids.filter((other) => other !== pid);
    for (const other of others) process.kill(other, 'SIGSTOP');
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          return await (transport === 'udp' ? askUdp(this, query(), { withinMs: TRY_MS }) : this.#askTcp(query()));
        } catch (error) {
          if (tries === TRIES) throw error;
        }
      }
    } finally {
      for (const other of others) process.kill(other, 'SIGCONT');
    }
  }

  /** The replies of all workers, one after the other. */
  async askEach(query: () => Message, transport: Transport = 'udp'): Promise<readonly Message[]> {
    const replies: Message[] = [];
    for (const pid of this.pids) replies.push(await this.askOne(pid, query, transport));
    return replies;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cli[Symbol.asyncDispose]();
  }

  async #askTcp(query: Message): Promise<Message> {
    await using client = await TcpClient.open(this);
    client.send(query);
    return decodeMessage(await client.next({ withinMs: TRY_MS }));
  }
}

/** Whether there is such a process. One that has ended and was not waited for yet counts. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
