import { formatNumber } from '../sections/format.js';
import type { Series } from './chart.js';
import type { Scale } from './scale.js';

export interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

/** With more points than this a line has no marks and no figures on it. */
const MOST_MARKED = 12;
const BAR_WIDTH = 64;
const BAR_GAP = 12;

/** The figures of the first line stand below it, those of the others above: lines may lie close together. */
export function drawLines(series: readonly Series[], { x, y }: Scales): readonly string[] {
  return series.flatMap(({ points }, number) => {
    const places = points.map(([px, py]) => ({ left: x.place(px), top: y.place(py), value: py }));
    const path = places.map(({ left, top }) => `${left.toFixed(1)},${top.toFixed(1)}`).join(' ');
    const line = `<polyline class="line s${number}" points="${path}"/>`;
    if (points.length > MOST_MARKED) return [line];
    const marks = places.flatMap(({ left, top, value }) => [
      `<circle class="mark s${number}" cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="4.5" stroke-width="1.5"/>`,
      figure(value, { left, top: number === 0 ? top + 20 : top - 11, number }),
    ]);
    return [line, ...marks];
  });
}

/** For each value of x a group, in it one bar of each series. */
export function drawBars(series: readonly Series[], { x, y }: Scales): readonly string[] {
  const groupWidth = series.length * BAR_WIDTH + (series.length - 1) * BAR_GAP;
  return series.flatMap(({ points }, number) =>
    points.flatMap(([px, py]) => {
      const left = x.place(px) - groupWidth / 2 + number * (BAR_WIDTH + BAR_GAP);
      const [top, bottom] = [y.place(py), y.place(0)];
      const box = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${BAR_WIDTH}" height="${(bottom - top).toFixed(1)}"`;
      return [
        `<rect class="mark s${number}" ${box} rx="3"/>`,
        figure(py, { left: left + BAR_WIDTH / 2, top: top - 7, number }),
      ];
    }),
  );
}

function figure(
  value: number,
  { left, top, number }: { readonly left: number; readonly top: number; readonly number: number },
): string {
  const place = `x="${left.toFixed(1)}" y="${top.toFixed(1)}"`;
  return `<text class="value s${number}" ${place} text-anchor="middle">${formatNumber(value)}</text>`;
}
