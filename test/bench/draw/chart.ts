/** What the charts of the benchmark show. */
import type { Point } from '../measure/statistics.js';

export interface Chart {
  /** The name of its file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  /** With the unit. */
  readonly label: string;
  /** `bands` is for x only: a group of bars for each value. */
  readonly scale: 'linear' | 'log' | 'bands';
}

/** Three of them at most: there are no more colours. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}
