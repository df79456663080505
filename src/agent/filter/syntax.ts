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
const SOME_SPACE = /[ \t\r\n]+/y;
const IDENTIFIER = /[a-zA-Z][a-zA-Z0-9_]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y;
const AFTER_NUMBER = /[ \t\r\n)]|$/y;
const QUOTED = /"[^"]*"|`[^`]*`/y;

/** Operators that follow a selector, as the words they are spelled with. */
const SELECTOR_FIRST: readonly (readonly [readonly string[], Operator])[] = [
  [['contains'], 'In'],
  [['not', 'contains'], 'Not In'],
  [['matches'], 'Matches'],
  [['not', 'matches'], 'Not Matches'],
  [['is', 'empty'], 'Is Empty'],
  [['is', 'not', 'empty'], 'Is Not Empty'],
];
/** Operators that follow a value. */
const VALUE_FIRST: readonly (readonly [readonly string[], Operator])[] = [
  [['in'], 'In'],
  [['not', 'in'], 'Not In'],
];
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
    return this.#chain('or', () => this.#and());
  }

  #and(): Expression | undefined {
    return this.#chain('and', () => this.#not());
  }

  #chain(kind: 'or' | 'and', operand: () => Expression | undefined): Expression | undefined {
    let left = operand();
    while (left !== undefined) {
      const before = this.#at;
      const right = this.#takeWords([kind]) && this.#take(SOME_SPACE) !== undefined ? operand() : undefined;
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
      if (this.#takeText('not') && this.#take(SOME_SPACE) !== undefined) {
        const operand = this.#not();
        if (operand !== undefined) return { kind: 'not', operand };
      }
      this.#at = before;
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
    if (selector !== undefined) {
      const found = this.#sign() ?? this.#wordOperator(SELECTOR_FIRST);
      if (found === 'Is Empty' || found === 'Is Not Empty') {
        return { kind: 'match', selector, operator: found, value: '' };
      }
      const value = found === undefined ? undefined : this.#value();
      if (found !== undefined && value !== undefined) return { kind: 'match', selector, operator: found, value };
    }
    this.#at = before;
    const value = this.#value();
    const operator = value === undefined ? undefined : this.#wordOperator(VALUE_FIRST);
    const behind = operator === undefined ? undefined : this.#selector();
    if (value !== undefined && operator !== undefined && behind !== undefined) {
      return { kind: 'match', selector: behind, operator, value };
    }
    this.#at = before;
    return undefined;
  }

  /** The operators that need no space around them. */
  #sign(): Operator | undefined {
    const before = this.#at;
    this.#take(SPACE);
    for (const [sign, operator] of [['==', 'Equal'] as const, ['!=', 'Not Equal'] as const]) {
      if (!this.#takeText(sign)) continue;
      this.#take(SPACE);
      return operator;
    }
    this.#at = before;
    return undefined;
  }

  #wordOperator(operators: typeof SELECTOR_FIRST): Operator | undefined {
    for (const [words, operator] of operators) {
      const before = this.#at;
      const takesValue = !operator.endsWith('Empty');
      if (this.#takeWords(words) && (!takesValue || this.#take(SOME_SPACE) !== undefined)) return operator;
      this.#at = before;
    }
    return undefined;
  }

  /** Words with space before each; a failure leaves `#at` where it came to, for the caller to set back. */
  #takeWords(words: readonly string[]): boolean {
    return words.every((word) => this.#take(SOME_SPACE) !== undefined && this.#takeText(word));
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
