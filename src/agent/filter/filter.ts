import { HttpError } from '../http-error.js';
import { compileExpression, FilterError, type Predicate } from './evaluate.js';
import type { Schema } from './schema.js';
import { FilterSyntaxError, parseExpression } from './syntax.js';

/** What Consul puts before a filter's problem, but for that of agent/checks. */
const PREFIX = 'Failed to create boolean expression evaluator: ';

/** The predicate of `?filter=`; without one everything is kept. A bad filter is a 500, as in Consul 1.8. */
export function filterOf(query: URLSearchParams, schema: Schema, prefix = PREFIX): Predicate {
  const text = query.get('filter') ?? '';
  if (text === '') return () => true;
  try {
    return compileExpression(parseExpression(text), schema);
  } catch (error) {
    if (!(error instanceof FilterSyntaxError) && !(error instanceof FilterError)) throw error;
    throw new HttpError(500, prefix + error.message);
  }
}
