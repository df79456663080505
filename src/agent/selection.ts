/** The parameters that narrow a list of nodes or instances: `tag`, `node-meta`, `passing` (http-api A5, B2, B6). */
import { HttpError } from './http-error.js';
import { parseGoBoolean } from './query-options.js';
import type { CheckRow, NodeRow, ServiceRow } from './rows.js';

/** `?node-meta=key:value`, all of them; a key alone compares with the empty string. */
export function hasNodeMeta(row: NodeRow, query: URLSearchParams): boolean {
  return query.getAll('node-meta').every((pair) => {
    const colon = pair.indexOf(':');
    const key = colon < 0 ? pair : pair.slice(0, colon);
    return row.meta?.get(key) === (colon < 0 ? '' : pair.slice(colon + 1));
  });
}

/** `?tag=`, all of them, in any letter case. */
export function hasTags(row: ServiceRow, query: URLSearchParams): boolean {
  return query.getAll('tag').every((wanted) => row.tags.some((tag) => tag.toLowerCase() === wanted.toLowerCase()));
}

/** `?passing`, `?passing=1`, ...: whether only instances whose checks all pass are wanted. */
export function wantsPassing(query: URLSearchParams): boolean {
  const text = query.get('passing');
  if (text === null) return false;
  const wanted = text === '' ? true : parseGoBoolean(text);
  if (wanted === undefined) throw new HttpError(400, 'Invalid value for ?passing');
  return wanted;
}

export function arePassing(checks: readonly CheckRow[]): boolean {
  return checks.every((check) => check.status === 'passing');
}
