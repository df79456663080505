/** Text that is not JSON; the message says where it stops being JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/** Reads JSON. Node's own messages do not always tell where the fault is, so on a failure it is looked for here. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { offset, expected } = new FaultFinder(text).find();
    const lines = text.slice(0, offset).split('\n');
    const column = (lines.at(-1) ?? '').length + 1;
    const [found] = text.slice(offset);
    throw new JsonSyntaxError(
      `line ${lines.length}, column ${column}: expected ${expected}, found ${found === undefined ? 'the end' : JSON.stringify(found)}`,
      { cause },
    );
  }
}

interface Fault {
  readonly offset: number;
  readonly expected: string;
}

const MAX_DEPTH = 500;

/** Walks the text by RFC 8259's grammar to the first place at which it cannot go on. */
class FaultFinder {
  readonly #text: string;
  #offset = 0;
  #depth = 0;
  #fault: Fault | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  find(): Fault {
    this.#take(NOTHING);
    if (this.#value() && this.#offset < this.#text.length) this.#fail('the end');
    return this.#fault ?? { offset: this.#offset, expected: 'JSON' };
  }

  /** These three are false as soon as a fault is found. */
  #value(): boolean {
    if (this.#depth === MAX_DEPTH) return this.#fail(`at most ${MAX_DEPTH} levels`);
    if (this.#take(/\{/y)) return this.#members('}', () => this.#member());
    if (this.#take(/\[/y)) return this.#members(']', () => this.#value());
    return this.#take(STRING) || this.#take(SCALAR) || this.#fail('a value');
  }

  #member(): boolean {
    if (!this.#take(STRING)) return this.#fail('a key in double quotes');
    return this.#take(/:/y) ? this.#value() : this.#fail('":"');
  }

  #members(closer: '}' | ']', item: () => boolean): boolean {
    const close = closer === '}' ? /\}/y : /\]/y;
    if (this.#take(close)) return true;
    this.#depth += 1;
    do {
      if (!item()) return false;
    } while (this.#take(/,/y));
    this.#depth -= 1;
    return this.#take(close) || this.#fail(`"," or "${closer}"`);
  }

  /** Steps over a token and the space behind it. */
  #take(token: RegExp): boolean {
    token.lastIndex = this.#offset;
    const found = token.exec(this.#text);
    if (found === null) return false;
    SPACE.lastIndex = this.#offset + found[0].length;
    SPACE.test(this.#text);
    this.#offset = SPACE.lastIndex;
    return true;
  }

  #fail(expected: string): false {
    this.#fault ??= { offset: this.#offset, expected };
    return false;
  }
}

/** Taken for the space behind it. */
const NOTHING = /(?:)/y;
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\0-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
