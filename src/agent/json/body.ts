import { DurationError, parseDurationMs } from '../duration.js';
import { HttpError } from '../http-error.js';
import type { Decoder, Dialect } from './decode.js';
import { JsonSyntaxError, readFirstJson } from './read.js';
import { JsonNumber, jsonKind } from './value.js';

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
  wrongType: (value, { type }, { struct, path }) => {
    const kind = value instanceof JsonNumber && type !== 'string' ? `number ${value.literal}` : jsonKind(value);
    const target = path === '' ? `value of type ${type}` : `struct field ${struct}${path} of type ${type}`;
    return new BodyError(`json: cannot unmarshal ${kind} into Go ${target}`);
  },
  // Numbers are nanoseconds; Consul passes over values of other types.
  durationMs: (value) => {
    if (typeof value === 'string') return parseDurationMs(value);
    return value instanceof JsonNumber ? Number(value.literal) / 1e6 : 0;
  },
};

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
