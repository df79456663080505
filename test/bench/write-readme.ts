/** `npm run bench:readme`: writes the last results into README between its two markers, and the charts beside them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { drawChart } from './draw/svg.js';
import { formatResults } from './markdown.js';
import { RESULTS_FILE, readResults } from './results.js';
import { SECTION_NAMES } from './sections/all.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const CHARTS = 'test/bench/charts';

const results = await readResults(RESULTS_FILE);
await mkdir(`${ROOT}${CHARTS}`, { recursive: true });
for (const chart of SECTION_NAMES.flatMap((name) => results[name]?.charts ?? [])) {
  await writeFile(`${ROOT}${CHARTS}/${chart.name}.svg`, drawChart(chart));
}
const readme = await readFile(`${ROOT}README.md`, 'utf8');
const [before = '', rest = ''] = readme.split(/(?<=<!-- bench -->\n)/);
const after = rest.slice(rest.indexOf('<!-- /bench -->'));
await writeFile(`${ROOT}README.md`, `${before}\n${formatResults(results, { chartFolder: CHARTS })}\n${after}`);
