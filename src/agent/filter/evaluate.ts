/** Turns an expression into a predicate over JSON views, checking selectors, operators and values once, beforehand. */
import type { Writable } from '../json/write.js';
import { parseGoBoolean } from '../query-options.js';
import { compileRegexp, RegexpError } from './regexp.js';
import type { Schema } from './schema.js';
import type { Expression, Operator } from './syntax.js';

export class FilterError extends Error {
  override readonly name = 'FilterError';
}

export type Predicate = (view: Writable) => boolean;
type Match = Extract<Expression, { kind: 'match' }>;

export function compileExpression(expression: Expression, schema: Schema): Predicate {
  switch (expression.kind) {
    case 'or': {
      const [left, right] = [compileExpression(expression.left, schema), compileExpression(expression.right, schema)];
      return (view) => left(view) || right(view);
    }
    case 'and': {
      const [left, right] = [compileExpression(expression.left, schema), compileExpression(expression.right, schema)];
      return (view) => left(view) && right(view);
    }
    case 'not': {
      const operand = compileExpression(expression.operand, schema);
      return (view) => !operand(view);
    }
    case 'match': {
      const test = compileTest(expression, schemaAt(expression.selector, schema));
      const whenAbsent = !['Equal', 'In', 'Is Not Empty'].includes(expression.operator);
      return (view) => matches(view, expression.selector, schema, { test, whenAbsent });
    }
  }
}

function schemaAt(selector: readonly string[], schema: Schema): Schema {
  let current = schema;
  for (const [depth, part] of selector.entries()) {
    while (typeof current === 'object' && current.kind === 'list') current = current.element;
    const next = typeof current === 'string' ? undefined : fieldOf(current, part);
    if (next === undefined) {
      throw new FilterError(`Selector ${JSON.stringify(selector.slice(0, depth + 1).join('.'))} is not valid`);
    }
    current = next;
  }
  return current;
}

function fieldOf(schema: Exclude<Schema, string>, part: string): Schema | undefined {
  if (schema.kind === 'map') return schema.value;
  return schema.kind === 'struct' && Object.hasOwn(schema.fields, part) ? schema.fields[part] : undefined;
}

interface Walk {
  readonly test: Predicate;
  /** What a map without the selected key comes to: Consul lets every operator that is not positive be true. */
  readonly whenAbsent: boolean;
}

/** Walks down a selector; of a list on the way, any element may match. */
function matches(view: Writable, selector: readonly string[], schema: Schema, walk: Walk): boolean {
  const [part, ...rest] = selector;
  if (part === undefined) return walk.test(view);
  if (typeof schema === 'string') return false;
  if (schema.kind === 'list') {
    return Array.isArray(view) && view.some((element: Writable) => matches(element, selector, schema.element, walk));
  }
  const next = fieldOf(schema, part);
  if (next === undefined) return false;
  if (schema.kind === 'struct') return matches(isStruct(view) ? view[part] : undefined, rest, next, walk);
  const value = view instanceof Map ? view.get(part) : undefined;
  return value === undefined ? walk.whenAbsent : matches(value, rest, next, walk);
}

function compileTest({ selector, operator, value }: Match, schema: Schema): Predicate {
  const unsupported = (): FilterError =>
    new FilterError(`Invalid match operator "${operator}" for selector ${JSON.stringify(selector.join('.'))}`);
  const test = positiveTest(operator, { selector, value, schema });
  if (test === undefined) throw unsupported();
  return isNegative(operator) ? (view) => !test(view) : test;
}

function isNegative(operator: Operator): boolean {
  return operator === 'Not Equal' || operator === 'Not In' || operator === 'Not Matches' || operator === 'Is Not Empty';
}

interface Operand {
  readonly selector: readonly string[];
  readonly value: string;
  readonly schema: Schema;
}

/** The test of an operator without its "not"; undefined where the field has no such operator. */
function positiveTest(operator: Operator, operand: Operand): Predicate | undefined {
  const { value, schema } = operand;
  switch (operator) {
    case 'Equal':
    case 'Not Equal':
      return typeof schema === 'string' ? equalityTest(operand) : undefined;
    case 'In':
    case 'Not In':
      if (schema === 'string') return (view) => textOf(view).includes(value);
      if (typeof schema === 'string' || schema.kind === 'struct') return undefined;
      if (schema.kind === 'map') return (view) => view instanceof Map && view.has(value);
      return schema.element === 'string' ? (view) => Array.isArray(view) && view.includes(value) : undefined;
    case 'Is Empty':
    case 'Is Not Empty':
      if (typeof schema === 'string' || schema.kind === 'struct') return undefined;
      return (view) => (Array.isArray(view) ? view.length : view instanceof Map ? view.size : 0) === 0;
    case 'Matches':
    case 'Not Matches':
      return schema === 'string' ? regexpTest(value) : undefined;
  }
}

function equalityTest({ selector, value, schema }: Operand): Predicate {
  if (schema === 'string') return (view) => textOf(view) === value;
  const problem = (reason: string): FilterError =>
    new FilterError(
      `Failed to coerce value ${JSON.stringify(value)} for selector ${JSON.stringify(selector.join('.'))}: ${reason}`,
    );
  if (schema === 'bool') {
    const wanted = parseGoBoolean(value);
    if (wanted === undefined) {
      throw problem(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    }
    return (view) => (view === true) === wanted;
  }
  const wanted = parseGoInteger(value);
  if (wanted === undefined) throw problem(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  if (BigInt.asIntN(64, wanted) !== wanted) {
    throw problem(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
  }
  return (view) => BigInt(numberOf(view)) === wanted;
}

function regexpTest(source: string): Predicate {
  try {
    const pattern = compileRegexp(source);
    return (view) => pattern.test(textOf(view));
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    throw new FilterError(`Failed to compile regular expression ${JSON.stringify(source)}: ${error.message}`);
  }
}

/** An absent field is its zero value. */
function textOf(view: Writable): string {
  return typeof view === 'string' ? view : '';
}

function numberOf(view: Writable): number {
  return typeof view === 'number' && Number.isSafeInteger(view) ? view : 0;
}

/** Go's integers with a base prefix: `80`, `0x50`, `0o120`, `0120`, `0b1`. */
function parseGoInteger(text: string): bigint | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(0x[0-9a-fA-F]+|0b[01]+|0o?[0-7]+|0|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === '') return undefined;
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -magnitude : magnitude;
}

function isStruct(view: Writable): view is { readonly [field: string]: Writable } {
  return typeof view === 'object' && view !== null && !Array.isArray(view) && !(view instanceof Map);
}
