import { DurationError, parseDurationMs } from './duration.js';
import { HttpError } from './http-error.js';

/** The parameters that all reads understand (http-api A1.1, A2, B2). */
export interface QueryOptions {
  /** 0 never blocks. */
  readonly index: number;
  readonly waitMs: number;
  readonly consistency: 'leader' | 'stale' | 'consistent';
  readonly isCached: boolean;
}

const DEFAULT_WAIT_MS = 300_000;
const MAX_WAIT_MS = 600_000;
const MAX_UINT64 = 2n ** 64n - 1n;

export function parseQueryOptions(query: URLSearchParams, cacheControl: string | undefined): QueryOptions {
  const isConsistent = query.has('consistent');
  const isStale = query.has('stale') || hasMaxStale(query);
  const isCached = query.has('cached');
  const options: QueryOptions = {
    index: parseIndex(query.get('index')),
    waitMs: parseWaitMs(query.get('wait')),
    consistency: isConsistent ? 'consistent' : isStale && !query.has('leader') ? 'stale' : 'leader',
    isCached,
  };
  if (isStale && isConsistent) throw conflict('stale');
  if (isCached && isConsistent) throw conflict('cached');
  if (isCached && cacheControl !== undefined) checkCacheControl(cacheControl);
  return options;
}

/** Refuses a datacenter other than ours. */
export function checkDatacenter(asked: string | null, datacenter: string): void {
  if (asked !== null && asked !== '' && asked !== datacenter) throw new HttpError(500, 'No path to datacenter');
}

/** A Go boolean: `1 t T TRUE true True` and their opposites; undefined for anything else. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  return undefined;
}

/** Decimal digits of an unsigned 64-bit number; undefined for anything else. */
export function parseUint64(text: string): bigint | undefined {
  if (!/^[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text);
  return value > MAX_UINT64 ? undefined : value;
}

function parseIndex(text: string | null): number {
  if (text === null || text === '') return 0;
  const index = parseUint64(text);
  if (index === undefined) throw new HttpError(400, 'Invalid index');
  return Number(index);
}

function parseWaitMs(text: string | null): number {
  if (text === null || text === '') return DEFAULT_WAIT_MS;
  try {
    const waitMs = parseDurationMs(text);
    return waitMs > 0 ? Math.min(waitMs, MAX_WAIT_MS) : DEFAULT_WAIT_MS;
  } catch (error) {
    if (error instanceof DurationError) throw new HttpError(400, 'Invalid wait time');
    throw error;
  }
}

function hasMaxStale(query: URLSearchParams): boolean {
  const text = query.get('max_stale');
  if (text === null || text === '') return false;
  try {
    parseDurationMs(text);
    return true;
  } catch (error) {
    if (error instanceof DurationError) throw new HttpError(400, `Invalid max_stale value ${JSON.stringify(text)}`);
    throw error;
  }
}

function conflict(mode: string): HttpError {
  return new HttpError(400, `Cannot specify ?${mode} with ?consistent, conflicting semantics.`);
}

function checkCacheControl(value: string): void {
  for (const directive of value.split(',')) {
    const [name = '', seconds = ''] = directive.trim().toLowerCase().split('=');
    if ((name === 'max-age' || name === 'stale-if-error') && !/^[0-9]+$/.test(seconds)) {
      throw new HttpError(400, 'Invalid Cache-Control header.');
    }
  }
}
