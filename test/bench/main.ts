/**
 * `npm run bench`: CPU time per answered query of this server, and of others with the same data. It needs Consul
 * (CONSUL_BIN or PATH) and dnsperf; dnsmasq and Knot are measured where they are installed.
 *
 *   --quick         one short round
 *   --only TEXT     only loads whose names hold this
 *   --ours          nothing but this server
 *   --scale         also a catalog of 100,000 instances, which takes some minutes to register
 *   --json FILE     where the results go (.bench/results.json)
 *   --node FLAG     a flag for this server's Node, such as --cpu-prof; may be repeated
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { findProgram } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { type BenchService, createServices, register, TTL_SECONDS, zoneFile } from './catalog.js';
import { measureChurn, measureFreshness, measureScale, measureStart } from './figures.js';
import { FORWARDED, LOADS } from './loads.js';
import { measure, type Sample } from './measure.js';
import { type Figure, formatFigures, formatTable } from './report.js';
import { type BenchServer, consulServer, startDnsmasq, startKnot, startOurs } from './servers.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    ours: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    json: { type: 'string', default: new URL('../results.json', import.meta.url).pathname },
    node: { type: 'string', multiple: true, default: [] },
  },
});

const EXAMPLE_NET = `$TTL 3600
example.net. SOA ns.example.net. hostmaster.example.net. 1 3600 600 86400 300
example.net. NS ns.example.net.
ns.example.net. A 127.0.0.1
www.example.net. A 192.0.2.80
`;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printSample({ server, load, round, cpuPerQuery, perSecond, lost }: Sample): void {
  const figures = `${cpuPerQuery.toFixed(2)} us/query, ${Math.round(perSecond)} q/s`;
  print(`  ${load} | ${server} | round ${round} | ${figures}${lost > 0 ? `, ${lost} lost` : ''}`);
}

async function run(open: AsyncDisposable[]): Promise<void> {
  if (consulBinary === undefined) throw new Error('Cannot run: no consul on PATH or in CONSUL_BIN');
  if (findProgram('dnsperf') === undefined) throw new Error('Cannot run: no dnsperf on PATH');
  function keep<T extends AsyncDisposable | undefined>(opened: T): T {
    if (opened !== undefined) open.push(opened);
    return opened;
  }

  const services = createServices();
  const ttl = `${TTL_SECONDS}s`;
  const dns = { node_ttl: ttl, service_ttl: { '*': ttl }, soa: { min_ttl: TTL_SECONDS }, enable_truncate: true };
  const consul = keep(await RealConsul.start({ config: { dns_config: dns } }));
  print('registering services');
  await register(consul, services);

  const knot = keep(await startKnot({ consul: zoneFile(services), 'example.net': EXAMPLE_NET }));
  const recursor = knot === undefined ? [] : ['--recursor', `127.0.0.1:${knot.port}`];
  const flags = ['--node-ttl', ttl, '--service-ttl', `*=${ttl}`, '--udp-payload-max', '4096', ...recursor];
  const ours = keep(await startOurs(consul.url, { nodeFlags: options.node, flags }));
  const others = options.ours ? [] : [consulServer(consul), keep(await startDnsmasq(consul, knot?.port)), knot];
  const servers = [ours, ...others.filter((server) => server !== undefined)];
  for (const name of ['dnsmasq', 'Knot']) {
    if (!options.ours && !servers.some((server) => server.name === name)) print(`${name} is not installed: left out`);
  }

  const wanted = (name: string): boolean => name.includes(options.only);
  const loads = LOADS.filter(({ name }) => wanted(name));
  const forwarded = knot !== undefined && wanted(FORWARDED.name) ? [FORWARDED] : [];
  const plan = { rounds: options.quick ? 1 : 3, seconds: options.quick ? 1 : 3, onSample: printSample };
  const samples = [
    ...(await measure(loads, servers, plan)),
    ...(await measure(forwarded, servers.filter(isCache), plan)),
  ];

  const table = formatTable(
    [...loads, ...forwarded],
    servers.map(({ name }) => name),
    samples,
  );
  print(`\n${table}`);

  const figures = options.only === '' ? await measureFigures(consul, services) : [];
  if (figures.length > 0) print(`\n${formatFigures(figures)}`);

  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const results = { date: new Date().toISOString(), machine, rounds: plan.rounds, samples, figures };
  await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  print(`\nwritten to ${options.json}`);
}

async function measureFigures(consul: RealConsul, services: readonly BenchService[]): Promise<readonly Figure[]> {
  const many = services.slice(-200);
  return [
    await measureStart(consul, options.quick ? 3 : 9),
    ...(await measureFreshness(consul, options.quick ? 5 : 50)),
    ...(await measureChurn(consul, many, options.quick ? 3 : 20)),
    ...(options.scale ? await measureScale(consul, many) : []),
  ];
}

/** Whether it answers names of others from a cache. */
function isCache({ name }: BenchServer): boolean {
  return name === 'consul-dnsd' || name === 'dnsmasq';
}

const open: AsyncDisposable[] = [];
try {
  await run(open);
} catch (error) {
  print(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  for (const opened of open.reverse()) await opened[Symbol.asyncDispose]();
}
