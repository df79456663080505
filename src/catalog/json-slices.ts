import { setImmediate as nextTurn } from 'node:timers/promises';

/** Parsing this much takes about half a millisecond. */
const SLICE_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses a JSON text whose top level may be long, in slices, and lets the event loop turn between them.
 *
 * Packets are answered on this thread: one `JSON.parse` of a large cluster's services would hold them up for
 * milliseconds. A long array comes as several arrays, a long object as several objects, anything short as it is.
 * Throws a SyntaxError for what is no JSON, slices before the fault having been given out already.
 */
export async function* jsonSlices(body: Buffer): AsyncGenerator<unknown, void, void> {
  const start = body.length > SLICE_BYTES ? skipSpace(body, 0) : 0;
  const opening = body[start];
  if (body.length <= SLICE_BYTES || (opening !== OPEN_ARRAY && opening !== OPEN_OBJECT)) {
    yield JSON.parse(body.toString('utf8'));
    return;
  }
  const [before, after] = opening === OPEN_ARRAY ? ['[', ']'] : ['{', '}'];
  for (let from = start + 1; ; ) {
    const end = endOfSlice(body, from);
    yield JSON.parse(`${before}${body.toString('utf8', from, end)}${after}`);
    if (body[end] !== COMMA) {
      // What closes the top level ends the text; JSON.parse reports whatever else there is.
      const rest = body.toString('utf8', end).trim();
      if (rest !== after) JSON.parse(`${before}${rest}`);
      return;
    }
    from = end + 1;
    await nextTurn();
  }
}

/** Where the first comma of the top level at least a slice ahead stands, or else what closes the top level. */
function endOfSlice(body: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        if (depth === 0) return at;
        depth -= 1;
        break;
      case COMMA:
        if (depth === 0 && at - from >= SLICE_BYTES) return at;
        break;
    }
  }
  return body.length;
}

function endOfString(body: Buffer, opening: number): number {
  let at = opening + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (at < body.length && (body[at] ?? 0) <= 0x20) at += 1;
  return at;
}
