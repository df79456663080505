// Writes the settings into README.md between its two markers; test/config/readme.test.ts fails until that was done.
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsMarkdown } from '../dist/config/describe.js';

const readme = new URL('../README.md', import.meta.url);
const [before, rest] = readFileSync(readme, 'utf8').split(/(?<=<!-- settings -->\n)/);
const after = rest.slice(rest.indexOf('<!-- /settings -->'));
writeFileSync(readme, `${before}\n${settingsMarkdown()}\n${after}`);
