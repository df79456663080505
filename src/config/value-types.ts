import { formatDuration, isPort, parseBoolean, parseDuration, parseInteger, parsePort } from './parse.js';

/** How a setting's value is written: as text on the command line and in the environment, as JSON in a file. */
export interface ValueType<T> {
  /** Completes "must be ..." in messages. */
  readonly expects: string;
  /** Stands for the value in `--help`. */
  readonly placeholder: string;
  /** True when the flag alone, without a value, means "true". */
  readonly isSwitch: boolean;
  /** Undefined when the text is malformed or out of range. */
  parse(text: string): T | undefined;
  /** Types are as strict as Consul's: durations are strings, numbers are numbers. Undefined when malformed. */
  decode(json: unknown): T | undefined;
  /** Text that `parse` reads as the same value. */
  format(value: T): string;
  /** What several mentions in one place come to: repeated flags, several files. */
  merge(earlier: T, later: T): T;
}

/** A single value: the last mention wins, and JSON holds it as a string in the same form as text. */
export function single<T>(type: {
  readonly expects: string;
  readonly placeholder: string;
  parse(text: string): T | undefined;
  decode?(json: unknown): T | undefined;
  format?(value: T): string;
}): ValueType<T> {
  return {
    isSwitch: false,
    decode: (json) => (typeof json === 'string' ? type.parse(json) : undefined),
    format: String,
    merge: (_earlier, later) => later,
    ...type,
  };
}

export const text = single({ expects: 'a text of at least one character', placeholder: 'text', parse: nonEmpty });
export const path = single({ expects: 'a path', placeholder: 'path', parse: nonEmpty });

function nonEmpty(value: string): string | undefined {
  return value === '' ? undefined : value;
}

export const boolean: ValueType<boolean> = {
  ...single({
    expects: 'true or false',
    placeholder: 'bool',
    parse: parseBoolean,
    decode: (json) => (typeof json === 'boolean' ? json : undefined),
  }),
  isSwitch: true,
};

export const port = single({
  expects: 'a port number, 0 to 65535',
  placeholder: 'port',
  parse: parsePort,
  decode: (json) => (typeof json === 'number' && isPort(json) ? json : undefined),
});

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function integer({ min, max }: Range): ValueType<number> {
  const inRange = (value: number | undefined): number | undefined =>
    value !== undefined && value >= min && value <= max ? value : undefined;
  return single({
    expects: `a whole number from ${min} to ${max}`,
    placeholder: 'number',
    parse: (value) => inRange(parseInteger(value)),
    decode: (json) => (typeof json === 'number' && Number.isSafeInteger(json) ? inRange(json) : undefined),
  });
}

/** A whole number, or the word `auto` for what suits the machine. */
export function integerOrAuto(range: Range): ValueType<number | 'auto'> {
  const number = integer(range);
  return single<number | 'auto'>({
    expects: `${number.expects}, or auto`,
    placeholder: 'number|auto',
    parse: (value) => (value === 'auto' ? value : number.parse(value)),
    decode: (json) => (json === 'auto' ? json : number.decode(json)),
  });
}

/** A wait or an age: milliseconds in `Config`, parts of one rounded up. `min` and `max` are in milliseconds. */
export function durationMs(range: Range): ValueType<number> {
  return duration(range, 1, Math.ceil);
}

const MAX_TTL_SECONDS = 2 ** 31 - 1; // RFC 2181 section 8

/** A TTL: seconds in `Config`, parts of one cut off as Consul does (dns-behaviour 10.3). */
export const ttlSeconds = duration({ min: 0, max: MAX_TTL_SECONDS * 1000 }, 1000, Math.trunc);

function duration({ min, max }: Range, unitMs: number, round: (units: number) => number): ValueType<number> {
  return single({
    expects: `a duration such as "1m30s", from ${formatDuration(min)} to ${formatDuration(max)}`,
    placeholder: 'duration',
    parse: (value) => {
      const ms = parseDuration(value);
      return ms !== undefined && ms >= min && ms <= max ? round(ms / unitMs) : undefined;
    },
    format: (value) => formatDuration(value * unitMs),
  });
}

/** One of a few words, in any letter case; `aliases` are further spellings of them. */
export function choice<const W extends string>(
  words: readonly W[],
  aliases: Readonly<Record<string, W>> = {},
): ValueType<W> {
  const meanings = new Map([...words.map((word) => [word, word] as const), ...Object.entries(aliases)]);
  return single({
    expects: `one of ${words.join(', ')}`,
    placeholder: words.join('|'),
    parse: (value) => meanings.get(value.toLowerCase()),
  });
}

/**
 * Several values, none twice: as text with commas or spaces between them, in JSON an array. Mentions add up.
 *
 * With `words`, JSON may hold a single text as well, as Consul's `client_addr` does. With `whole`, a text is one value,
 * whatever is in it.
 */
export function list<T>(item: ValueType<T>, { words = false, whole = false } = {}): ValueType<readonly T[]> {
  const collect = (items: readonly (T | undefined)[]): readonly T[] | undefined => {
    const found = items.filter((value) => value !== undefined);
    return found.length === items.length ? distinct(found) : undefined;
  };
  const distinct = (items: readonly T[]): readonly T[] => [
    ...new Map(items.map((value) => [item.format(value), value])).values(),
  ];
  const parse = (value: string): readonly T[] | undefined => {
    const parts = (whole ? [value] : value.split(/[\s,]+/)).filter((part) => part !== '');
    return parts.length === 0 ? undefined : collect(parts.map((part) => item.parse(part)));
  };
  return {
    expects: `a list with each entry ${item.expects}`,
    placeholder: item.placeholder,
    isSwitch: false,
    parse,
    decode: (json) => {
      if (words && typeof json === 'string') return parse(json);
      return Array.isArray(json) ? collect(json.map((value) => item.decode(value))) : undefined;
    },
    format: (value) => value.map((one) => item.format(one)).join(','),
    merge: (earlier, later) => distinct([...earlier, ...later]),
  };
}

/** Lower-case names with a TTL each: `web=10s,*=5s`, in JSON an object. Mentions add up. */
export const ttlMap: ValueType<ReadonlyMap<string, number>> = {
  expects: 'name and TTL pairs such as web=10s,*=5s',
  placeholder: 'name=duration',
  isSwitch: false,
  parse: (value) =>
    ttlEntries(
      value
        .split(/[\s,]+/)
        .filter((pair) => pair !== '')
        .map((pair) => [pair.slice(0, Math.max(pair.lastIndexOf('='), 0)), pair.slice(pair.lastIndexOf('=') + 1)]),
    ),
  decode: (json) => (isRecord(json) ? ttlEntries(Object.entries(json)) : undefined),
  format: (value) => [...value].map(([name, seconds]) => `${name}=${ttlSeconds.format(seconds)}`).join(','),
  merge: (earlier, later) => new Map([...earlier, ...later]),
};

function ttlEntries(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, number> | undefined {
  const ttls = new Map<string, number>();
  for (const [name, value] of entries) {
    const seconds = ttlSeconds.decode(value);
    if (name === '' || seconds === undefined) return undefined;
    ttls.set(name.toLowerCase(), seconds);
  }
  return ttls;
}

/** A JSON object, arrays not included. */
export function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
