/** A JSON number as it was written: Go tells `1` from `1.0` and `1e3`, and reads 64-bit integers, which a JS number cannot. */
export class JsonNumber {
  readonly literal: string;

  constructor(literal: string) {
    this.literal = literal;
  }
}

/** A parsed JSON value. Objects are maps, so that no key is special and their order is the document's. */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject;
export type JsonArray = readonly JsonValue[];
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** What a value is called in Go's messages. */
export function jsonKind(value: JsonValue): 'null' | 'bool' | 'string' | 'number' | 'array' | 'object' {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof JsonNumber) return 'number';
  return value instanceof Map ? 'object' : 'array';
}
