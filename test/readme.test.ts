import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_CONFIG } from '../src/config/settings.js';
import { type RunningDev, startDev } from '../src/dev.js';
import { hasDig } from './support/dig.js';
import { freePort } from './support/free-port.js';
import { RecordingLog } from './support/server.js';

const ROOT = new URL('..', import.meta.url);
const readme = readFileSync(new URL('README.md', ROOT), 'utf8');

interface Command {
  readonly line: string;
  /** What README says it prints. */
  readonly output: readonly string[];
}

/** The commands of the console blocks marked with `<!-- run: dev -->`, in README's order. */
function commandsOf(text: string): Command[] {
  const blocks = [...text.matchAll(/<!-- run: dev -->\n```console\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((command) => {
        const [line = '', ...output] = command.trimEnd().split('\n');
        return { line, output };
      }),
  );
}

describe.skipIf(!hasDig())(`README's commands${hasDig() ? '' : ' (skipped: no dig on this machine)'}`, () => {
  let dev: RunningDev;
  let ports: { readonly http: number; readonly dns: number };

  beforeAll(async () => {
    ports = { http: await freePort(), dns: await freePort() };
    const config = {
      ...DEFAULT_CONFIG,
      dnsPort: ports.dns,
      httpPort: ports.http,
      datacenter: 'dc1',
      nodeName: 'box',
      configDirs: [new URL('fixtures/definitions', ROOT).pathname],
    };
    dev = await startDev(config, { log: new RecordingLog() });
  });
  afterAll(() => dev?.close());

  // One after the other, as a reader would type them: later ones see what earlier ones did.
  test.each(commandsOf(readme))('$line', async ({ line, output }) => {
    const command = line.replaceAll('8600', String(ports.dns)).replaceAll(':8500', `:${ports.http}`);
    const { stdout } = await promisify(execFile)('bash', ['-c', command]);
    // The order of records is random, and dig aligns its columns.
    const tidy = (lines: readonly string[]): string[] => lines.map((text) => text.replace(/\s+/g, ' ').trim()).sort();
    expect(tidy(stdout.split('\n').filter((text) => text !== ''))).toEqual(tidy(output));
  });
});

test('README lists the differences that the tests hold us to, and no others', () => {
  const folder = new URL('test/', ROOT).pathname;
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'));
  const cited = tests.flatMap((path) => readFileSync(join(folder, path), 'utf8').match(/\bD[1-9]\d?\b/g) ?? []);
  const listed = [...readme.matchAll(/^\| (D\d+) \|/gm)].map((match) => match[1] ?? '');
  expect(listed.toSorted()).toEqual([...new Set(cited)].toSorted());
});
