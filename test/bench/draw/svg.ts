/** Charts as SVG, to be read in a light and in a dark page. */
import type { Chart } from './chart.js';
import { drawBars, drawLines } from './marks.js';
import { bandScale, decadeScale, linearScale, logScaleOf, type Scale } from './scale.js';
import { STYLE } from './style.js';

const WIDTH = 720;
const HEIGHT = 420;
const PLOT = { left: 64, right: 688, top: 124, bottom: 356 };
const MARGIN = 24;
/** Keeps the figures of the first and the last point off the ticks. */
const INSET = 28;
/** What a letter of the legend takes, and its swatch with the space around it. */
const LETTER_WIDTH = 6.6;
const SWATCH_WIDTH = 44;

export function drawChart(chart: Chart): string {
  const { title, subtitle, series } = chart;
  const { x, y } = scalesOf(chart);
  const marks = chart.x.scale === 'bands' ? drawBars(series, { x, y }) : drawLines(series, { x, y });
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(`${title}: ${subtitle}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>`,
    text(MARGIN, 34, { content: title, kind: 'title' }),
    text(MARGIN, 54, { content: subtitle }),
    ...legend(chart),
    ...axes(chart, { x, y }),
    ...marks,
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function scalesOf({ x, y, series }: Chart): { readonly x: Scale; readonly y: Scale } {
  const xs = series.flatMap(({ points }) => points.map(([value]) => value));
  const ys = series.flatMap(({ points }) => points.map(([, value]) => value));
  const up = { start: PLOT.bottom, end: PLOT.top };
  const inset = x.scale === 'log' ? INSET : 0;
  const across = { start: PLOT.left + inset, end: PLOT.right - inset };
  const scaleX = { linear: linearScale, log: logScaleOf, bands: bandScale }[x.scale];
  return { x: scaleX(xs, across), y: y.scale === 'log' ? decadeScale(ys, up) : linearScale(ys, up) };
}

function legend({ series }: Chart): readonly string[] {
  let left = MARGIN;
  return series.flatMap(({ name }, number) => {
    const at = left;
    left += SWATCH_WIDTH + name.length * LETTER_WIDTH;
    return [
      `<rect class="mark s${number}" x="${at}" y="71" width="18" height="6" rx="3"/>`,
      text(at + 26, 79, { content: name, kind: 'name' }),
    ];
  });
}

function axes(
  { x: { label: xLabel }, y: { label: yLabel } }: Chart,
  { x, y }: Record<'x' | 'y', Scale>,
): readonly string[] {
  const rows = y.ticks.flatMap((tick) => {
    const at = y.place(tick);
    return [
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/>`,
      text(PLOT.left - 8, at + 4, { content: number(tick), anchor: 'end' }),
    ];
  });
  const columns = x.ticks.map((tick) =>
    text(x.place(tick), PLOT.bottom + 20, { content: number(tick), anchor: 'middle' }),
  );
  const labels = [
    text(MARGIN, PLOT.top - 18, { content: yLabel }),
    text((PLOT.left + PLOT.right) / 2, HEIGHT - 20, { content: xLabel, anchor: 'middle' }),
  ];
  return [...rows, ...columns, ...labels];
}

function text(
  x: number,
  y: number,
  { content, kind, anchor = 'start' }: { readonly content: string; readonly kind?: string; readonly anchor?: string },
): string {
  const attributes = `${kind === undefined ? '' : ` class="${kind}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escaped(content)}</text>`;
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
