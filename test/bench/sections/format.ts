/** How figures are written. */
import type { Cost, Sample } from '../measure/cost.js';

/** Three digits that matter, none behind the point of a whole number, and thousands set apart. */
export function formatNumber(value: number): string {
  const decimals = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

export function formatMs(value: number): string {
  return Number.isFinite(value) ? `${formatNumber(value)} ms` : '-';
}

export function formatMegabytes(bytes: number): string {
  return `${formatNumber(bytes / 2 ** 20)} MB`;
}

export function formatRate(perSecond: number): string {
  return perSecond < 10_000 ? formatCount(perSecond) : `${Math.round(perSecond / 1_000)}k`;
}

export function formatCost(cost: Cost | undefined): string {
  return cost === undefined ? '-' : `${formatNumber(cost.cpuMicroseconds)} us, ${formatRate(cost.perSecond)} q/s`;
}

export function formatRatio(other: Cost | undefined, own: Cost | undefined): string {
  if (other === undefined || own === undefined) return '-';
  return `${formatNumber(other.cpuMicroseconds / own.cpuMicroseconds)}x`;
}

export function formatSample({ server, load, cpuMicroseconds, perSecond, lost }: Sample): string {
  const cost = formatCost({ cpuMicroseconds, perSecond });
  return `${load} | ${server} | ${cost}${lost > 0 ? `, ${lost} lost` : ''}`;
}

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
