import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestAgent, type TestAgent } from '../agent/test-agent.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { FILES, SCENARIOS } from './command-lines.js';
import { type Ran, Shell } from './shell.js';

/** A real agent carries its registrations into the catalog a moment later. */
const SETTLE_MS = 3000;
const READS = /^consul (?:catalog|kv get|kv export|maint$)/;

/** What must differ between two agents, and the widths of columns with it. */
function shown({ code, stdout, stderr }: Ran): Ran {
  const shape = (text: string): string =>
    text
      .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID')
      .replace(/\b[0-9a-f]{8}(?= )/g, 'ID')
      .replace(/(?<=127\.0\.0\.1:|port=)\d+/g, 'PORT')
      .replace(/(?<=(?:Create|Modify)Index +)\d+/g, 'INDEX')
      .replace(/ +/g, ' ');
  return { code, stdout: shape(stdout), stderr: shape(stderr) };
}

describe.skipIf(consulBinary === undefined)(
  `the consul command, to Consul 1.8.7 and to ours${unlessMissing('consul', consulBinary)}`,
  () => {
    let consul: RealConsul;
    let agent: TestAgent;
    let theirs: Shell;
    let ours: Shell;

    beforeAll(async () => {
      consul = await RealConsul.start();
      agent = await startTestAgent();
      theirs = await Shell.open(consul.url);
      ours = await Shell.open(agent.url);
      for (const shell of [theirs, ours]) {
        for (const [file, content] of Object.entries(FILES)) await shell.write(file, content);
      }
    });
    afterAll(async () => {
      await Promise.all([theirs?.[Symbol.asyncDispose](), ours?.[Symbol.asyncDispose]()]);
      await agent?.close();
      await consul?.close();
    });

    async function runBoth(line: string): Promise<{ readonly expected: Ran; readonly actual: Ran }> {
      const deadline = Date.now() + SETTLE_MS;
      for (;;) {
        const [expected, actual] = await Promise.all([theirs.run(line).then(shown), ours.run(line).then(shown)]);
        const isEqual = JSON.stringify(expected) === JSON.stringify(actual);
        if (isEqual || !READS.test(line) || Date.now() > deadline) return { expected, actual };
      }
    }

    test.each(SCENARIOS)('$title', { timeout: 60_000 }, async ({ lines }) => {
      for (const entry of lines) {
        const { line, code = 0, differs } = typeof entry === 'string' ? { line: entry } : entry;
        const { expected, actual } = await runBoth(line);
        expect.soft({ line, code: expected.code }, 'what Consul itself ends with').toEqual({ line, code });
        if (differs === undefined) expect.soft({ line, ...actual }).toEqual({ line, ...expected });
        else {
          expect.soft({ line, ...actual }, differs.why).not.toEqual({ line, ...expected });
          expect.soft(actual.stdout + actual.stderr, line).toMatch(differs.prints);
        }
      }
    });

    test('H147 info prints the groups that Consul prints', async () => {
      const groups = ({ stdout }: Ran): string[] => stdout.match(/^\w+:$/gm) ?? [];
      const [expected, actual] = [await theirs.run('consul info'), await ours.run('consul info')];
      expect(groups(expected)).toContain('raft:');
      expect({ code: actual.code, groups: groups(actual) }).toEqual({ code: 0, groups: groups(expected) });
      expect(actual.stdout).toMatch(/^\tleader = true$/m);
    });

    // A real agent knows its own coordinate only after a while.
    test('H147 rtt estimates as an agent does that is alone', async () => {
      const stdout = 'Estimated srv-1 <-> srv-1 rtt: 0.020 ms (using LAN coordinates)\n';
      expect(await ours.run('consul rtt srv-1')).toEqual({ code: 0, stdout, stderr: '' });
      expect(await ours.run('consul rtt srv-1 srv-1')).toEqual({ code: 0, stdout, stderr: '' });
    });

    test('B9 what validate calls valid, ours loads', async () => {
      await ours.run('mkdir valid.d && cp web.json checked.json valid.d');
      await ours.write('valid.d/agent.json', '{"data_dir": "/nowhere", "node_name": "other", "datacenter": "dc1"}');
      expect(await ours.run('consul validate valid.d')).toMatchObject({ code: 0 });
      await using loaded = await startTestAgent({ configDirs: [join(ours.folder, 'valid.d')] });
      const { stdout } = await ours.run(`consul catalog services -http-addr=${loaded.url}`);
      expect(stdout).toBe('checked\nconsul\nweb\n');
    });

    test('B9 our own sample definitions are valid to Consul', async () => {
      const samples = new URL('../../fixtures/definitions', import.meta.url).pathname;
      await ours.run(`cp -r '${samples}' samples.d`);
      await ours.write('samples.d/agent.json', '{"data_dir": "/nowhere"}');
      expect(await ours.run('consul validate samples.d')).toMatchObject({ code: 0 });
    });
  },
);
