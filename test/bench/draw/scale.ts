/** Where values stand along an axis. */

export interface Scale {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** In pixels; the end lies above the start on a vertical axis, so it may be the smaller one. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const WANTED_TICKS = 5;

/** From 0 to a round number that no value exceeds. */
export function linearScale(values: readonly number[], { start, end }: Extent): Scale {
  const largest = Math.max(...values);
  const step = roundStep(largest / WANTED_TICKS);
  const last = Math.ceil(largest / step);
  return {
    ticks: Array.from({ length: last + 1 }, (_, number) => number * step),
    place: (value) => start + (value / (last * step)) * (end - start),
  };
}

/** From the first to the last of the values, with a tick for each. */
export function logScaleOf(values: readonly number[], extent: Extent): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  return { ticks, place: logPlace(ticks[0] ?? 1, ticks.at(-1) ?? 1, extent) };
}

/** From one power of ten to another, with all values between them. */
export function decadeScale(values: readonly number[], extent: Extent): Scale {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = Array.from({ length: last - first + 1 }, (_, number) => 10 ** (first + number));
  return { ticks, place: logPlace(10 ** first, 10 ** last, extent) };
}

/** Each of the values in the middle of a band of its own. */
export function bandScale(values: readonly number[], { start, end }: Extent): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const width = (end - start) / ticks.length;
  return { ticks, place: (value) => start + (ticks.indexOf(value) + 0.5) * width };
}

function logPlace(first: number, last: number, { start, end }: Extent): (value: number) => number {
  return (value) => start + (Math.log(value / first) / Math.log(last / first)) * (end - start);
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return ([1, 2, 5].find((factor) => factor * power >= atLeast) ?? 10) * power;
}
