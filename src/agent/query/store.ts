import { randomUUID } from 'node:crypto';
import { HttpError } from '../http-error.js';
import type { Ledger } from '../ledger.js';
import { compareText } from '../order.js';
import type { Sessions } from '../sessions.js';
import type { Position } from '../store.js';
import { checkUuid } from '../uuid.js';
import { type NewQuery, type PreparedQuery, validateQuery } from './definition.js';
import { compileTemplate, type Renderer } from './template.js';

export interface QueryStoreParts {
  readonly ledger: Ledger;
  readonly sessions: Sessions;
}

interface Stored {
  readonly query: PreparedQuery;
  /** Undefined for a query that is no template. */
  readonly render: Renderer | undefined;
}

const QUERIES = 'queries';

/** Prepared queries, found by id, by name in any letter case, or as the template with the longest fitting prefix. */
export class QueryStore {
  readonly #parts: QueryStoreParts;
  readonly #queries = new Map<string, Stored>();
  #index = 0;

  constructor(parts: QueryStoreParts) {
    this.#parts = parts;
    parts.sessions.onEnd(({ id }) => {
      for (const { query } of [...this.#queries.values()]) if (query.session === id) this.#remove(query.id);
    });
  }

  position(): Position {
    return { index: this.#index, wakeOn: [QUERIES] };
  }

  all(): readonly PreparedQuery[] {
    return [...this.#queries.values()].map(({ query }) => query).sort((a, b) => compareText(a.id, b.id));
  }

  get(id: string): PreparedQuery | undefined {
    checkUuid(id, 'failed prepared query lookup');
    return this.#queries.get(id)?.query;
  }

  /** The query that answers a name or id, templates filled in. */
  resolve(nameOrId: string): PreparedQuery | undefined {
    const exact = this.#queries.get(nameOrId) ?? this.#find(({ query }) => sameName(query.name, nameOrId));
    const stored = exact ?? this.#longestTemplate(nameOrId);
    if (stored?.render === undefined) return stored?.query;
    return { ...stored.query, service: stored.render(nameOrId) };
  }

  create(query: NewQuery): string {
    if (query.id !== '') throw new HttpError(500, 'ID must be empty when creating a new prepared query');
    const id = randomUUID();
    this.#put({ ...query, id });
    return id;
  }

  update(query: NewQuery): void {
    this.#checkExists(query.id);
    this.#put(query);
  }

  delete(id: string): void {
    this.#checkExists(id);
    this.#remove(id);
  }

  #put(query: NewQuery): void {
    validateQuery(query);
    const { session, template, id, name } = query;
    if (session !== '') checkUuid(session, 'invalid session');
    if (session !== '' && this.#parts.sessions.get(session) === undefined) {
      throw new HttpError(500, `invalid session ${JSON.stringify(session)}`);
    }
    const render = template.type === '' ? undefined : compileTemplate(query);
    const namesake = this.#find((other) => other.query.id !== id && isRival(other.query, query));
    if (namesake !== undefined) {
      throw new HttpError(
        500,
        name === ''
          ? 'a query template with an empty name already exists'
          : `name '${name}' aliases an existing query name`,
      );
    }
    this.#parts.ledger.write((write) => {
      const createIndex = this.#queries.get(id)?.query.createIndex ?? write.index;
      this.#queries.set(id, { query: { ...query, createIndex, modifyIndex: write.index }, render });
      this.#index = write.index;
      write.touch(QUERIES);
    });
  }

  #remove(id: string): void {
    this.#parts.ledger.write((write) => {
      this.#queries.delete(id);
      this.#index = write.index;
      write.touch(QUERIES);
    });
  }

  #checkExists(id: string): void {
    checkUuid(id, 'Prepared Query lookup failed: failed prepared query lookup');
    if (!this.#queries.has(id)) throw new HttpError(500, `Cannot modify non-existent prepared query: '${id}'`);
  }

  #find(isWanted: (stored: Stored) => boolean): Stored | undefined {
    return [...this.#queries.values()].find(isWanted);
  }

  #longestTemplate(name: string): Stored | undefined {
    let longest: Stored | undefined;
    for (const stored of this.#queries.values()) {
      const { length } = stored.query.name;
      const fits = name.slice(0, length).toLowerCase() === stored.query.name.toLowerCase();
      if (stored.render !== undefined && fits && length >= (longest?.query.name.length ?? 0)) longest = stored;
    }
    return longest;
  }
}

function sameName(a: string, b: string): boolean {
  return a !== '' && a.toLowerCase() === b.toLowerCase();
}

/** Whether two queries could not be told apart: by their name, or as the template for everything. */
function isRival(a: NewQuery, b: NewQuery): boolean {
  if (a.name === '' && b.name === '') return a.template.type !== '' && b.template.type !== '';
  return sameName(a.name, b.name);
}
