/**
 * Go's (RE2's) regular expressions in JavaScript's spelling. What looks alike but means something else is respelled, what
 * only JavaScript has is refused, and so are the two things of RE2 that JavaScript lacks: flags that begin in the middle,
 * and `(?U)`. (Go package regexp/syntax.)
 */
export class RegexpError extends Error {
  override readonly name = 'RegexpError';

  constructor(problem: string) {
    super(`error parsing regexp: ${problem}`);
  }
}

export function compileRegexp(source: string): RegExp {
  const [lead = '', flags = ''] = /^\(\?([ims]+)\)/.exec(source) ?? [];
  const respelled = new Respelling(source.slice(lead.length), flags.includes('s')).all();
  try {
    return new RegExp(respelled, `u${[...new Set(flags)].join('')}`);
  } catch (error) {
    throw new RegexpError(error instanceof Error ? error.message : String(error));
  }
}

/** What the names between `[:` and `:]` stand for, as the inside of a class. */
const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\0-\\x7f',
  blank: '\\t ',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t-\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
/** What JavaScript's escapes of these letters do not stand for. */
const ESCAPES: Readonly<Record<string, string>> = { a: '\\x07', s: '\\t\\n\\f\\r ' };
const SAME_ESCAPES = /[dDwWbBfnrtv]/;
const MAX_REPEAT = 1000;

class Respelling {
  readonly #source: string;
  readonly #dotTakesLines: boolean;
  #at = 0;

  constructor(source: string, dotTakesLines: boolean) {
    this.#source = source;
    this.#dotTakesLines = dotTakesLines;
  }

  all(): string {
    let out = '';
    while (this.#at < this.#source.length) out += this.#next();
    return out;
  }

  #next(): string {
    const quoted = this.#take(/\\Q(.*?)(?:\\E|$)/sy);
    if (quoted !== undefined) return escapeLiteral(quoted[1] ?? '');
    const group = this.#take(/\(\?(P<[^>]*>|:|.?)/sy);
    if (group !== undefined) return groupOf(group[1] ?? '');
    const repeat = this.#take(/\{(\d+)(?:,(\d*))?\}/y);
    if (repeat !== undefined) return repeatOf(repeat[0], Math.max(Number(repeat[1]), Number(repeat[2] ?? 0)));
    if (this.#take(/\\A/y)) return '(?<![^])';
    if (this.#take(/\\z/y)) return '(?![^])';
    const character = this.#character();
    if (character === '\\') return this.#escape({ inClass: false });
    if (character === '[') return this.#class();
    if (character === '.') return this.#dotTakesLines ? '[^]' : '[^\\n]';
    return /[{}\]]/.test(character) ? `\\${character}` : character;
  }

  #class(): string {
    let out = this.#take(/\^/y) === undefined ? '[' : '[^';
    // A bracket that comes first does not close.
    for (let isFirst = true; ; isFirst = false) {
      const posix = this.#take(/\[:(\^?)(\w+):\]/y);
      if (posix !== undefined) {
        out += posixOf(posix[2] ?? '', { isNegated: posix[1] === '^' });
        continue;
      }
      if (this.#at >= this.#source.length) throw new RegexpError(`missing closing ]: \`${this.#source}\``);
      const character = this.#character();
      if (character === ']' && !isFirst) return `${out}]`;
      if (character === '\\') out += this.#escape({ inClass: true });
      else out += /[[\]]/.test(character) ? `\\${character}` : character;
    }
  }

  #escape({ inClass }: { readonly inClass: boolean }): string {
    const property = this.#take(/([pP])(?:\{(\^?)(\w+)\}|(\w))/y);
    if (property !== undefined) {
      const [, letter = '', caret, name, single] = property;
      const isNegated = (letter === 'P') !== (caret === '^');
      return propertyOf(name ?? single ?? '', isNegated ? 'P' : 'p');
    }
    const code = this.#take(/x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/y);
    if (code !== undefined) return `\\u{${code[1] ?? code[2]}}`;
    const octal = this.#take(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y);
    if (octal !== undefined) return `\\u{${Number.parseInt(octal[0], 8).toString(16)}}`;
    const letter = this.#character();
    if (letter === 'S') return inClass ? '\\0-\\x08\\x0b\\x0e-\\x1f!-\\u{10ffff}' : '[^\\t\\n\\f\\r ]';
    const own = ESCAPES[letter];
    if (own !== undefined) return inClass ? own : `[${own}]`;
    if (SAME_ESCAPES.test(letter) && !(inClass && /[bB]/.test(letter))) return `\\${letter}`;
    if (letter === '' || /[\p{L}\p{N}]/u.test(letter))
      throw new RegexpError(`invalid escape sequence: \`\\${letter}\``);
    return escapeLiteral(letter);
  }

  #character(): string {
    const code = this.#source.codePointAt(this.#at);
    const character = code === undefined ? '' : String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  /** What stands here, if it is that; the pattern is sticky. */
  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at = pattern.lastIndex;
    return found ?? undefined;
  }
}

function groupOf(kind: string): string {
  if (kind === ':') return '(?:';
  if (kind.startsWith('P<')) return `(?${kind.slice(1)}`;
  throw new RegexpError(`invalid or unsupported Perl syntax: \`(?${kind}\``);
}

function repeatOf(text: string, count: number): string {
  if (count > MAX_REPEAT) throw new RegexpError(`invalid repeat count: \`${text}\``);
  return text;
}

function posixOf(name: string, { isNegated }: { readonly isNegated: boolean }): string {
  const inside = POSIX[name];
  if (inside === undefined || !Object.hasOwn(POSIX, name)) {
    throw new RegexpError(`invalid character class range: \`[:${name}:]\``);
  }
  if (!isNegated) return inside;
  // Inside a class there is no class to negate: the gaps between its ranges, one by one.
  const own = new RegExp(`[${inside}]`);
  const others = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).filter((one) => !own.test(one));
  return `${others.map(escapeLiteral).join('')}\\x80-\\u{10ffff}`;
}

/** General categories go by the same names; scripts need to be called so. */
function propertyOf(name: string, letter: 'p' | 'P'): string {
  return /^[A-Z][a-z]?$/.test(name) ? `\\${letter}{${name}}` : `\\${letter}{Script=${name}}`;
}

function escapeLiteral(text: string): string {
  return Array.from(text, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`).join('');
}
