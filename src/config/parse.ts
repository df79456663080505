const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Go's spellings of a boolean (strconv.ParseBool), which Consul's flags and variables take; undefined for others. */
export function parseBoolean(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** A whole number in decimal; undefined when it is not one, or one that a JavaScript number would change. */
export function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  // Adding 0 makes -0 the 0 it is meant to be.
  return Number.isSafeInteger(value) ? value + 0 : undefined;
}

/** A port, 0 ("any free one") included. */
export function parsePort(text: string): number | undefined {
  const port = parseInteger(text);
  return port !== undefined && isPort(port) ? port : undefined;
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

const UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, micro sign
  μs: 1_000n, // U+03BC, Greek letter mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const DURATION_PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;
/** Go keeps durations in a signed 64-bit number of nanoseconds. */
const MAX_NANOSECONDS = 2n ** 63n - 1n;

/**
 * Milliseconds in a Go duration (time.ParseDuration): "300ms", "1m30s", "1.5h", "-2s", "0".
 *
 * Undefined when it is not one: a number needs its unit.
 */
export function parseDuration(text: string): number | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const body = text.slice(sign.length);
  if (body === '0') return 0;
  let total = 0n;
  let end = 0;
  while (end < body.length) {
    DURATION_PART.lastIndex = end;
    const [part, whole = '', fraction = '', unit = ''] = DURATION_PART.exec(body) ?? [];
    const nanoseconds = UNIT_NANOSECONDS[unit];
    if (part === undefined || nanoseconds === undefined || whole + fraction === '') return undefined;
    total += BigInt(whole) * nanoseconds + (BigInt(fraction) * nanoseconds) / 10n ** BigInt(fraction.length);
    end += part.length;
  }
  if (end === 0 || total > MAX_NANOSECONDS) return undefined;
  // Split, because nanoseconds of more than three months are above what a number holds exactly.
  const milliseconds = Number(total / 1_000_000n) + Number(total % 1_000_000n) / 1e6;
  return sign === '-' && milliseconds !== 0 ? -milliseconds : milliseconds;
}

const PARTS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** The duration as Go reads it, without parts that are zero; `parseDuration` of it gives the same number of ms. */
export function formatDuration(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  let text = '';
  for (const [unit, size] of PARTS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return `${milliseconds < 0 ? '-' : ''}${text || '0s'}`;
}

/** A zone: lower case, with the trailing dot; undefined when no such name can exist, and for the root. */
export function parseDomain(text: string): string | undefined {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length > 253 || !name.split('.').every((label) => /^[\w-]{1,63}$/.test(label))) return undefined;
  return `${name.toLowerCase()}.`;
}
