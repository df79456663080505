import { systemClock } from '../../src/clock.js';
import { FIXED_LIMITS, type ListenLimits } from '../../src/listen/limits.js';
import type { ListenOptions } from '../../src/listen/listener.js';
import type { Respond } from '../../src/responder/respond.js';
import { createLogger } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';

const LIMITS: ListenLimits = {
  ...FIXED_LIMITS,
  tcpConnections: 100,
  tcpConnectionsPerClient: 100,
  tcpIdleMs: 10_000,
};

/** Options to listen with on any port of the loopback, and the lines that are logged meanwhile. */
export async function listening(
  overrides: Partial<Omit<ListenOptions, 'limits'>> & { readonly limits?: Partial<ListenLimits> } = {},
): Promise<ListenOptions & { readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const log = await createLogger({ level: 'info', json: true, destination: { write: (line) => lines.push(line) } });
  const limits = { ...LIMITS, ...overrides.limits };
  return {
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    log,
    metrics: new Metrics(),
    ...overrides,
    limits,
    lines,
  };
}

/** Sends every packet back as a reply. */
export const echo: Respond = (packet) => {
  const reply = Buffer.from(packet);
  reply[2] = 0x80;
  return reply;
};

/** Resolves when the condition holds; a test that waits in vain ends by its time limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets sockets deliver what was sent before, on the loopback a matter of a few turns of the event loop. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Sockets and servers of this process that are open, by kind. */
export function openSockets(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => /TCP|UDP/.test(kind));
}

/** The value of a counter or gauge, or of its child with this label value. */
export async function metricValue(
  metric: { get(): Promise<{ values: { value: number; labels: object }[] }> },
  label?: string,
): Promise<number> {
  const { values } = await metric.get();
  const found = values.find(({ labels }) => label === undefined || Object.values(labels).includes(label));
  return found?.value ?? 0;
}

/** Questions held back until the test lets go of them, in the order they came in. */
export class HeldQuestions {
  readonly #held: { readonly packet: Uint8Array; readonly answer: (reply: Uint8Array | undefined) => void }[] = [];
  asked = 0;

  readonly respond: Respond = (packet) => {
    this.asked += 1;
    return new Promise((answer) => this.#held.push({ packet, answer }));
  };

  get count(): number {
    return this.#held.length;
  }

  /** Answers the question that has waited longest, or the one at `index` among those waiting. */
  async release(index = 0): Promise<void> {
    const [held] = this.#held.splice(index, 1);
    if (held === undefined) throw new Error(`Cannot release question ${index}: not held`);
    held.answer(await echo(held.packet, { address: '', port: 0, transport: 'udp' }));
  }
}
