/** Go's durations (`1m30s`, `250ms`), in milliseconds with fractions. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** 63 bits of nanoseconds, about 292 years. */
export const MAX_MS = 2 ** 63 / 1e6;
const PART = /([0-9]*)(\.[0-9]*)?([^0-9.]*)/y;

export class DurationError extends Error {
  override readonly name = 'DurationError';
}

/** Milliseconds of a duration; throws a `DurationError` worded as Go words it. */
export function parseDurationMs(text: string): number {
  const invalid = (): DurationError => new DurationError(`time: invalid duration ${JSON.stringify(text)}`);
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[-+]/, '');
  if (body === '0') return 0;
  if (body === '') throw invalid();
  let totalMs = 0;
  for (PART.lastIndex = 0; PART.lastIndex < body.length; ) {
    const [, digits = '', fraction = '', unit = ''] = PART.exec(body) ?? [];
    if (digits === '' && fraction.length < 2) throw invalid();
    if (unit === '') throw new DurationError(`time: missing unit in duration ${JSON.stringify(text)}`);
    const unitMs = UNIT_MS[unit];
    if (unitMs === undefined) {
      throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    totalMs += Number(`${digits || '0'}${fraction}`) * unitMs;
    if (totalMs > MAX_MS) throw invalid();
  }
  return sign * totalMs;
}

/** Go's spelling of a duration: `1m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const sign = ms < 0 ? '-' : '';
  const whole = Math.abs(ms);
  if (whole < 1e-3) return `${sign}${round(whole * 1e6)}ns`;
  if (whole < 1) return `${sign}${round(whole * 1e3)}µs`;
  if (whole < 1000) return `${sign}${round(whole)}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = round((whole % 60_000) / 1000);
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}

function round(value: number): number {
  return Number(value.toFixed(9));
}
