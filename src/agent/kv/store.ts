/** The key/value store (http-api B7): reads with their indexes, and one kind of write, the operation. */

import type { Clock } from '../../clock.js';
import type { Ledger, Write } from '../ledger.js';
import { compareText } from '../order.js';
import type { SessionRow, Sessions } from '../sessions.js';
import type { Position } from '../store.js';
import type { KvPair } from './pair.js';

export const KV_VERBS = [
  'set',
  'cas',
  'lock',
  'unlock',
  'get',
  'get-tree',
  'check-index',
  'check-session',
  'check-not-exists',
  'delete',
  'delete-cas',
  'delete-tree',
] as const;
export type KvVerb = (typeof KV_VERBS)[number];

/** An operation that fails whatever it is about. */
export interface UnknownOperation {
  readonly unknownVerb: string;
}

export interface KvOperation {
  readonly verb: KvVerb;
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  /** What `cas`, `delete-cas` and `check-index` compare with. */
  readonly index: number;
  readonly session: string;
}

export type KvOutcome =
  | { readonly kind: 'done'; readonly pairs: readonly KvPair[] }
  /** A condition did not hold. */
  | { readonly kind: 'refused'; readonly what: string }
  /** The operation makes no sense. */
  | { readonly kind: 'failed'; readonly what: string };

export interface KvParts {
  readonly ledger: Ledger;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

const keyTopic = (key: string): string => `kv/${key}`;
const prefixTopic = (prefix: string): string => `kv-below/${prefix}`;
/** Deleted keys whose index is remembered, so that a prefix's index does not fall. */
const MAX_GRAVES = 10_000;

export class KvStore {
  readonly #parts: KvParts;
  #pairs = new Map<string, KvPair>();
  /** The index at which each key was deleted, the oldest first. */
  #graves = new Map<string, number>();
  /** Until when nobody may lock a key whose holder's session broke, by the clock. */
  readonly #lockDelays = new Map<string, number>();
  #index = 0;

