import { DurationError, MAX_MS, parseDurationMs } from '../duration.js';
import { HttpError } from '../http-error.js';
import type { Decoder, Dialect, Expected, Place } from './decode.js';
import { JsonSyntaxError, readFirstJson } from './read.js';
import { JsonNumber, type JsonValue, jsonKind } from './value.js';

class BodyError extends Error {
  override readonly name = 'BodyError';
}

/** How Go's encoding/json reads request bodies, and what it says when it cannot. */
const bodyDialect: Dialect = {
  foldKey: (key) => key.toLowerCase(),
  fieldPart: (name) => `.${name}`,
  elementPart: () => '',
  unknownKey: (key) => {
    throw new BodyError(`json: unknown field ${JSON.stringify(key)}`);
  },
  wrongType,
  // Numbers are nanoseconds; Consul passes over values of other types.
  durationMs: (value, place) => {
    if (typeof value === 'string') return parseDurationMs(value);
    if (!(value instanceof JsonNumber)) return 0;
    const ms = Math.trunc(Number(value.literal)) / 1e6;
    if (!Number.isFinite(ms)) throw wrongType(value, { shape: 'scalar', type: 'float64' }, place);
    return Math.abs(ms) < MAX_MS ? ms : -MAX_MS;
  },
};

function wrongType(value: JsonValue, { type }: Expected, { struct, path }: Place): BodyError {
  // Go tells the number only where a number, but another one, would do.
  const wantsNumber = /^(?:u?int|float)/.test(type);
  const kind = value instanceof JsonNumber && wantsNumber ? `number ${value.literal}` : jsonKind(value);
  const target = path === '' ? `value of type ${type}` : `struct field ${struct}${path} of type ${type}`;
  return new BodyError(`json: cannot unmarshal ${kind} into Go ${target}`);
}

/** Decodes a request body; what is wrong with it becomes a 400 (http-api B2, "Bodies"). */
export function decodeBody<T>(
  body: Uint8Array,
  decode: Decoder<T>,
  refuse = (reason: string): HttpError => new HttpError(400, `Request decode failed: ${reason}`),
): T {
  const text = new TextDecoder().decode(body);
  if (text.trim() === '') throw refuse('EOF');
  try {
    return decode(readFirstJson(text), { dialect: bodyDialect, struct: '', path: '' });
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw refuse(error.isTruncated ? 'unexpected EOF' : error.message);
    if (error instanceof BodyError || error instanceof DurationError) throw refuse(error.message);
    throw error;
  }
}
