/**
 * Bodies of writes with something wrong with them, made of valid ones by chance: another type, a null, a key that is
 * unknown, missing, twice there or spelled otherwise, a number too large, JSON that is none.
 */
import fc from 'fast-check';

/** JSON whose objects keep the order of their keys and may have one twice, and whose other values are text. */
type Node = readonly Node[] | Fields | string;

/** A class of its own tells an object from a list. */
class Fields {
  readonly pairs: readonly (readonly [key: string, value: Node])[];

  constructor(pairs: Fields['pairs']) {
    this.pairs = pairs;
  }
}

export interface Mutant {
  readonly request: string;
  readonly body: string;
}

const ODD_VALUES = [
  ...['null', 'true', 'false', '0', '-1', '1', '1.0', '1.5', '1e3', '70000', '2147483648', '9223372036854775808'],
  ...['-9223372036854775809', '1e400', '""', '"x"', '"5"', '"10m"', '"-10m"', '"1d"', '"10"', '"passing"'],
  ...['"0.0.0.0"', '"::"', '"2001:db8::1"', '"a b/c"', '"\\ud800"', '"ü<&>"', `"${'long'.repeat(200)}"`],
  ...['[]', '[null]', '[1]', '["a"]', '["a",null]', '[[]]', '[{}]', '{}', '{"a":null}', '{"a":1}', '{"a":"b"}'],
  ...['{"":""}', '{"consul-x":"y"}', '{"a":["b"]}', '{"a":{}}', '{"a":{"Address":"x","Port":1}}'],
];

function parse(value: unknown): Node {
  if (Array.isArray(value)) return value.map(parse);
  if (typeof value === 'object' && value !== null) {
    return new Fields(Object.entries(value).map(([key, field]) => [key, parse(field)]));
  }
  return JSON.stringify(value);
}

function write(node: Node): string {
  if (typeof node === 'string') return node;
  if (node instanceof Fields) return `{${node.pairs.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`)}}`;
  return `[${node.map(write)}]`;
}

type Change = (node: Fields, position: number) => Fields;

/** Applies a change to the object that is the `choice`-th of all the fields of all objects inside. */
function changeOne(node: Node, choice: number, change: Change): Node {
  const places = countFields(node);
  return places === 0 ? node : changeField(node, choice % places, change);
}

function countFields(node: Node): number {
  if (typeof node === 'string') return 0;
  const inner = node instanceof Fields ? node.pairs.map(([, value]) => value) : node;
  return (node instanceof Fields ? inner.length : 0) + inner.reduce((sum, value) => sum + countFields(value), 0);
}

function changeField(node: Node, place: number, change: Change): Node {
  if (typeof node === 'string') return node;
  if (node instanceof Fields && place < node.pairs.length) return change(node, place);
  let left = node instanceof Fields ? place - node.pairs.length : place;
  const inner = (value: Node): Node => {
    const count = countFields(value);
    const isHere = left >= 0 && left < count;
    const changed = isHere ? changeField(value, left, change) : value;
    left -= count;
    return changed;
  };
  return node instanceof Fields ? new Fields(node.pairs.map(([key, value]) => [key, inner(value)])) : node.map(inner);
}

function replaceAt(node: Fields, position: number, pair: (key: string, value: Node) => Fields['pairs']): Fields {
  return new Fields(node.pairs.flatMap((old, index) => (index === position ? pair(...old) : [old])));
}

const oddValue = fc.constantFrom(...ODD_VALUES);
/** Go decodes the later of two objects, lists or nulls into what the earlier one left; ours takes the later one alone. */
const oddScalar = fc.constantFrom(...ODD_VALUES.filter((value) => !/^[[{n]/.test(value)));
const spelling = fc.constantFrom<(key: string) => string>(
  (key) => key.toLowerCase(),
  (key) => key.toUpperCase(),
  (key) => key.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase(),
  (key) => `${key} `,
  (key) => `${key}x`,
);
const casing = fc.constantFrom<(key: string) => string>(
  (key) => key.toLowerCase(),
  (key) => key.toUpperCase(),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    arbitrary: oddValue.map(
      (odd): Change =>
        (node, at) =>
          replaceAt(node, at, (key) => [[key, odd]]),
    ),
    weight: 8,
  },
  { arbitrary: fc.constant<Change>((node, at) => replaceAt(node, at, () => [])), weight: 2 },
  {
    arbitrary: spelling.map(
      (spell): Change =>
        (node, at) =>
          replaceAt(node, at, (key, value) => [[spell(key), value]]),
    ),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(casing, oddScalar).map(
      ([spell, odd]): Change =>
        (node, at) =>
          replaceAt(node, at, (key, value) => [
            [key, value],
            [spell(key), odd],
          ]),
    ),
    weight: 2,
  },
  {
    arbitrary: oddValue.map(
      (odd): Change =>
        (node) =>
          new Fields([...node.pairs, ['Bogus', odd]]),
    ),
    weight: 1,
  },
);
const damage = fc.tuple(fc.nat(), fc.constantFrom('', ',', '}', ']', '"', ':', '\u0001', '\\', 'nul', ' {"a":1}'));

/** Requests with mutants of the bodies that stand for them. */
export function mutants(valid: readonly (readonly [request: string, body: unknown])[]): fc.Arbitrary<Mutant> {
  const changed = fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 1 }))
    .map(([[request, body], changes]) => ({
      request,
      body: write(changes.reduce((node, [choice, make]) => changeOne(node, choice, make), parse(body))),
    }));
  const damaged = fc.tuple(fc.constantFrom(...valid), damage).map(([[request, body], [choice, text]]) => {
    const whole = JSON.stringify(body);
    const at = choice % (whole.length + 1);
    return { request, body: text === '' ? whole.slice(0, at) : whole.slice(0, at) + text + whole.slice(at) };
  });
  return fc.oneof({ arbitrary: changed, weight: 9 }, { arbitrary: damaged, weight: 1 });
}
