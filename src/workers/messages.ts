/**
 * What the primary and its workers say to each other, as plain data that survives a structured clone.
 *
 * Each side sends batches and handles them in the order they were sent in; what a worker knows of the catalog is right
 * because of that order. Both sides come from the same source, so it is the envelopes that are checked, not the rows.
 */
import type { AnsweringSettings } from '../answering.js';
import type { CatalogErrorCode } from '../catalog/catalog-error.js';
import type { CatalogLookup, Rows } from '../catalog/source.js';
import type { ListenAddress } from '../listen/listener.js';
import type { LogFields } from '../telemetry/log.js';

/** A lookup, and on whose behalf it is made. */
export interface Wanted {
  readonly lookup: CatalogLookup;
  readonly sourceAddress: string;
}

/** What a worker asks for its rows, and says of them. */
export type CatalogRequest =
  | { readonly kind: 'read'; readonly read: number; readonly wanted: Wanted }
  /** These were answered from rows that the worker has: they count as read. */
  | { readonly kind: 'used'; readonly wanted: readonly Wanted[] };

/** What a worker hears of its rows. */
export type CatalogReply =
  /** These rows are not older than any `dropped` before them. */
  | { readonly kind: 'rows'; readonly read: number; readonly rows: Rows }
  | {
      readonly kind: 'no-rows';
      readonly read: number;
      readonly code: CatalogErrorCode | 'internal';
      readonly message: string;
    }
  /** Rows that depend on this entry are not to be used any more. */
  | { readonly kind: 'dropped'; readonly entry: string };

const LOG_METHODS = ['debug', 'info', 'warn', 'error'] as const;
export type LogMethod = (typeof LOG_METHODS)[number];

export type ToPrimary =
  | CatalogRequest
  /** The process is up and waits for `start`. */
  | { readonly kind: 'up' }
  | { readonly kind: 'listening' }
  /** The address cannot be bound; `code` is the system's. The process ends. */
  | { readonly kind: 'not-listening'; readonly address: ListenAddress; readonly code: string; readonly message: string }
  /** All metrics of the process, as prom-client gives them. */
  | { readonly kind: 'metrics'; readonly metrics: readonly object[] }
  | { readonly kind: 'log'; readonly method: LogMethod; readonly message: string; readonly fields: LogFields };

export type ToWorker =
  | CatalogReply
  | { readonly kind: 'start'; readonly settings: AnsweringSettings }
  | { readonly kind: 'update'; readonly settings: AnsweringSettings }
  /** Answer what is under way, and end. */
  | { readonly kind: 'stop' };

type Check = (value: unknown) => boolean;

/** A check for each field of each kind of message. */
type Checks<M extends { readonly kind: string }> = {
  readonly [K in M['kind']]: { readonly [F in Exclude<keyof Extract<M, { kind: K }>, 'kind'>]: Check };
};

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => typeof value === 'number';
const isObject: Check = (value) => typeof value === 'object' && value !== null;
const isWanted: Check = (value) => has(value, 'lookup', isObject) && has(value, 'sourceAddress', isText);

export const TO_PRIMARY: Checks<ToPrimary> = {
  read: { read: isNumber, wanted: isWanted },
  used: { wanted: (value) => Array.isArray(value) && value.every(isWanted) },
  up: {},
  listening: {},
  'not-listening': { address: isObject, code: isText, message: isText },
  metrics: { metrics: Array.isArray },
  log: { method: (value) => LOG_METHODS.some((method) => method === value), message: isText, fields: isObject },
};

export const TO_WORKER: Checks<ToWorker> = {
  rows: { read: isNumber, rows: (value) => has(value, 'kind', isText) && has(value, 'dependsOn', Array.isArray) },
  'no-rows': { read: isNumber, code: isText, message: isText },
  dropped: { entry: isText },
  start: { settings: isObject },
  update: { settings: isObject },
  stop: {},
};

/** The messages of a batch. What others may send over the same channel (libraries do) is none. */
export function messagesIn<M extends { readonly kind: string }>(batch: unknown, checks: Checks<M>): readonly M[] {
  return Array.isArray(batch) ? batch.filter((message): message is M => isMessage(message, checks)) : [];
}

function isMessage(message: unknown, checks: Readonly<Record<string, Readonly<Record<string, Check>>>>): boolean {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false;
  const { kind } = message;
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) return false;
  return Object.entries(checks[kind] ?? {}).every(([field, check]) => has(message, field, check));
}

function has(value: unknown, field: string, check: Check): boolean {
  return typeof value === 'object' && value !== null && check(Reflect.get(value, field));
}
