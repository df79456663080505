/** From a change in the catalog to the first answer that shows it. */
import { dnsperf } from '../ask/dnsperf.js';
import { addressesOf } from '../ask/questions.js';
import { CatalogApi } from '../catalog/api.js';
import { createServices } from '../catalog/service.js';
import { type Followed, followChanges } from '../measure/follow.js';
import { quantile } from '../measure/statistics.js';
import { dnsOf, startConsul } from '../servers/consul.js';
import { startOurs } from '../servers/ours.js';
import { formatMs } from './format.js';
import type { Findings, Goal, Plan, Table } from './section.js';

/** As many as have a blocking query of their own, and each changes less than once a second: such changes are pushed. */
const SERVICES = createServices('followed', 30, { instances: 2 });
/** So that these names are busy, as names are that changes matter to. */
const QUESTIONS_PER_SECOND = 2_000;
const PAUSE_MS = 50;
const GOAL_MS = 10;

/** Changes one by one in a catalog where nothing else happens. */
export async function runFreshness({ isQuick, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  await api.register(SERVICES);
  await using ours = await startOurs(consul.url, 'followed-0.service.consul');

  const seconds = isQuick ? 5 : 30;
  const questions = addressesOf(SERVICES);
  await dnsperf(ours.port, questions, { seconds: 3, maxPerSecond: QUESTIONS_PER_SECOND });
  const [followed] = await Promise.all([
    followChanges({ consul, api, servers: [ours, dnsOf(consul)] }, SERVICES, { seconds, lanes: 1, pauseMs: PAUSE_MS }),
    dnsperf(ours.port, questions, { seconds, maxPerSecond: QUESTIONS_PER_SECOND }),
  ]);
  report(`followed ${followed.length} changes`);
  return {
    goals: [goalOf(followed)],
    tables: [
      freshnessTable('From a change to the first answer that shows it: changes one by one, of busy names', followed),
    ],
    charts: [],
    data: followed,
  };
}

function goalOf(followed: readonly Followed[]): Goal {
  return {
    name: "from the blocking query's return to the first answer that shows a change, one by one, p99",
    measured: quantile(behindMs(followed), 0.99),
    unit: 'ms',
    bound: 'at most',
    limit: GOAL_MS,
  };
}

/** `followed` is about our server and Consul's own. */
export function freshnessTable(title: string, followed: readonly Followed[]): Table {
  const rows: Readonly<Record<string, readonly number[]>> = {
    "consul-dnsd, from the blocking query's return": behindMs(followed),
    'consul-dnsd, from the request that makes the change': followed.map(({ shownMs: [ours = Number.NaN] }) => ours),
    'Consul, from the request that makes the change': followed.map(({ shownMs: [, own = Number.NaN] }) => own),
  };
  return {
    title,
    head: ['', 'changes', 'p50', 'p99', 'p99.9', 'max'],
    rows: Object.entries(rows).map(([name, times]) => [
      name,
      `${times.length}`,
      ...[0.5, 0.99, 0.999, 1].map((part) => formatMs(quantile(times, part))),
    ]),
  };
}

/** An answer that shows a change before we are told ourselves is not behind at all. */
function behindMs(followed: readonly Followed[]): readonly number[] {
  return followed.map(({ toldMs, shownMs: [shown = Number.NaN] }) => Math.max(0, shown - toldMs));
}
