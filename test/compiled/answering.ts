/** Responders over rows that a test changes: one that compiles its answers, and one that makes each anew. */
import type { AnswerPolicy } from '../../src/answer/policy.js';
import type { CatalogLookup, CatalogSource, ReadOptions, Rows } from '../../src/catalog/source.js';
import { Forwarder } from '../../src/forward/forwarder.js';
import type { Recursor } from '../../src/forward/recursor.js';
import { createZones } from '../../src/query/zones.js';
import type { Client } from '../../src/responder/respond.js';
import { createResponder, type Responder } from '../../src/responder/responder.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { CONSUL_POLICY, EMPTY_WORLD, rowsOf, type World } from '../answer/world.js';
import { RecordingLog } from '../support/server.js';
import { TestClock } from '../support/test-clock.js';

/** Clients of this network may have names looked up that are not ours. */
const FRIENDS = '127.';

/** A catalog in memory: rows are there at once, the same ones until they change, and changes are told at once. */
export class RowsInMemory implements CatalogSource {
  world: World;
  isStale = false;
  /** How often it was read. */
  reads = 0;
  readonly #given = new Map<string, { readonly lookup: CatalogLookup; readonly rows: Rows }>();
  readonly #listeners = new Set<(entry: string) => void>();

  constructor(world: World) {
    this.world = world;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Prepared queries give their rows in another order to strangers, as `Near` does. */
  read(lookup: CatalogLookup, { sourceAddress }: ReadOptions): Rows {
    this.reads += 1;
    const key = JSON.stringify(lookup);
    const rows = this.#rowsOf(key, lookup);
    if (rows.kind === 'prepared-query' && rows.result !== undefined && !sourceAddress.startsWith(FRIENDS)) {
      const result = { ...rows.result, instances: [...rows.result.instances].reverse() };
      return { ...rows, result, dependsOn: [key, 'backend'] };
    }
    this.#given.set(key, { lookup, rows });
    return { ...rows, dependsOn: [key, 'backend'] };
  }

  onChange(listener: (entry: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces the world and tells of those rows that are different now, and of no others. */
  change(world: World): void {
    this.world = world;
    for (const [key, { lookup, rows }] of this.#given) {
      if (this.#rowsOf(key, lookup) !== rows) this.announce(key);
    }
  }

  turnStale(isStale: boolean): void {
    this.isStale = isStale;
    this.announce('backend');
  }

  announce(entry: string): void {
    for (const listener of this.#listeners) listener(entry);
  }

  #rowsOf(key: string, lookup: CatalogLookup): Rows {
    const rows = rowsOf(this.world, lookup, this.isStale);
    const given = this.#given.get(key)?.rows;
    return JSON.stringify(given) === JSON.stringify(rows) ? (given ?? rows) : rows;
  }
}

export interface AnsweringOptions {
  readonly world?: World;
  readonly policy?: Partial<AnswerPolicy>;
  readonly recursors?: readonly Recursor[];
  /** `Math.random` when left out. */
  readonly random?: () => number;
}

export const FRIEND: Client = { address: '127.0.0.1', port: 5_000, transport: 'udp' };
export const STRANGER: Client = { address: '203.0.113.9', port: 5_000, transport: 'udp' };

export interface Answering extends AsyncDisposable {
  readonly catalog: RowsInMemory;
  readonly clock: TestClock;
  readonly metrics: Metrics;
  readonly log: RecordingLog;
  readonly forwarder: Forwarder;
  readonly compiling: Responder;
  /** Makes every answer anew, from the same rows, drawing from `draws` first. */
  readonly plain: (packet: Uint8Array, client: Client, draws: readonly number[]) => Promise<PlainReply>;
}

export interface PlainReply {
  readonly bytes: Uint8Array | undefined;
  /** How many random numbers it took. */
  readonly drawn: number;
}

export function startAnswering(options: AnsweringOptions = {}): Answering {
  const { world = EMPTY_WORLD, recursors = [], random = Math.random } = options;
  const policy = { ...CONSUL_POLICY, ...options.policy };
  const catalog = new RowsInMemory(world);
  const clock = new TestClock();
  const metrics = new Metrics();
  const log = new RecordingLog();
  const stopping = new AbortController();
  const forwarder = new Forwarder(
    {
      recursors,
      strategy: 'sequential',
      timeoutMs: 2_000,
      deadlineMs: 4_000,
      maxInFlight: 100,
      cache: { maxBytes: 1_000_000, maxTtlSeconds: 86_400, maxNegativeTtlSeconds: 3_600, maxStaleMs: 0 },
    },
    { clock, metrics, random },
  );
  const parts = {
    zones: createZones({ domain: 'consul', altDomain: 'alt.example' }),
    policy,
    catalog,
    forwarder,
    mayRecurse: (address: string) => address.startsWith(FRIENDS),
    clock,
    log,
    signal: stopping.signal,
  };
  let draws: readonly number[] = [];
  let drawn = 0;
  const scripted = (): number => {
    drawn += 1;
    return draws[drawn - 1] ?? random();
  };
  const compiling = createResponder({ ...parts, random, metrics, compiledBytes: 16_000_000 });
  const anew = createResponder({ ...parts, random: scripted, metrics: new Metrics(), compiledBytes: 0 });
  return {
    catalog,
    clock,
    metrics,
    log,
    forwarder,
    compiling,
    plain: async (packet, client, script) => {
      draws = script;
      drawn = 0;
      const bytes = await anew.respond(packet, client);
      return { bytes, drawn };
    },
    [Symbol.asyncDispose]: async () => {
      compiling.close();
      anew.close();
      stopping.abort(new Error('test ended'));
      await forwarder.close();
    },
  };
}
