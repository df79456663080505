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
const chapter = /(?<=<!-- bench -->\n)[\s\S]*(?=<!-- \/bench -->)/;
if (!chapter.test(readme)) throw new Error('Cannot write results: README.md has lost its markers "bench" and "/bench"');
const text = formatResults(results, { chartFolder: CHARTS });
await writeFile(
  `${ROOT}README.md`,
  readme.replace(chapter, () => `\n${text}\n`),
);