  constructor(parts: KvParts) {
    this.#parts = parts;
    parts.sessions.onEnd((session, write) => this.#releaseAll(session, write));
  }

  get(key: string): KvPair | undefined {
    return this.#pairs.get(key);
  }

  /** The pairs whose keys start with the prefix, by key. */
  list(prefix: string): readonly KvPair[] {
    return [...this.#pairs.values()]
      .filter((pair) => pair.key.startsWith(prefix))
      .sort((a, b) => compareText(a.key, b.key));
  }

  position(key: string): Position {
    return { index: this.#pairs.get(key)?.modifyIndex ?? this.#index, wakeOn: [keyTopic(key)] };
  }

  prefixPosition(prefix: string): Position {
    let index = 0;
    for (const pair of this.#pairs.values()) {
      if (pair.key.startsWith(prefix)) index = Math.max(index, pair.modifyIndex);
    }
    for (const [key, deletedAt] of this.#graves) if (key.startsWith(prefix)) index = Math.max(index, deletedAt);
    return { index: index || this.#index, wakeOn: [prefixTopic(prefix)] };
  }

  apply(operation: KvOperation): KvOutcome {
    return this.#parts.ledger.write((write) => this.#run(operation, write));
  }

  /** Runs all operations or, when one does not succeed, none; the outcomes tell which. */
  transact(operations: readonly (KvOperation | UnknownOperation)[]): readonly KvOutcome[] {
    // Looked for before anything runs: then it is all that is wrong.
    if (operations.some(lacksKey)) {
      return operations.map((operation) => (lacksKey(operation) ? NO_KEY : { kind: 'done', pairs: [] }));
    }
    return this.#parts.ledger.write((write) => {
      const before = { pairs: new Map(this.#pairs), graves: new Map(this.#graves), index: this.#index };
      const touched: string[] = [];
      const draft = { index: write.index, touch: (...keys: readonly string[]) => void touched.push(...keys) };
      const outcomes = operations.map((operation) =>
        'unknownVerb' in operation ? unknown(operation) : this.#run(operation, draft),
      );
      if (outcomes.every(({ kind }) => kind === 'done')) write.touch(...touched);
      else {
        this.#pairs = before.pairs;
        this.#graves = before.graves;
        this.#index = before.index;
      }
      return outcomes;
    });
  }

  #run(operation: KvOperation, write: Write): KvOutcome {
    const { verb, key, index, session } = operation;
    if (lacksKey(operation)) return NO_KEY;
    const found = this.#pairs.get(key);
    switch (verb) {
      case 'set':
        return done(this.#put({ ...contentsOf(operation), lockIndex: 0, session: found?.session ?? '' }, write));
      case 'cas':
        if ((found?.modifyIndex ?? 0) !== index) return refused(`failed to set key "${key}", index is stale`);
        return done(this.#put({ ...contentsOf(operation), lockIndex: 0, session: found?.session ?? '' }, write));
      case 'lock':
        return this.#lock(operation, write);
      case 'unlock':
        if (found === undefined || found.session === '' || found.session !== session) {
          return refused(`failed to unlock key "${key}", lock isn't held, or is held by another session`);
        }
        return done(this.#put({ ...contentsOf(operation), lockIndex: found.lockIndex, session: '' }, write));
      case 'get':
        return found === undefined ? refused(`key "${key}" doesn't exist`) : done(found);
      case 'get-tree':
        return { kind: 'done', pairs: this.list(key) };
      case 'check-index':
        if (found === undefined) return refused(`failed to check index, key "${key}" doesn't exist`);
        if (found.modifyIndex === index) return done(found);
        return refused(`failed index check for key "${key}", current modify index ${found.modifyIndex} != ${index}`);
      case 'check-session':
        if (found === undefined) return refused(`failed to check session, key "${key}" doesn't exist`);
        if (found.session === session) return done(found);
        return refused(`failed session check for key "${key}", current session "${found.session}" != "${session}"`);
      case 'check-not-exists':
        return found === undefined ? { kind: 'done', pairs: [] } : refused(`key "${key}" exists`);
      case 'delete':
        this.#delete(key, write);
        return { kind: 'done', pairs: [] };
      case 'delete-cas':
        if (found !== undefined && found.modifyIndex !== index) {
          return refused(`failed to delete key "${key}", index is stale`);
        }
        this.#delete(key, write);
        return { kind: 'done', pairs: [] };
      case 'delete-tree':
        for (const pair of this.list(key)) this.#delete(pair.key, write);
        return { kind: 'done', pairs: [] };
    }
  }

  #lock(operation: KvOperation, write: Write): KvOutcome {
    const { key, session } = operation;
    if (session === '') return { kind: 'failed', what: 'missing session' };
    if (session.length !== 36) {
      return { kind: 'failed', what: 'failed session lookup: index error: UUID must be 36 characters' };
    }
    if (this.#parts.sessions.get(session) === undefined) {
      return { kind: 'failed', what: `invalid session "${session}"` };
    }
    const found = this.#pairs.get(key);
    const held = refused(`failed to lock key "${key}", lock is already held`);
    if (found !== undefined && found.session !== '' && found.session !== session) return held;
    if ((this.#lockDelays.get(key) ?? 0) > this.#parts.clock.now()) return held;
    this.#lockDelays.delete(key);
    const lockIndex = (found?.lockIndex ?? 0) + (found?.session === session ? 0 : 1);
    return done(this.#put({ ...contentsOf(operation), lockIndex, session }, write));
  }

  #put(contents: Omit<KvPair, 'createIndex' | 'modifyIndex'>, write: Write): KvPair {
    const found = this.#pairs.get(contents.key);
    if (found !== undefined && isSame(found, contents)) return found;
    const pair = { ...contents, createIndex: found?.createIndex ?? write.index, modifyIndex: write.index };
    this.#pairs.set(pair.key, pair);
    this.#graves.delete(pair.key);
    this.#touch(pair.key, write);
    return pair;
  }

  #delete(key: string, write: Write): void {
    if (!this.#pairs.delete(key)) return;
    this.#graves.set(key, write.index);
    const [oldest] = this.#graves.keys();
    if (this.#graves.size > MAX_GRAVES && oldest !== undefined) this.#graves.delete(oldest);
    this.#touch(key, write);
  }

  #touch(key: string, write: Write): void {
    this.#index = write.index;
    write.touch(keyTopic(key));
    for (let length = 0; length <= key.length; length += 1) write.touch(prefixTopic(key.slice(0, length)));
  }

  #releaseAll({ id, behavior, lockDelayMs }: SessionRow, write: Write): void {
    for (const pair of [...this.#pairs.values()]) {
      if (pair.session !== id) continue;
      if (lockDelayMs > 0) this.#lockDelays.set(pair.key, this.#parts.clock.now() + lockDelayMs);
      if (behavior === 'delete') this.#delete(pair.key, write);
      else this.#put({ ...pair, session: '' }, write);
    }
  }
}

function contentsOf({ key, value, flags }: KvOperation): Pick<KvPair, 'key' | 'value' | 'flags'> {
  return { key, value, flags };
}

function isSame(pair: KvPair, contents: Omit<KvPair, 'createIndex' | 'modifyIndex'>): boolean {
  return (
    pair.flags === contents.flags &&
    pair.session === contents.session &&
    pair.lockIndex === contents.lockIndex &&
    Buffer.compare(pair.value, contents.value) === 0
  );
}

function done(pair: KvPair): KvOutcome {
  return { kind: 'done', pairs: [pair] };
}

const NO_KEY: KvOutcome = { kind: 'failed', what: 'Must provide key' };

function lacksKey(operation: KvOperation | UnknownOperation): boolean {
  if ('unknownVerb' in operation) return false;
  return operation.key === '' && operation.verb !== 'get-tree' && operation.verb !== 'delete-tree';
}

function unknown({ unknownVerb }: UnknownOperation): KvOutcome {
  return { kind: 'failed', what: `unknown KV verb ${JSON.stringify(unknownVerb)}` };
}

function refused(what: string): KvOutcome {
  return { kind: 'refused', what };
}
