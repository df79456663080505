import { DurationError, parseDurationMs } from './duration.js';
import type { Dialect } from './json/decode.js';
import { type JsonValue, jsonKind } from './json/value.js';

/** What is wrong with the contents of a file, without its name. */
export class DefinitionProblem extends Error {
  override readonly name = 'DefinitionProblem';
}

/** How definition files are read: keys in snake_case or CamelCase, types taken strictly, problems worded as Consul's. */
export function definitionDialect(unknownKeys: string[]): Dialect {
  return {
    foldKey: (key) => key.toLowerCase().replaceAll('_', ''),
    fieldPart: (_name, written) => `.${written}`,
    elementPart: (key) => `[${key}]`,
    // Noted, not thrown: a file's unknown keys are told all together.
    unknownKey: (key, { path }) => {
      unknownKeys.push(shown(`${path}.${key}`));
    },
    wrongType: (value, { shape, type }, { path }) => {
      const place = `'${shown(path)}'`;
      if (shape === 'list') return decoding(`${place}: source data must be an array or slice, got ${goKind(value)}`);
      if (shape === 'map') return decoding(`${place} expected a map, got '${goKind(value)}'`);
      return decoding(`${place} expected type '${type}', got unconvertible type '${goType(value)}'`);
    },
    durationMs: (value, { path }) => {
      if (typeof value !== 'string') {
        throw decoding(`'${shown(path)}' expected type 'string', got unconvertible type '${goType(value)}'`);
      }
      try {
        return parseDurationMs(value);
      } catch (error) {
        if (!(error instanceof DurationError)) throw error;
        throw new DefinitionProblem(`${shown(path)}: invalid duration: ${JSON.stringify(value)}: ${error.message}`);
      }
    },
  };
}

function decoding(problem: string): DefinitionProblem {
  return new DefinitionProblem(`1 error(s) decoding: * ${problem}`);
}

/** A path as people write it: every part is preceded by a dot, so the first one goes. */
function shown(path: string): string {
  return path.slice(1);
}

const KINDS = {
  null: 'nil',
  bool: 'bool',
  string: 'string',
  number: 'float64',
  array: 'slice',
  object: 'map',
} as const;

function goKind(value: JsonValue): string {
  return KINDS[jsonKind(value)];
}

function goType(value: JsonValue): string {
  const kind = jsonKind(value);
  if (kind === 'array') return '[]interface {}';
  return kind === 'object' ? 'map[string]interface {}' : KINDS[kind];
}
