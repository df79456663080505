/**
 * Decoders: small functions that turn parsed JSON into typed values or refuse it. One set of decoders describes a
 * definition; a `Dialect` says how its keys are matched and how refusals are worded (HTTP bodies speak Go's
 * encoding/json, files speak Consul's configuration reader).
 */
import { JsonNumber, type JsonObject, type JsonValue } from './value.js';

export interface Dialect {
  /** What two spellings of one key have in common. */
  readonly foldKey: (key: string) => string;
  /** How a field stands in paths: under its name, or as it was written. */
  readonly fieldPart: (name: string, written: string) => string;
  /** How the element of a list or map stands in paths. */
  readonly elementPart: (key: string | number) => string;
  /** Takes note of a key that no field has; throws when that is the end of it. */
  readonly unknownKey: (key: string, place: Place) => void;
  readonly wrongType: (value: JsonValue, expected: Expected, place: Place) => Error;
  /** A duration in milliseconds. */
  readonly durationMs: (value: JsonValue, place: Place) => number;
}

export interface Expected {
  readonly shape: 'scalar' | 'list' | 'map';
  /** Go's name of the type. */
  readonly type: string;
}

/** Where in a document a decoder stands. */
export interface Place {
  readonly dialect: Dialect;
  /** Go's name of the structure around; empty for a nameless one. */
  readonly struct: string;
  readonly path: string;
}

export type Decoder<T> = (value: JsonValue, place: Place) => T;
type Fields = Readonly<Record<string, Decoder<unknown>>>;

/** A decoded object: absent and `null` fields are left out. */
export type Decoded<F extends Fields> = { readonly [Key in keyof F]?: ReturnType<F[Key]> };

interface ObjectOptions {
  /** Take `enable_tag_override` for `EnableTagOverride` whatever the dialect does. */
  readonly snakeCase?: boolean;
  /** Pass over keys that no field has. */
  readonly allowsUnknown?: boolean;
}

/** An object with exactly these fields, spelled as Consul's API spells them. */
export function object<F extends Fields>(
  struct: string,
  fields: F,
  { snakeCase = false, allowsUnknown = false }: ObjectOptions = {},
): Decoder<Decoded<F>> {
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  return (value, outer) => {
    if (value === null) return {};
    if (!(value instanceof Map)) throw outer.dialect.wrongType(value, { shape: 'map', type: struct }, outer);
    const place = { ...outer, struct };
    const decoded: Record<string, unknown> = {};
    for (const [key, field] of entriesOf(value)) {
      const folded = outer.dialect.foldKey(key);
      const name = names.get(folded) ?? (snakeCase ? names.get(folded.replaceAll('_', '')) : undefined);
      const decode = name === undefined ? undefined : fields[name];
      if (name === undefined || decode === undefined) {
        if (!allowsUnknown) outer.dialect.unknownKey(key, place);
      } else if (field !== null) {
        decoded[name] = decode(field, { ...place, path: outer.path + outer.dialect.fieldPart(name, key) });
      }
    }
    // Every field was made by the decoder of its own name.
    return decoded as Decoded<F>;
  };
}

export function list<T>(decode: Decoder<T>, type: string): Decoder<readonly T[]> {
  return (value, place) => {
    // An element that is null is Go's empty list.
    if (value === null) return [];
    if (!Array.isArray(value)) throw place.dialect.wrongType(value, { shape: 'list', type }, place);
    return value.map((element: JsonValue, position) => decode(element, elementOf(place, position)));
  };
}

export function mapOf<T>(decode: Decoder<T>, type: string): Decoder<ReadonlyMap<string, T>> {
  return (value, place) => {
    if (!(value instanceof Map)) throw place.dialect.wrongType(value, { shape: 'map', type }, place);
    return new Map(entriesOf(value).map(([key, element]) => [key, decode(element, elementOf(place, key))]));
  };
}

export const text: Decoder<string> = (value, place) => {
  // An element that is null is Go's empty string.
  if (value === null) return '';
  if (typeof value !== 'string') throw place.dialect.wrongType(value, scalar('string'), place);
  return value;
};

export const flag: Decoder<boolean> = (value, place) => {
  if (typeof value !== 'boolean') throw place.dialect.wrongType(value, scalar('bool'), place);
  return value;
};

export const integer: Decoder<number> = (value, place) => {
  const number = value instanceof JsonNumber && /^-?[0-9]+$/.test(value.literal) ? Number(value.literal) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw place.dialect.wrongType(value, scalar('int'), place);
  return number;
};

const MAX_UINT64 = 2n ** 64n - 1n;

export const unsigned: Decoder<bigint> = (value, place) => {
  const number = value instanceof JsonNumber && /^[0-9]+$/.test(value.literal) ? BigInt(value.literal) : -1n;
  if (number < 0n || number > MAX_UINT64) throw place.dialect.wrongType(value, scalar('uint64'), place);
  return number;
};

export const durationMs: Decoder<number> = (value, place) => place.dialect.durationMs(value, place);

/** An object that is kept as it came, so long as Go could hold it. */
export const opaque: Decoder<JsonObject> = (value, place) => {
  if (!(value instanceof Map))
    throw place.dialect.wrongType(value, { shape: 'map', type: 'map[string]interface {}' }, place);
  checkNumbers(value, place);
  return value;
};

function checkNumbers(value: JsonValue, place: Place): void {
  if (value instanceof JsonNumber) {
    if (!Number.isFinite(Number(value.literal))) throw place.dialect.wrongType(value, scalar('float64'), place);
  } else if (value instanceof Map || Array.isArray(value)) {
    // The values of either; `instanceof Map` and `isArray` lose what they are.
    for (const inner of value.values() as Iterable<JsonValue>) checkNumbers(inner, place);
  }
}

export const textList = list(text, '[]string');
export const textMap = mapOf(text, 'map[string]string');

function elementOf(place: Place, key: string | number): Place {
  return { ...place, path: place.path + place.dialect.elementPart(key) };
}

function scalar(type: string): Expected {
  return { shape: 'scalar', type };
}

/** The entries of an object; `instanceof Map` loses what a map's values are. */
function entriesOf(value: JsonObject): [string, JsonValue][] {
  return [...value];
}
