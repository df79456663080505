import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasDig } from '../support/dig.js';
import { eventually } from '../support/eventually.js';
import { findProgram, unlessMissing } from '../support/external.js';
import { freePort } from '../support/free-port.js';
import { consulBinary } from '../support/real-consul.js';
import { RunningCli } from '../support/running-cli.js';
import { type Ran, Shell } from './shell.js';
import { BEFORE, CHAPTERS, START, type Step } from './tutorial.js';

const needed = consulBinary !== undefined && hasDig() ? findProgram('curl') : undefined;

describe.skipIf(needed === undefined)(
  `Consul's tutorials with consul-dnsd in place of its agent${unlessMissing('consul, dig or curl', needed)}`,
  () => {
    let shell: Shell;
    let agent: RunningCli;
    let ports: Readonly<Record<'http' | 'dns' | 'web', number>>;

    beforeAll(async () => {
      ports = { http: await freePort(), dns: await freePort(), web: await freePort() };
      shell = await Shell.open(`http://127.0.0.1:${ports.http}`);
      for (const line of BEFORE) expect(await shell.run(line)).toMatchObject({ code: 0 });
      const [, ...args] = START.replace('./consul.d', join(shell.folder, 'consul.d')).split(' ');
      agent = new RunningCli([...args, '-node=box', `-http-port=${ports.http}`, `-dns-port=${ports.dns}`], {
        PATH: process.env['PATH'] ?? '',
      });
      await agent.printed(/HTTP API on /);
    });
    afterAll(async () => {
      await agent?.[Symbol.asyncDispose]();
      await shell?.[Symbol.asyncDispose]();
    });

    /** The line with our ports, and with the index of the key that it names in place of the tutorial's. */
    async function ours(line: string): Promise<string> {
      const key = /(?:-modify-index=123 |\/kv\/)([\w/]+)/.exec(line)?.[1] ?? '';
      const index = /123|cas=97|index=101/.test(line) ? await indexOf(key) : '';
      return line
        .replace(/-p 8600/, `-p ${ports.dns}`)
        .replace(/:8500/, `:${ports.http}`)
        .replace('"curl", "localhost"', `"curl", "localhost:${ports.web}"`)
        .replace(/(?<=-modify-index=)123|(?<=cas=)97|(?<=index=)101/, index);
    }

    // The tutorials write two keys once and use the index of that for both of two tries.
    const indexes = new Map<string, string>();
    async function indexOf(key: string): Promise<string> {
      const known = indexes.get(key);
      if (known !== undefined) return known;
      const { stdout } = await shell.run(`consul kv get -detailed ${key} | sed -n 's/ModifyIndex *//p'`);
      indexes.set(key, stdout.trim());
      return stdout.trim();
    }

    /** Runs a step; a question is put again until DNS knows what HTTP has just been told. */
    async function run({ line, prints, code = 0 }: Step): Promise<void> {
      const ownLine = await ours(line);
      const patterns = prints instanceof RegExp ? [prints] : prints;
      const output = ({ stdout, stderr }: Ran): string => (/^curl (?!-v)/.test(line) ? stdout : stdout + stderr);
      const isExpected = (ran: Ran): boolean =>
        ran.code === code && patterns.every((pattern) => pattern.test(output(ran)));
      const ran = await eventually(
        () => shell.run(ownLine),
        (last) => !line.startsWith('dig') || isExpected(last),
      );
      for (const pattern of patterns) expect(output(ran), line).toMatch(pattern);
      expect(ran.code, line).toBe(code);
    }

    test.each(CHAPTERS)('$title', { timeout: 60_000 }, async ({ steps }) => {
      for (const step of steps) await run(step);
    });

    test('H152 and having left, it has ended well', async () => {
      expect(await agent.ended).toMatchObject({ code: 0 });
    });
  },
);
