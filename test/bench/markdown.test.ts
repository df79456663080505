import { expect, test } from 'vitest';
import { formatResults } from './markdown.js';
import type { SectionResult } from './results.js';

const START: SectionResult = {
  date: '2026-11-21',
  machine: 'a machine',
  isQuick: false,
  seconds: 3,
  goals: [
    { name: 'start', measured: 380.4, unit: 'ms', bound: 'at most', limit: 400 },
    { name: 'start of two workers', measured: 400.6, unit: 'ms', bound: 'at most', limit: 400 },
    { name: 'gain', measured: 1.7, unit: 'x', bound: 'at least', limit: 1.7 },
    { name: 'not measured', measured: Number.NaN, unit: 'x', bound: 'at least', limit: 4 },
  ],
  tables: [{ title: 'Times', head: ['way', 'ms'], rows: [['serve', '380']], note: 'Of one run.' }],
  charts: [],
  data: undefined,
};

test('a goal is met at its limit, and never when it was not measured', () => {
  const lines = formatResults({ start: START }, { chartFolder: 'charts' }).split('\n');
  expect(lines.filter((line) => /met/.test(line))).toEqual([
    '| start | 380 ms | at most 400 ms | met |',
    '| start of two workers | 401 ms | at most 400 ms | **not met** |',
    '| gain | 1.70x | at least 1.7x | met |',
    '| not measured | - | at least 4x | **not met** |',
  ]);
});

test('a table stands under its title, and its note below', () => {
  expect(formatResults({ start: START }, { chartFolder: 'charts' })).toContain(
    '**Times**\n\n| way | ms |\n| --- | --- |\n| serve | 380 |\n\nOf one run.\n',
  );
});

test('sections of the same day and machine are named together, quick ones apart', () => {
  const text = formatResults({ start: START, churn: START, loads: { ...START, isQuick: true } }, { chartFolder: '.' });
  expect(text).toContain('Measured on 2026-11-21 (a machine): start, churn.');
  expect(text).toContain('Measured on 2026-11-21 (a machine; quick, not for comparisons): loads.');
});
