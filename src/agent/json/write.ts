import { compareText } from '../order.js';

/** What can be written: objects keep their order of keys (Go's structs), maps are sorted by key (Go's maps). */
export type Writable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | readonly Writable[]
  | ReadonlyMap<string, Writable>
  | { readonly [field: string]: Writable };

const INDENT = '    ';
const ESCAPES = /\\(?:u(d[89a-f][0-9a-f]{2})|[bf\\"nrt]|u[0-9a-f]{4})|[<>&\u2028\u2029]/g;

/**
 * Writes JSON as Consul in dev mode does: four spaces, sorted map keys, HTML characters escaped, a final newline
 * (http-api B2, "JSON output"). Fields whose value is `undefined` are left out.
 */
export function writeJson(value: Writable): string {
  const parts: string[] = [];
  write(value, '', parts);
  parts.push('\n');
  return parts.join('');
}

function write(value: Writable, indent: string, parts: string[]): void {
  if (value === null || value === undefined) parts.push('null');
  else if (typeof value === 'string') parts.push(quote(value));
  else if (typeof value !== 'object') parts.push(String(value));
  else if (isList(value)) writeList(value, indent, parts);
  else writeFields(value instanceof Map ? sortedEntries(value) : Object.entries(value), indent, parts);
}

function writeList(elements: readonly Writable[], indent: string, parts: string[]): void {
  if (elements.length === 0) {
    parts.push('[]');
    return;
  }
  const inner = indent + INDENT;
  let lead = '[\n';
  for (const element of elements) {
    parts.push(lead, inner);
    write(element, inner, parts);
    lead = ',\n';
  }
  parts.push('\n', indent, ']');
}

function writeFields(entries: readonly (readonly [string, Writable])[], indent: string, parts: string[]): void {
  const inner = indent + INDENT;
  let lead = '{\n';
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    parts.push(lead, inner, quote(key), ': ');
    write(value, inner, parts);
    lead = ',\n';
  }
  if (lead === '{\n') parts.push('{}');
  else parts.push('\n', indent, '}');
}

// A type guard of its own: Array.isArray does not narrow a readonly array.
function isList(value: object): value is readonly Writable[] {
  return Array.isArray(value);
}

function sortedEntries(map: ReadonlyMap<string, Writable>): [string, Writable][] {
  return [...map].sort(([a], [b]) => compareText(a, b));
}

/** Go's spelling of a string: no short forms for backspace and form feed, `<`, `>` and `&` escaped, no lone surrogates. */
function quote(text: string): string {
  return JSON.stringify(text).replace(ESCAPES, (match, surrogate: string | undefined) => {
    if (surrogate !== undefined) return '\\ufffd';
    if (match === '\\b') return '\\u0008';
    if (match === '\\f') return '\\u000c';
    if (match.startsWith('\\')) return match;
    return `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
