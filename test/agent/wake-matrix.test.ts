import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { ask, get, put } from './exchange.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

/** Long enough for a wake to come through, on a slow machine too; what comes later was not woken. */
const WAKE_MS = 400;

const COLUMNS = {
  services: '/v1/catalog/services',
  nodes: '/v1/catalog/nodes',
  any: '/v1/health/state/any',
  critical: '/v1/health/state/critical',
  svc: '/v1/health/service/svc',
  same: '/v1/health/service/same',
  absent: '/v1/health/service/absent',
  node: '/v1/catalog/node/host',
} as const;

interface Row {
  readonly change: string;
  readonly write: (url: string) => Promise<unknown>;
  /** One outcome per column: `W+` woken with another body, `W=` woken with the same, `.` not woken. */
  readonly outcome: string;
  /** What 1.8.7 does where we do better (B2.2, B10). */
  readonly consul?: string;
  /** What stands in for the column `svc`. */
  readonly svc?: string;
}

const HOST = { Node: 'host', Address: '192.0.2.1' };
const svc = { ID: 'svc-1', Service: 'svc', Tags: ['a', 'b'], Address: '10.0.0.1', Port: 80 };
const service = (fields: object) => (url: string) =>
  put(url, '/v1/catalog/register', { ...HOST, SkipNodeUpdate: true, Service: fields });
const check = (fields: object) => (url: string) =>
  put(url, '/v1/catalog/register', { ...HOST, SkipNodeUpdate: true, Check: fields });
const node = (fields: object) => (url: string) => put(url, '/v1/catalog/register', { ...HOST, ...fields });
const deregister = (fields: object) => (url: string) => put(url, '/v1/catalog/deregister', fields);

/** A real agent fills in its own node's row a moment after it has a leader. */
async function untilSynced(url: string): Promise<void> {
  const [own] = (await get(url, '/v1/catalog/nodes')) as [{ Meta: Record<string, string> | null }];
  expect(own.Meta).toHaveProperty('consul-network-segment');
}

/** Sets the scene: two instances of `svc`, one with a check, and another service on the same node. */
async function prepare(url: string): Promise<void> {
  await node({ Check: { CheckID: 'up', Name: 'up', Status: 'passing' } })(url);
  await service(svc)(url);
  await service({ Service: 'same' })(url);
  await check({ CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'svc-1' })(url);
  await put(url, '/v1/catalog/register', {
    Node: 'other',
    Address: '192.0.2.2',
    Service: { ID: 'svc-2', Service: 'svc', Tags: ['a', 'b'] },
  });
}

