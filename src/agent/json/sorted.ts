import { JsonNumber, type JsonObject, type JsonValue } from './value.js';
import type { Writable } from './write.js';

/** JSON that came from outside, as Go shows it again: objects sorted by key, numbers as it prints a float64. */
export function sorted(value: JsonValue): Writable {
  if (value instanceof JsonNumber) return Number(value.literal);
  if (value === null || typeof value !== 'object') return value;
  if (isObject(value)) return new Map([...value].map(([key, field]) => [key, sorted(field)]));
  return value.map(sorted);
}

function isObject(value: readonly JsonValue[] | JsonObject): value is JsonObject {
  return value instanceof Map;
}
