/**
 * Domain names. A name is a string in the presentation format of RFC 1035 section 5.1, always absolute and always in
 * one canonical form: a printable ASCII byte stands for itself, `\.` and `\\` for a dot and a backslash inside a label,
 * `\DDD` (decimal) for every other byte. Letter case is kept. So equal names are equal strings but for letter case,
 * and a name without a backslash, as nearly all are, can be cut at its dots.
 */
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from './constants.js';
import { WireError } from './error.js';

const BACKSLASH = 0x5c;
const DOT = 0x2e;

/** A canonical name without escapes, whose labels have their right lengths. */
const PLAIN_NAME = /^(?:[!-\-/-[\]-~]{1,63}\.)+$/;
const PLAIN_LABEL = /^[!-\-/-[\]-~]+$/;
const NEEDS_ESCAPE = /[^!-\-/-[\]-~]/g;
const ASCII_ONLY = /^[\0-\x7f]*$/;

/** The labels of a name from left to right, each as a string of bytes (one character 0..255 per byte), case kept. */
export function labels(name: string): string[] {
  if (name === '.') return [];
  if (!name.includes('\\')) return name.slice(0, -1).split('.');
  return splitEscaped(name);
}

/** One label of a name from any text, dots and all, encoded as UTF-8. Its length is not checked here. */
export function escapeLabel(text: string): string {
  if (PLAIN_LABEL.test(text)) return text;
  return escapeBytes(ASCII_ONLY.test(text) ? text : utf8Bytes(text));
}

/** The name made of these labels, strings of bytes as `labels` gives them; throws WireError when it would not be one. */
export function nameFromLabels(parts: readonly string[]): string {
  let bytes = 1;
  let name = '';
  for (const label of parts) {
    if (label.length === 0)
      throw new WireError('bad-name', `Cannot build name from labels "${parts.join('", "')}": empty label`);
    if (label.length > MAX_LABEL_BYTES) throw tooLong('label', label, label.length);
    bytes += label.length + 1;
    name += `${escapeBytes(label)}.`;
  }
  if (bytes > MAX_NAME_BYTES) throw tooLong('name', name, bytes);
  return name === '' ? '.' : name;
}

/**
 * The canonical name for a text such as a host name: `a.b` becomes `a.b.`; characters outside printable ASCII become
 * the escaped bytes of their UTF-8 form; escapes already there are understood. Throws WireError (`bad-name`) on empty
 * labels, labels above 63 bytes and names above 255.
 */
export function absolute(text: string): string {
  if (text === '.') return text;
  const name = text.endsWith('.') ? text : `${text}.`;
  if (name.length < MAX_NAME_BYTES && PLAIN_NAME.test(name)) return name;
  return nameFromLabels(splitEscaped(ASCII_ONLY.test(text) ? text : utf8Bytes(text)));
}

/** The name in lower case. Names are ASCII, so nothing but A to Z changes. */
export function lowerName(name: string): string {
  return name.toLowerCase();
}

export function equalNames(a: string, b: string): boolean {
  return a === b || (a.length === b.length && lowerName(a) === lowerName(b));
}

/** Whether `name` is `zone` or below it. */
export function isSubdomain(name: string, zone: string): boolean {
  if (zone === '.') return true;
  const cut = name.length - zone.length;
  if (cut < 0 || !equalNames(name.slice(cut), zone)) return false;
  return cut === 0 || (name.charCodeAt(cut - 1) === DOT && !isEscaped(name, cut - 1));
}

/** Bytes the name takes on the wire without compression. */
export function wireLength(name: string): number {
  if (name === '.') return 1;
  let bytes = name.length + 1;
  for (let at = name.indexOf('\\'); at >= 0; at = name.indexOf('\\', at)) {
    const characters = isDigit(name.charCodeAt(at + 1)) ? 4 : 2;
    bytes -= characters - 1;
    at += characters;
  }
  return bytes;
}

/** The byte that the escape starting at `at` stands for; -1 when it is none. */
export function escapedByte(name: string, at: number): number {
  const next = name.charCodeAt(at + 1);
  if (Number.isNaN(next)) return -1;
  if (!isDigit(next)) return next;
  const [tens, ones] = [name.charCodeAt(at + 2), name.charCodeAt(at + 3)];
  if (!isDigit(tens) || !isDigit(ones)) return -1;
  const byte = (next - 48) * 100 + (tens - 48) * 10 + (ones - 48);
  return byte <= 255 ? byte : -1;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function splitEscaped(name: string): string[] {
  const parts: string[] = [];
  let label = '';
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code === DOT) {
      parts.push(label);
      label = '';
    } else if (code === BACKSLASH) {
      const byte = escapedByte(name, at);
      if (byte < 0) throw new WireError('bad-name', `Cannot read name "${name}": escape without a byte`);
      label += String.fromCharCode(byte);
      at += isDigit(name.charCodeAt(at + 1)) ? 3 : 1;
    } else {
      label += name[at];
    }
  }
  if (label !== '' || parts.length === 0) parts.push(label);
  return parts;
}

function escapeBytes(label: string): string {
  return label.replace(NEEDS_ESCAPE, (byte) =>
    byte === '.' || byte === '\\' ? `\\${byte}` : `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`,
  );
}

/** Whether the character at `at` is behind an odd number of backslashes. */
function isEscaped(name: string, at: number): boolean {
  let backslashes = 0;
  while (name.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

function utf8Bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function tooLong(what: string, text: string, bytes: number): WireError {
  const limit = what === 'label' ? MAX_LABEL_BYTES : MAX_NAME_BYTES;
  return new WireError(
    'bad-name',
    `Cannot use ${what} "${escapeBytes(text)}": ${bytes} bytes, at most ${limit} are allowed`,
  );
}
