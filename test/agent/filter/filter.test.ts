import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileExpression, FilterError } from '../../../src/agent/filter/evaluate.js';
import { filterOf } from '../../../src/agent/filter/filter.js';
import { CHECK_ROW, HEALTH_ROW, NODE_ROW } from '../../../src/agent/filter/schema.js';
import { FilterSyntaxError, parseExpression } from '../../../src/agent/filter/syntax.js';
import type { Writable } from '../../../src/agent/json/write.js';

const ENTRY: Writable = {
  Node: { Node: 'n1', Datacenter: 'dc1', Meta: new Map([['rack', 'r1']]) },
  Service: {
    Service: 'web',
    Tags: ['v1', 'Rails'],
    Port: 80,
    Meta: new Map([['a', 'b']]),
    TaggedAddresses: new Map([['lan', { Address: '10.0.0.1', Port: 81 }]]),
    Weights: { Passing: 1, Warning: 1 },
    EnableTagOverride: false,
    Proxy: { MeshGateway: new Map(), Expose: new Map() },
    Connect: {},
  },
  Checks: [
    { CheckID: 'a', Status: 'passing', ServiceTags: [] },
    { CheckID: 'b', Status: 'warning', ServiceTags: ['v1'] },
  ],
};

function keeps(filter: string, schema = HEALTH_ROW, view = ENTRY): boolean {
  return compileExpression(parseExpression(filter), schema)(view);
}

describe('H137 filter expressions', () => {
  test.each([
    ['Service.Port == 80', true],
    ['Service.Port == "0x50"', true],
    ['v1 in Service.Tags', true],
    ['rails in Service.Tags', false],
    ['Service.Tags not contains v2', true],
    ['Service.Tags is not empty', true],
    ['Service.Service matches "^w.b$"', true],
    ['Service.Service matches `(?i)^WEB$`', true],
    ['"e" in Service.Service', true],
    ['Service.Meta.a == b', true],
    ['Service.Meta["nosuch"] == ""', false],
    ['Service.Meta.nosuch != b', true],
    ['Service.TaggedAddresses.lan.Port == 81', true],
    ['Service.TaggedAddresses.wan.Port == 81', false],
    ['Checks.Status == warning', true],
    ['Checks.Status == critical', false],
    ['Checks.Status != passing', true],
    ['Checks.ServiceTags is empty', true],
    ['Service.Connect.Native == false', true],
    ['Service.Proxy.MeshGateway.Mode == ""', true],
    ['Node.Meta.rack == r1 and not Service.Port == 81', true],
    ['Service.Port == 81 or Service.Port == 80 and Node.Node == n2', false],
    ['(Service.Port == 81 or Service.Port == 80) and Node.Node == n1', true],
    ['not (Service.Port == 80)', false],
  ])('%s: %s', (filter, expected) => {
    expect(keeps(filter)).toBe(expected);
  });

  test('a check without a service is found by its empty ServiceID', () => {
    expect(keeps('ServiceID == ""', CHECK_ROW, { ServiceID: '' })).toBe(true);
  });

  test.each([
    ['Bogus == 1', 'Selector "Bogus" is not valid'],
    ['constructor == 1', 'Selector "constructor" is not valid'],
    ['Node.x.y == 1', 'Selector "Node.x" is not valid'],
    ['Meta == x', 'Invalid match operator "Equal" for selector "Meta"'],
    ['Node is empty', 'Invalid match operator "Is Empty" for selector "Node"'],
    ['Node matches "(?i:a)"', 'Failed to compile regular expression "(?i:a)": error parsing regexp: invalid'],
    ['Node matches "("', 'Failed to compile regular expression "(": error parsing regexp: '],
  ])('%s is refused: %s', (filter, message) => {
    expect(() => keeps(filter, NODE_ROW)).toThrow(message);
    expect(() => filterOf(new URLSearchParams({ filter }), NODE_ROW)).toThrow(
      `Failed to create boolean expression evaluator: ${message}`,
    );
  });

  test('no filter and an empty filter keep everything', () => {
    expect(filterOf(new URLSearchParams(), NODE_ROW)(null)).toBe(true);
    expect(filterOf(new URLSearchParams('filter='), NODE_ROW)(null)).toBe(true);
  });

  test('"and", "or", "not" and parentheses are those of logic', () => {
    interface Tree {
      readonly text: string;
      readonly value: boolean;
    }
    const { tree } = fc.letrec<{ tree: Tree; leaf: Tree; node: Tree }>((tie) => ({
      leaf: fc.boolean().map((value) => ({ text: value ? 'Node == n' : 'Node != n', value })),
      node: fc.oneof(
        tie('tree').map(({ text, value }) => ({ text: `not (${text})`, value: !value })),
        fc
          .tuple(tie('tree'), tie('tree'))
          .map(([a, b]) => ({ text: `(${a.text}) and (${b.text})`, value: a.value && b.value })),
        fc
          .tuple(tie('tree'), tie('tree'))
          .map(([a, b]) => ({ text: `( ${a.text} )  or ( ${b.text} )`, value: a.value || b.value })),
      ),
      tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('node')),
    }));
    fc.assert(
      fc.property(tree, ({ text, value }) => {
        expect(keeps(text, NODE_ROW, { Node: 'n' })).toBe(value);
      }),
    );
  });

  test('any text is a filter or one of the two errors', () => {
    const words = [
      'Node',
      'Meta',
      '.',
      '[',
      ']',
      '"',
      '`',
      '==',
      '!=',
      'in',
      'not',
      'is',
      'empty',
      'and',
      '(',
      ')',
      ' ',
      '1',
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            keeps(text, NODE_ROW, { Node: 'n', Meta: new Map() });
          } catch (error) {
            expect(error instanceof FilterSyntaxError || error instanceof FilterError).toBe(true);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('nesting beyond any use is refused, not a stack overflow', () => {
    expect(() => parseExpression('not '.repeat(100_000))).toThrow('nested too deeply');
    expect(() => parseExpression('('.repeat(100_000))).toThrow('nested too deeply');
  });
});