// The order matters: up to "rename" no service has ever vanished, which changes what absent names wait for (A1.3).
const ROWS: readonly Row[] = [
  {
    change: 'register new name',
    write: service({ Service: 'new' }),
    outcome: 'W+ . . . W+ . W= W+',
    svc: '/v1/health/service/new',
  },
  {
    change: 'register further instance',
    write: service({ ...svc, ID: 'svc-3' }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'register further instance with a new tag',
    write: service({ ...svc, ID: 'svc-4', Tags: ['new'] }),
    outcome: 'W+ . . . W+ . W= W+',
  },
  {
    change: 'deregister one of several',
    write: deregister({ Node: 'host', ServiceID: 'svc-3' }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'tag change, union differs',
    write: service({ ...svc, Tags: ['a', 'b', 'c'] }),
    outcome: 'W+ . . . W+ . W= W+',
  },
  {
    change: 'tag change, union equal',
    write: service({ ...svc, ID: 'svc-4', Tags: ['new', 'a'] }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'service address',
    write: service({ ...svc, Address: '10.0.0.2' }),
    outcome: 'W+ . . . W+ . W= W+',
  },
  {
    change: 'port',
    write: service({ ...svc, Address: '10.0.0.2', Port: 81 }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'weights',
    write: service({ ...svc, Address: '10.0.0.2', Port: 81, Weights: { Passing: 3, Warning: 1 } }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'service meta',
    write: service({ ...svc, Address: '10.0.0.2', Port: 81, Meta: { k: 'v' } }),
    outcome: 'W= . . . W+ . W= W+',
  },
  {
    change: 'check status',
    write: check({ CheckID: 'c', Name: 'c', Status: 'critical', ServiceID: 'svc-1' }),
    outcome: '. . W+ W+ W+ . . .',
  },
  {
    change: 'check output only, critical',
    write: check({ CheckID: 'c', Name: 'c', Status: 'critical', Output: 'o', ServiceID: 'svc-1' }),
    outcome: '. . W+ W+ W+ . . .',
  },
  {
    change: 'check back to passing',
    write: check({ CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'svc-1' }),
    outcome: '. . W+ W+ W+ . . .',
  },
  {
    change: 'check added, passing',
    write: check({ CheckID: 'd', Name: 'd', Status: 'passing', ServiceID: 'svc-1' }),
    outcome: '. . W+ W= W+ . . .',
  },
  {
    change: 'check removed, passing',
    write: deregister({ Node: 'host', CheckID: 'd' }),
    outcome: '. . W+ W= W+ . . .',
  },
  {
    change: 'node-level check',
    write: check({ CheckID: 'up', Name: 'up', Status: 'critical' }),
    outcome: '. . W+ W+ W+ W+ . .',
  },
  {
    change: 'node maintenance on',
    write: check({ CheckID: '_node_maintenance', Name: 'Node Maintenance Mode', Status: 'critical' }),
    outcome: '. . W+ W+ W+ W+ . .',
  },
  {
    change: 'service maintenance on',
    write: check({ CheckID: '_service_maintenance:svc-1', Name: 'm', Status: 'critical', ServiceID: 'svc-1' }),
    outcome: '. . W+ W+ W+ . . .',
  },
  { change: 'node address', write: node({ Address: '192.0.2.3' }), outcome: '. W+ . . W+ W+ . W+' },
  {
    change: 'node meta',
    write: node({ Address: '192.0.2.3', NodeMeta: { k: 'v' } }),
    outcome: '. W+ . . W+ W+ . W+',
  },
  {
    change: 'node added without services',
    write: (url) => put(url, '/v1/catalog/register', { Node: 'lonely', Address: '192.0.2.9' }),
    outcome: '. W+ . . . . . .',
  },
  { change: 'node removed without services', write: deregister({ Node: 'lonely' }), outcome: '. W+ . . . . . .' },
  { change: 'key written', write: (url) => put(url, '/v1/kv/some/key', 'v'), outcome: '. . . . . . . .' },
  {
    change: 'identical re-registration (H164)',
    write: service({ Service: 'same' }),
    outcome: '. . . . . . . .',
  },
  {
    change: 'identical re-registration with its check (H164)',
    write: check({ CheckID: 'up', Name: 'up', Status: 'critical' }),
    outcome: '. . . . . . . .',
    consul: '. . W= W= . . . .',
  },
  {
    change: 'rename under the same id',
    write: service({ ...svc, Service: 'renamed' }),
    outcome: 'W+ . . . W+ . . W+',
    // A3.2 measured "." for the absent name; it depends on where the names stand in Consul's tree.
    consul: 'W+ . . . . . W= W+',
  },
  {
    change: 'deregister the last one',
    write: deregister({ Node: 'host', ServiceID: 'new' }),
    outcome: 'W+ . . . W+ . W= W+',
    svc: '/v1/health/service/new',
  },
  {
    change: 'node removed with services',
    write: deregister({ Node: 'host' }),
    outcome: 'W+ W+ W+ W+ W+ W+ W= W+',
    consul: 'W+ W+ W+ W+ W+ W+ W= .',
  },
];

describe('H141 A3.2 which change wakes whom', () => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await startTestAgent();
    await prepare(agent.url);
  });
  afterAll(() => agent?.close());

  test.each(ROWS)('$change: $outcome', async (row) => {
    expect(await outcomeOf(agent.url, row)).toBe(row.outcome);
  });
});

describe.skipIf(consulBinary === undefined)(`the same of Consul 1.8.7${unlessMissing('consul', consulBinary)}`, () => {
  let consul: RealConsul;
  beforeAll(async () => {
    consul = await RealConsul.start();
    const { url } = consul;
    await vi.waitFor(() => untilSynced(url), { timeout: 20_000 });
    await prepare(consul.url);
  });
  afterAll(() => consul?.close());

  test.each(ROWS)('$change', async (row) => {
    expect(await outcomeOf(consul.url, row)).toBe(row.consul ?? row.outcome);
  });
});

/** Long polls on every column, the change, and what became of each. */
async function outcomeOf(url: string, { write, svc: svcPath = COLUMNS.svc }: Row): Promise<string> {
  const paths = Object.values({ ...COLUMNS, svc: svcPath });
  const before = await Promise.all(paths.map((path) => ask(url, 'GET', path)));
  const over = new AbortController();
  const polls = paths.map(async (path, column) => {
    const index = String(before[column]?.headers['x-consul-index']);
    try {
      const after = await ask(url, 'GET', `${path}?index=${index}&wait=60s`, { signal: over.signal });
      return canonical(after.body) === canonical(before[column]?.body ?? '') ? 'W=' : 'W+';
    } catch (error) {
      if (over.signal.aborted) return '.';
      throw error;
    }
  });
  // The polls must be held before the change is made.
  await delay(WAKE_MS / 4);
  await write(url);
  await delay(WAKE_MS);
  over.abort();
  return (await Promise.all(polls)).join(' ');
}

/** Tags of catalog/services come in random order. */
function canonical(body: string): string {
  return body.replaceAll(',', '').split('\n').sort().join('\n');
}
