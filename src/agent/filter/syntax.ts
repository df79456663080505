/** The grammar of `?filter=` expressions (http-api B2.1): a text becomes a tree, or a `FilterSyntaxError`. */

export type Operator =
  | 'Equal'
  | 'Not Equal'
  | 'In'
  | 'Not In'
  | 'Is Empty'
  | 'Is Not Empty'
  | 'Matches'
  | 'Not Matches';

export type Expression =
  | { readonly kind: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'match';
      readonly selector: readonly string[];
      readonly operator: Operator;
      readonly value: string;
    };

export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';
}

const SPACE = /[ \t\r\n]*/y;
const IDENTIFIER = /[a-zA-Z][a-zA-Z0-9_]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y;
const AFTER_NUMBER = /[ \t\r\n)]|$/y;
const QUOTED = /"[^"]*"|`[^`]*`/y;

/** Operators that follow a selector. Words stand between spaces; signs need none. */
const SELECTOR_FIRST: readonly (readonly [RegExp, Operator])[] = [
  [/[ \t\r\n]*==[ \t\r\n]*/y, 'Equal'],
  [/[ \t\r\n]*!=[ \t\r\n]*/y, 'Not Equal'],
  [/[ \t\r\n]+contains[ \t\r\n]+/y, 'In'],
  [/[ \t\r\n]+not[ \t\r\n]+contains[ \t\r\n]+/y, 'Not In'],
  [/[ \t\r\n]+matches[ \t\r\n]+/y, 'Matches'],
  [/[ \t\r\n]+not[ \t\r\n]+matches[ \t\r\n]+/y, 'Not Matches'],
  [/[ \t\r\n]+is[ \t\r\n]+empty/y, 'Is Empty'],
  [/[ \t\r\n]+is[ \t\r\n]+not[ \t\r\n]+empty/y, 'Is Not Empty'],
];
/** Operators that follow a value. */
const VALUE_FIRST: readonly (readonly [RegExp, Operator])[] = [
  [/[ \t\r\n]+in[ \t\r\n]+/y, 'In'],
  [/[ \t\r\n]+not[ \t\r\n]+in[ \t\r\n]+/y, 'Not In'],
];
const OR = /[ \t\r\n]+or[ \t\r\n]+/y;
const AND = /[ \t\r\n]+and[ \t\r\n]+/y;
const NOT = /not[ \t\r\n]+/y;
/** Deeper nesting than anybody writes, and less than the stack holds. */
const MAX_DEPTH = 500;

export function parseExpression(text: string): Expression {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #at = 0;
  /** Where the last attempt that went furthest stopped: the place to report. */
  #furthest = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Expression {
    this.#take(SPACE);
    const expression = this.#or();
    this.#take(SPACE);
    if (expression === undefined || this.#at < this.#text.length) throw this.#error(this.#furthest, 'no match found');
    return expression;
  }

  #or(): Expression | undefined {
    return this.#chain(OR, 'or', () => this.#and());
  }

  #and(): Expression | undefined {
    return this.#chain(AND, 'and', () => this.#not());
  }

  #chain(word: RegExp, kind: 'or' | 'and', operand: () => Expression | undefined): Expression | undefined {
    let left = operand();
    while (left !== undefined) {
      const before = this.#at;
      const right = this.#take(word) === undefined ? undefined : operand();
      if (right === undefined) {
        this.#at = before;
        break;
      }
      left = { kind, left, right };
    }
    return left;
  }

  #not(): Expression | undefined {
    if (this.#depth > MAX_DEPTH) throw this.#error(this.#at, 'nested too deeply');
    this.#depth += 1;
    try {
      const before = this.#at;
      if (this.#take(NOT) !== undefined) {
        const operand = this.#not();
        if (operand !== undefined) return { kind: 'not', operand };
        this.#at = before;
      }
      return this.#group() ?? this.#match();
    } finally {
      this.#depth -= 1;
    }
  }

  #group(): Expression | undefined {
    if (!this.#takeText('(')) return undefined;
    this.#take(SPACE);
    const inner = this.#or();
    if (inner === undefined) throw this.#error(this.#furthest, 'no match found');
    this.#take(SPACE);
    if (!this.#takeText(')')) throw this.#error(this.#at, 'rule "grouping": Unmatched parentheses');
    return inner;
  }

  #match(): Expression | undefined {
    const before = this.#at;
    const selector = this.#selector();
    for (const [pattern, operator] of selector === undefined ? [] : SELECTOR_FIRST) {
      const after = this.#at;
      if (this.#take(pattern) === undefined) continue;
      const value = operator.endsWith('Empty') ? '' : this.#value();
      if (selector !== undefined && value !== undefined) return { kind: 'match', selector, operator, value };
      this.#at = after;
    }
    this.#at = before;
    const value = this.#value();
    for (const [pattern, operator] of value === undefined ? [] : VALUE_FIRST) {
      const after = this.#at;
      const behind = this.#take(pattern) === undefined ? undefined : this.#selector();
      if (behind !== undefined && value !== undefined) return { kind: 'match', selector: behind, operator, value };
      this.#at = after;
    }
    this.#at = before;
    return undefined;
  }

  #selector(): readonly string[] | undefined {
    const first = this.#take(IDENTIFIER);
    if (first === undefined) return undefined;
    const path = [first];
    for (;;) {
      const before = this.#at;
      if (this.#takeText('.')) {
        const part = this.#take(IDENTIFIER);
        if (part === undefined) {
          this.#at = before;
          return path;
        }
        path.push(part);
      } else if (this.#takeText('[')) {
        this.#take(SPACE);
        const part = this.#quoted();
        this.#take(SPACE);
        if (part === undefined || !this.#takeText(']')) throw this.#error(before + 1, 'rule "index": Invalid index');
        path.push(part);
      } else {
        return path;
      }
    }
  }

  /** A bare word stands for itself, dots and all. */
  #value(): string | undefined {
    const word = this.#selector();
    if (word !== undefined) return word.join('.');
    const start = this.#at;
    const number = this.#take(NUMBER);
    if (number === undefined) return this.#quoted();
    if (this.#peek(AFTER_NUMBER)) return number;
    throw this.#error(start + number.length, 'rule "number": Invalid number literal');
  }

  #quoted(): string | undefined {
    const start = this.#at;
    const literal = this.#take(QUOTED);
    if (literal === undefined) return undefined;
    if (literal.startsWith('`')) return literal.slice(1, -1);
    try {
      // JSON's escapes are those of Go's that anybody uses.
      return String(JSON.parse(literal));
    } catch {
      throw this.#error(start, 'rule "string": invalid syntax');
    }
  }

  #peek(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    this.#at += taken?.length ?? 0;
    this.#furthest = Math.max(this.#furthest, this.#at);
    return taken;
  }

  #takeText(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    this.#furthest = Math.max(this.#furthest, this.#at);
    return true;
  }

  /** Line and column from 1, offset from 0; a text that ends too early is at fault just behind its end. */
  #error(at: number, problem: string): FilterSyntaxError {
    const lines = this.#text.slice(0, at).split('\n');
    return new FilterSyntaxError(`${lines.length}:${(lines.at(-1)?.length ?? 0) + 1} (${at}): ${problem}`);
  }
}
