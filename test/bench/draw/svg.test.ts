import { expect, test } from 'vitest';
import type { Chart } from './chart.js';
import { drawChart } from './svg.js';

const LINES: Chart = {
  name: 'sample',
  title: 'Ours < theirs & others',
  subtitle: 'a sample',
  x: { label: 'instances', scale: 'log' },
  y: { label: 'microseconds', scale: 'log' },
  series: [
    {
      name: 'ours',
      points: [
        [1, 4],
        [10, 4.2],
        [100, 5],
      ],
    },
    {
      name: 'theirs',
      points: [
        [1, 24],
        [10, 60],
        [100, 850],
      ],
    },
  ],
};
const BARS: Chart = { ...LINES, x: { label: 'workers', scale: 'bands' }, y: { label: 'us', scale: 'linear' } };

test.each([
  { kind: 'lines', chart: LINES, marks: /<circle /g },
  { kind: 'bars', chart: BARS, marks: /<rect class="mark s\d" x="[^"]*" y="[^"]*" width="64"/g },
])('a chart of $kind has a mark and a figure for each point, and colours for dark pages', ({ chart, marks }) => {
  const svg = drawChart(chart);
  expect(svg.match(marks)).toHaveLength(6);
  expect(svg.match(/class="value s\d"/g)).toHaveLength(6);
  expect(svg).toContain('prefers-color-scheme: dark');
  expect(svg).toContain('Ours &lt; theirs &amp; others');
  // Every element is closed, and nothing was placed nowhere.
  expect(svg.match(/<[a-z]/g)?.length).toBe((svg.match(/\/>/g)?.length ?? 0) + (svg.match(/<\//g)?.length ?? 0));
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('a line of many points has no marks', () => {
  const points = Array.from({ length: 120 }, (_, at) => [at / 12, 80 + at] as const);
  const svg = drawChart({ ...LINES, x: BARS.y, y: BARS.y, series: [{ name: 'memory', points }] });
  expect(svg).toContain('<polyline');
  expect(svg).not.toContain('<circle');
});
