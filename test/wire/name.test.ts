import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '../../src/wire/error.js';
import {
  absolute,
  equalNames,
  escapeLabel,
  isSubdomain,
  labels,
  lowerName,
  nameFromLabels,
  wireLength,
} from '../../src/wire/name.js';
import { label, name } from './arbitraries.js';

describe('labels', () => {
  test.each([
    { of: '.', are: [], why: 'the root has none' },
    { of: 'Web.service.consul.', are: ['Web', 'service', 'consul'], why: 'case is kept' },
    { of: 'a\\.b.c.', are: ['a.b', 'c'], why: 'an escaped dot parts nothing' },
    { of: 'a\\\\.c.', are: ['a\\', 'c'], why: 'an escaped backslash escapes no dot' },
    { of: '\\195\\169.c.', are: ['\u00c3\u00a9', 'c'], why: 'one character per byte' },
  ])('of $of are $are ($why)', ({ of, are }) => {
    expect(labels(of)).toEqual(are);
  });

  test('make the name again, whatever their bytes', () => {
    fc.assert(
      fc.property(name, (any) => {
        expect(nameFromLabels(labels(any))).toBe(any);
      }),
    );
  });

  test('made from text give it back, dots, spaces and all', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, (any) => {
        const bytes = Buffer.from(any, 'utf8').toString('latin1');
        expect(labels(`${escapeLabel(any)}.consul.`)).toEqual([bytes, 'consul']);
      }),
    );
  });
});

describe('absolute', () => {
  test.each([
    { text: '.', is: '.', why: 'the root' },
    { text: 'a.b', is: 'a.b.', why: 'a dot is added' },
    { text: 'A.b.', is: 'A.b.', why: 'absolute already, case kept' },
    { text: 'a\\.b', is: 'a\\.b.', why: 'escapes are understood' },
    { text: 'a\\.', is: 'a\\..', why: 'an escaped dot is not the last one' },
    { text: 'a\\097\\x', is: 'aax.', why: 'what needs no escape loses it' },
    { text: 'my node', is: 'my\\032node.', why: 'a space is escaped (6.2.4)' },
    { text: 'büro', is: 'b\\195\\188ro.', why: 'UTF-8' },
    { text: 'a'.repeat(63), is: `${'a'.repeat(63)}.`, why: 'longest label' },
  ])('"$text" is $is ($why)', ({ text, is }) => {
    expect(absolute(text)).toBe(is);
  });

  test.each([
    { text: '', why: 'empty' },
    { text: '.a', why: 'empty first label' },
    { text: 'a..b', why: 'empty label inside' },
    { text: 'a..', why: 'empty last label' },
    { text: 'a'.repeat(64), why: 'label of 64 bytes' },
    { text: 'é'.repeat(32), why: 'label of 64 bytes in UTF-8' },
    { text: `${'a'.repeat(63)}.`.repeat(4), why: 'name of 257 bytes' },
    { text: 'a\\', why: 'escape without a byte' },
    { text: 'a\\25', why: 'escape of two digits' },
    { text: 'a\\256', why: 'escape above 255' },
  ])('refuses "$text" ($why)', ({ text }) => {
    expect(() => absolute(text)).toThrow(expect.objectContaining({ name: 'WireError', code: 'bad-name' }));
  });

  test('leaves canonical names alone, and refuses any other text only with a WireError', () => {
    fc.assert(
      fc.property(name, (any) => {
        expect(absolute(any)).toBe(any);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        try {
          const made = absolute(text);
          expect(absolute(made)).toBe(made);
          expect(wireLength(made)).toBeLessThanOrEqual(255);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe('comparing', () => {
  test.each([
    { of: 'a.consul.', zone: 'consul.', is: true, why: 'below' },
    { of: 'A.CONSUL.', zone: 'consul.', is: true, why: 'case does not count' },
    { of: 'consul.', zone: 'Consul.', is: true, why: 'the zone itself' },
    { of: 'a.consul.', zone: '.', is: true, why: 'everything is below the root' },
    { of: 'fooconsul.', zone: 'consul.', is: false, why: 'no label border' },
    { of: 'a\\.consul.', zone: 'consul.', is: false, why: 'the dot is part of a label' },
    { of: 'a\\\\.consul.', zone: 'consul.', is: true, why: 'the backslash is, the dot is not' },
    { of: 'consul.', zone: 'a.consul.', is: false, why: 'above' },
    { of: '.', zone: 'consul.', is: false, why: 'the root is below nothing' },
  ])('$of in $zone: $is ($why)', ({ of, zone, is }) => {
    expect(isSubdomain(of, zone)).toBe(is);
  });

  test('names in another letter case are equal, other names are not (D23)', () => {
    expect(equalNames('Web.Consul.', 'wEB.consul.')).toBe(true);
    expect(equalNames('web.consul.', 'wec.consul.')).toBe(false);
    expect(lowerName('WEB.\\195.consul.')).toBe('web.\\195.consul.');
  });

  test('a name is below each of its ends', () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), fc.array(label, { maxLength: 1 }), (all, front) => {
        expect(isSubdomain(nameFromLabels([...front, ...all]), nameFromLabels(all))).toBe(true);
      }),
    );
  });

  test('wireLength counts bytes, not characters', () => {
    fc.assert(
      fc.property(name, (any) => {
        expect(wireLength(any)).toBe(labels(any).reduce((bytes, part) => bytes + part.length + 1, 1));
      }),
    );
  });
});
