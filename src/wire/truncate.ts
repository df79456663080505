/**
 * Making a message fit. Answers are written in order until the next would not fit; how many of those stay once their
 * glue is added is then found by halving, going back and forth between checkpoints. So the cost is a handful of passes
 * over what fits, however much there is.
 */
import { MAX_MESSAGE_BYTES } from './constants.js';
import { type Edns, optBytes } from './edns.js';
import { Glue } from './glue.js';
import { encodeEnd, encodeStart, type Message } from './message.js';
import { type Filled, Page } from './page.js';
import type { ResourceRecord } from './rdata.js';
import { WireWriter } from './writer.js';

export interface FitOptions {
  /** The largest size wanted, OPT record included. At least 512: header, question and OPT alone may need that. */
  readonly limitBytes: number;
  readonly compress: boolean;
  /** Whether to set TC when records were left out for size. */
  readonly setTruncated: boolean;
}

export interface FittedMessage {
  readonly bytes: Uint8Array;
  /** The message that the bytes say. */
  readonly kept: Message;
  /** Records that have no wire form, as far as the message got before it was full. They do not set TC. */
  readonly unencodable: readonly ResourceRecord[];
}

interface Placed {
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  /** Whether nothing was left out for size. */
  readonly isWhole: boolean;
}

/**
 * Encodes as much of a message as `limitBytes` takes. What goes first: additional records that are no addresses of a
 * target in the answer; the authority section; answers from the end, with their glue. One answer stays if one fits,
 * without glue if need be. Question and OPT always stay.
 *
 * Throws WireError only when header, question or OPT cannot be encoded.
 */
export function fitMessage(message: Message, { limitBytes, compress, setTruncated }: FitOptions): FittedMessage {
  const writer = new WireWriter({ compress });
  encodeStart(message, writer);
  const limit = Math.min(limitBytes, MAX_MESSAGE_BYTES);
  const edns = message.edns && fittingEdns(message.edns, limit - writer.length);
  const page = new Page(writer, limit - (edns === undefined ? 0 : optBytes(edns)));

  const answer = page.fill(message.answer);
  const whole = answer.isWhole ? placeAll(message, answer.kept, page) : undefined;
  const { isWhole, ...sections } = whole ?? placePart(message, answer, page);
  const kept = { ...message, ...sections, edns, truncated: message.truncated || (setTruncated && !isWhole) };
  encodeEnd(kept, writer);
  return { bytes: writer.finish(), kept, unencodable: [...page.unencodable] };
}

/** EDNS options give way when they alone are too much (RFC 8914 section 3 says so of extended errors). */
function fittingEdns(edns: Edns, roomBytes: number): Edns {
  return optBytes(edns) <= roomBytes ? edns : { ...edns, options: [] };
}

/** Puts authority and additional section behind the whole answer; nothing when they do not fit. */
function placeAll(message: Message, answer: readonly ResourceRecord[], page: Page): Placed | undefined {
  return page.attempt(() => {
    const authority = page.fill(message.authority);
    if (!authority.isWhole) return undefined;
    const additional = page.fill(message.additional);
    return additional.isWhole
      ? { answer, authority: authority.kept, additional: additional.kept, isWhole: true }
      : undefined;
  });
}

function placePart(message: Message, answer: Filled, page: Page): Placed {
  const glue = new Glue(message.additional);
  return (
    (answer.isWhole ? placeGlueFirst(message, answer.kept, { glue, page }) : undefined) ??
    placeFewer(answer, glue, page) ??
    placeOne(message.answer, glue, page)
  );
}

/** Puts authority and glue behind the whole answer, nothing when they do not fit; then as much else as fits. */
function placeGlueFirst(
  message: Message,
  answer: readonly ResourceRecord[],
  { glue, page }: { readonly glue: Glue; readonly page: Page },
): Placed | undefined {
  return page.attempt(() => {
    const authority = page.fill(message.authority);
    if (!authority.isWhole) return undefined;
    const { needed, rest } = glue.split(answer);
    const first = page.fill(needed);
    if (!first.isWhole) return undefined;
    const more = page.fill(rest);
    return { answer, authority: authority.kept, additional: [...first.kept, ...more.kept], isWhole: more.isWhole };
  });
}

/** Keeps as many answers as fit together with their glue; undefined, and nothing kept, when not even the first does. */
function placeFewer({ kept, ends }: Filled, glue: Glue, page: Page): Placed | undefined {
  let onPage = kept.length;
  const place = (count: number): Placed => {
    page.rollback(ends[Math.min(onPage, count)]!); // `ends` has one more element than `kept`
    page.overfill(kept.slice(onPage, count));
    onPage = count;
    const answer = kept.slice(0, count);
    return { answer, authority: [], additional: page.overfill(glue.split(answer).needed), isWhole: false };
  };

  let fitting = 0;
  let tooMany = kept.length + 1;
  while (tooMany - fitting > 1) {
    const count = (fitting + tooMany) >> 1;
    place(count);
    if (page.surplusBytes > 0) tooMany = count;
    else fitting = count;
  }
  const placed = place(fitting);
  return fitting === 0 ? undefined : placed;
}

/** Keeps the first answer that fits by itself, with as much of its glue as fits. */
function placeOne(answers: readonly ResourceRecord[], glue: Glue, page: Page): Placed {
  for (const answer of answers) {
    const { kept } = page.fill([answer]);
    if (kept.length === 0) continue;
    const additional = page.fill(glue.split(kept).needed).kept;
    return { answer: kept, authority: [], additional, isWhole: false };
  }
  return { answer: [], authority: [], additional: [], isWhole: false };
}
