import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsMarkdown } from '../../src/config/describe.js';

test("README's settings are the table's (npm run docs writes them)", () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const between = /<!-- settings -->\n\n([\s\S]*)\n<!-- \/settings -->/.exec(readme)?.[1];
  expect(between).toBe(settingsMarkdown());
});
