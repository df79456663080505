/**
 * A JSON reader that behaves as Go's does where clients can tell: numbers keep their spelling, the later of two equal
 * keys wins, and errors read as Go's (http-api B2, "Bodies").
 */
import { JsonNumber, type JsonValue } from './value.js';

export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  /** True when the text ended too early; Go words that differently for streams and for whole files. */
  readonly isTruncated: boolean;

  constructor(message: string, isTruncated: boolean) {
    super(message);
    this.isTruncated = isTruncated;
  }
}

const MAX_DEPTH = 1000;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WHITESPACE = /[ \t\r\n]*/y;
/** Half of a pair, which Go's strings cannot hold either. */
const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** The first value of a text; what follows it is left unread, as Go's decoder leaves it. */
export function readFirstJson(text: string): JsonValue {
  return new JsonReader(text).readValue(0);
}

/** The only value of a text. */
export function readJson(text: string): JsonValue {
  const reader = new JsonReader(text);
  const value = reader.readValue(0);
  reader.expectEnd();
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readValue(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth', false);
    const first = this.#peek();
    if (first === '{') return this.#readObject(depth);
    if (first === '[') return this.#readArray(depth);
    if (first === '"') return this.#readString();
    if (first === '-' || (first >= '0' && first <= '9')) return this.#readNumber();
    if (first === 't') return this.#readWord('true', true);
    if (first === 'f') return this.#readWord('false', false);
    if (first === 'n') return this.#readWord('null', null);
    throw this.#unexpected('looking for beginning of value');
  }

  expectEnd(): void {
    this.#skip(WHITESPACE);
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
  }

  #readObject(depth: number): JsonValue {
    const entries = new Map<string, JsonValue>();
    this.#at += 1;
    if (this.#peek() === '}') {
      this.#at += 1;
      return entries;
    }
    for (;;) {
      if (this.#peek() !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#readString();
      if (this.#peek() !== ':') throw this.#unexpected('after object key');
      this.#at += 1;
      const value = this.readValue(depth + 1);
      // Deleted first, so that the later of two keys also stands at the later place.
      entries.delete(key);
      entries.set(key, value);
      const next = this.#peek();
      if (next !== ',' && next !== '}') throw this.#unexpected('after object key:value pair');
      this.#at += 1;
      if (next === '}') return entries;
    }
  }

  #readArray(depth: number): JsonValue {
    const elements: JsonValue[] = [];
    this.#at += 1;
    if (this.#peek() === ']') {
      this.#at += 1;
      return elements;
    }
    for (;;) {
      elements.push(this.readValue(depth + 1));
      const next = this.#peek();
      if (next !== ',' && next !== ']') throw this.#unexpected('after array element');
      this.#at += 1;
      if (next === ']') return elements;
    }
  }

  #readString(): string {
    this.#at += 1;
    let text = '';
    for (;;) {
      text += this.#skip(PLAIN_TEXT);
      const next = this.#text[this.#at];
      if (next === undefined) throw this.#truncated();
      if (next !== '"' && next !== '\\') throw this.#unexpected('in string literal');
      this.#at += 1;
      if (next === '"') return text.replace(LONE_SURROGATE, '\ufffd');
      text += this.#readEscape();
    }
  }

  #readEscape(): string {
    const letter = this.#text[this.#at];
    if (letter === undefined) throw this.#truncated();
    if (letter !== 'u') {
      const plain = ESCAPES[letter];
      if (plain === undefined) throw this.#unexpected('in string escape code');
      this.#at += 1;
      return plain;
    }
    this.#at += 1;
    const start = this.#at;
    for (; this.#at < start + 4; this.#at += 1) {
      const digit = this.#text[this.#at];
      if (digit === undefined) throw this.#truncated();
      if (!/[0-9a-fA-F]/.test(digit)) throw this.#unexpected('in \\u hexadecimal character escape');
    }
    return String.fromCharCode(Number.parseInt(this.#text.slice(start, this.#at), 16));
  }

  #readNumber(): JsonNumber {
    const literal = this.#skip(NUMBER);
    if (literal === '') {
      this.#at += 1;
      if (this.#at >= this.#text.length) throw this.#truncated();
      throw this.#unexpected('in numeric literal');
    }
    return new JsonNumber(literal);
  }

  #readWord<T>(word: string, value: T): T {
    for (let offset = 1; offset < word.length; offset += 1) {
      this.#at += 1;
      if (this.#at >= this.#text.length) throw this.#truncated();
      if (this.#text[this.#at] !== word[offset]) {
        throw this.#unexpected(`in literal ${word} (expecting ${quoteCharacter(word[offset] ?? '')})`);
      }
    }
    this.#at += 1;
    return value;
  }

  /** The next character that is not white space, which becomes the current one. */
  #peek(): string {
    this.#skip(WHITESPACE);
    const next = this.#text[this.#at];
    if (next === undefined) throw this.#truncated();
    return next;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += matched.length;
    return matched;
  }

  #truncated(): JsonSyntaxError {
    return new JsonSyntaxError('unexpected end of JSON input', true);
  }

  #unexpected(where: string): JsonSyntaxError {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0xfffd);
    return new JsonSyntaxError(`invalid character ${quoteCharacter(character)} ${where}`, false);
  }
}

const CHARACTER_ESCAPES: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quoteCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const plain = code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  return `'${CHARACTER_ESCAPES[character] ?? plain}'`;
}
