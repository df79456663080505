/** Reading single values of a JSON answer. `null` and what is missing mean empty (http-api A5). */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text; empty when it is missing or something else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list; shared and frozen when there are none. */
export function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) return NO_TEXTS;
  return Object.freeze(value.filter((item): item is string => typeof item === 'string').slice());
}

/** The entries of a map that are texts; shared and frozen when there are none. */
export function textMapOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return NO_MAP;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  // fromEntries defines own properties, so a key such as "__proto__" is a key like any other.
  return entries.length === 0 ? NO_MAP : Object.freeze(Object.fromEntries(entries));
}

/** An integer from 0 to 65535; a missing one is 0, anything else undefined. */
export function uint16Of(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff ? value : undefined;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Whole seconds of a Go duration (`1m30s`), the rest cut off; undefined for an empty or an unreadable one. */
export function secondsOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === '0') return 0;
  if (!/^\+?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/.test(text))
    return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([^\d.]+)/g)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0);
  }
  // 0.1 s + 0.9 s must not become 0 s for a rounding error in the last bit.
  return Math.floor(seconds + 1e-9);
}

const NO_TEXTS: readonly string[] = Object.freeze([]);
const NO_MAP: Readonly<Record<string, string>> = Object.freeze({});
