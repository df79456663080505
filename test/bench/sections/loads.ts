/** The first table: CPU time per answered question, ours and that of others with the same data. */
import { CatalogApi } from '../catalog/api.js';
import { createService, createServices, TAG } from '../catalog/service.js';
import { consulZone, FOREIGN_ZONE } from '../catalog/zone.js';
import { costOf, type Load, measureCosts, type Sample } from '../measure/cost.js';
import { dnsOf, startConsul } from '../servers/consul.js';
import { startDnsmasq } from '../servers/dnsmasq.js';
import { startKnot } from '../servers/knot.js';
import { OURS, startOurs } from '../servers/ours.js';
import { formatCost, formatRatio, formatSample } from './format.js';
import type { Findings, Goal, Plan, Table } from './section.js';

interface ComparedLoad extends Load {
  /** How many times Consul's CPU per query ours is to be at least. */
  readonly goal: number;
}

const MANY = createServices('s', 200, { instances: 3 });
const SERVICES = [createService('one', 1), createService('eight', 8), createService('hundred', 100), ...MANY];

const LOADS: readonly ComparedLoad[] = [
  load('A, 1 instance', ['one.service.consul A'], { goal: 4 }),
  load('A, 8 instances', ['eight.service.consul A'], { goal: 5 }),
  load('SRV, 8 instances', ['eight.service.consul SRV'], { goal: 9, hasEdns: true }),
  load('SRV, 100 instances', ['hundred.service.consul SRV'], { goal: 90, hasEdns: true }),
  load('AAAA, NODATA', ['one.service.consul AAAA'], { goal: 4 }),
  load('NXDOMAIN', ['nope.service.consul A'], { goal: 4 }),
  load('tag and SRV', [`${TAG}.one.service.consul SRV`], { goal: 5 }),
  load(
    '200 services, A and SRV',
    MANY.flatMap(({ name }) => [`${name}.service.consul A`, `${name}.service.consul SRV`]),
    { goal: 5, hasEdns: true },
  ),
];

/** A name that is not Consul's, answered from cache. */
const FORWARDED: Load = { name: 'forwarded, cached', lines: ['www.example.net A'], hasEdns: false, transport: 'udp' };
const MOST_TIMES_KNOT = 1.7;
const MOST_TIMES_DNSMASQ = 1.5;

export async function runLoads({ isQuick, load: wanted, nodeFlags, report }: Plan): Promise<Findings> {
  await using consul = await startConsul();
  await using api = new CatalogApi(consul.url);
  await api.register(SERVICES);
  const known = 'one.service.consul';
  await using knot = await startKnot(known, { consul: consulZone(SERVICES), 'example.net': FOREIGN_ZONE });
  await using dnsmasq = await startDnsmasq(known, { consulPort: consul.ports.dns, upstreamPort: knot?.port });
  const flags = knot === undefined ? [] : ['--recursor', `127.0.0.1:${knot.port}`];
  await using ours = await startOurs(consul.url, known, { nodeFlags, flags });
  if (knot === undefined) report('no knotd on PATH: left out, and with it what is forwarded');
  if (dnsmasq === undefined) report('no dnsmasq on PATH: left out');

  const loads = LOADS.filter(({ name }) => name.includes(wanted));
  const forwarded = knot !== undefined && FORWARDED.name.includes(wanted) ? [FORWARDED] : [];
  const caches = [ours, ...(dnsmasq === undefined ? [] : [dnsmasq])];
  const servers = [ours, dnsOf(consul), ...[dnsmasq, knot].filter((server) => server !== undefined)];
  const rounds = {
    rounds: isQuick ? 1 : 3,
    seconds: isQuick ? 1 : 3,
    onSample: (sample: Sample) => report(formatSample(sample)),
  };
  const samples = [...(await measureCosts(loads, servers, rounds)), ...(await measureCosts(forwarded, caches, rounds))];
  const names = servers.map(({ name }) => name);
  return {
    goals: goalsOf(loads, samples),
    tables: [tableOf([...loads, ...forwarded], names, samples)],
    charts: [],
    data: samples,
  };
}

function load(
  name: string,
  lines: readonly string[],
  { goal, hasEdns = false }: { readonly goal: number; readonly hasEdns?: boolean },
): ComparedLoad {
  return { name, lines, hasEdns, transport: 'udp', goal };
}

function tableOf(loads: readonly Load[], servers: readonly string[], samples: readonly Sample[]): Table {
  const others = servers.filter((server) => server !== OURS);
  return {
    title: 'CPU time per answered question, and questions per second',
    head: ['load', ...servers, ...others.map((other) => `${other} / ours`)],
    rows: loads.map(({ name }) => {
      const own = costOf(samples, OURS, name);
      const costs = servers.map((server) => formatCost(costOf(samples, server, name)));
      return [name, ...costs, ...others.map((other) => formatRatio(costOf(samples, other, name), own))];
    }),
  };
}

function goalsOf(loads: readonly ComparedLoad[], samples: readonly Sample[]): readonly Goal[] {
  const ratio = (server: string, name: string): number | undefined => {
    const [other, own] = [costOf(samples, server, name), costOf(samples, OURS, name)];
    return other && own && other.cpuMicroseconds / own.cpuMicroseconds;
  };
  const againstConsul = loads.map(({ name, goal }): Goal => {
    const measured = ratio('Consul', name) ?? Number.NaN;
    return { name: `${name}: Consul's CPU per query / ours`, measured, unit: 'x', bound: 'at least', limit: goal };
  });
  const timesKnot = loads.map(({ name }) => ratio('Knot', name)).filter((value) => value !== undefined);
  const timesDnsmasq = ratio('dnsmasq', FORWARDED.name);
  return [
    ...againstConsul,
    ...(timesKnot.length === 0
      ? []
      : [atMost("our CPU per query / Knot's, the worst load", 1 / Math.min(...timesKnot), MOST_TIMES_KNOT)]),
    ...(timesDnsmasq === undefined
      ? []
      : [atMost("forwarded, cached: our CPU per query / dnsmasq's", 1 / timesDnsmasq, MOST_TIMES_DNSMASQ)]),
  ];
}

function atMost(name: string, measured: number, limit: number): Goal {
  return { name, measured, unit: 'x', bound: 'at most', limit };
}
