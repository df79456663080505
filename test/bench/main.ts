/**
 * `npm run bench`: this server beside others that have the same data, and against its own goals. It needs Consul
 * (CONSUL_BIN or PATH) and dnsperf; dnsmasq and Knot are measured where they are installed. Progress goes to standard
 * error, the report to standard output; `npm run bench:readme` puts it into README.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { drawChart } from './draw/svg.js';
import { formatResults } from './markdown.js';
import { parseOptions, USAGE } from './options.js';
import { describeMachine, readResults, type SectionResult, writeResults } from './results.js';
import { SECTIONS, type SectionName } from './sections/all.js';

const CHARTS = new URL('../charts', import.meta.url).pathname;

function report(progress: string): void {
  process.stderr.write(`${progress}\n`);
}

async function bench(args: readonly string[]): Promise<void> {
  const { sections, resultsFile, ...plan } = parseOptions(args);
  const ran: Partial<Record<SectionName, SectionResult>> = {};
  for (const name of sections) {
    report(`\n${name}`);
    const startedAt = performance.now();
    const findings = await SECTIONS[name]({ ...plan, report: (progress) => report(`  ${progress}`) });
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    const date = new Date().toISOString().slice(0, 10);
    ran[name] = { ...findings, date, machine: describeMachine(), isQuick: plan.isQuick, seconds };
    report(`  took ${seconds} s`);
    // After each, so that a later one that fails costs nothing but itself.
    await writeResults(resultsFile, { ...(await readResults(resultsFile)), ...ran });
  }
  await mkdir(CHARTS, { recursive: true });
  for (const chart of Object.values(ran).flatMap(({ charts }) => charts)) {
    await writeFile(`${CHARTS}/${chart.name}.svg`, drawChart(chart));
  }
  process.stdout.write(formatResults(ran, { chartFolder: CHARTS }));
  report(`\nresults in ${resultsFile}`);
}

try {
  const args = process.argv.slice(2);
  if (args.includes('--help')) process.stdout.write(`${USAGE}\n`);
  else await bench(args);
} catch (error) {
  report(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
