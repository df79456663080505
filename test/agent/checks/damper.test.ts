import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StatusDamper } from '../../../src/agent/checks/damper.js';
import type { CheckResult } from '../../../src/agent/checks/result.js';

const LETTERS = { P: 'passing', W: 'warning', C: 'critical' } as const;

/** Statuses after each result, "." where nothing changes; letters as in LETTERS. */
function shown(results: string, thresholds: { passing: number; warning: number; critical: number }): string {
  const damper = new StatusDamper(thresholds);
  return [...results]
    .map((letter) => {
      const status = LETTERS[letter as keyof typeof LETTERS];
      return damper.take({ status, output: '' })?.charAt(0).toUpperCase() ?? '.';
    })
    .join('');
}

describe('H127 results in a row', () => {
  test.each([
    {
      results: 'CPWC',
      passing: 0,
      warning: 0,
      critical: 0,
      shows: 'CPWC',
      why: 'without thresholds every result counts',
    },
    { results: 'PCCC', passing: 0, warning: 3, critical: 3, shows: 'P..C', why: 'the third failure' },
    { results: 'CPPP', passing: 3, warning: 0, critical: 0, shows: 'C..P', why: 'the third success' },
    {
      results: 'CCPCC',
      passing: 2,
      warning: 2,
      critical: 2,
      shows: 'CC..C',
      why: 'the first counts at once; a success starts the count anew',
    },
    { results: 'PWWW', passing: 0, warning: 2, critical: 3, shows: 'P.WW', why: 'warnings have a count of their own' },
    {
      results: 'PCCC',
      passing: 0,
      warning: 1,
      critical: 3,
      shows: 'PWWC',
      why: 'a failure warns before it is critical',
    },
  ])('$results shows $shows: $why', ({ results, shows, ...thresholds }) => {
    expect(shown(results, thresholds)).toBe(shows);
  });

  test('a status is never shown against the result just taken, except a warning for a failure', () => {
    const status = fc.constantFrom<CheckResult['status']>('passing', 'warning', 'critical');
    const thresholds = fc
      .record({ passing: fc.nat(4), warning: fc.nat(4), more: fc.nat(4) })
      .map(({ passing, warning, more }) => ({ passing, warning, critical: warning + more }));
    fc.assert(
      fc.property(fc.array(status), thresholds, (results, given) => {
        const damper = new StatusDamper(given);
        for (const result of results) {
          const now = damper.take({ status: result, output: '' });
          expect([undefined, result, result === 'critical' ? 'warning' : result]).toContain(now);
        }
      }),
    );
  });
});
