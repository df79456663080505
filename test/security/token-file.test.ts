import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask } from '../settings/seen.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { freePort } from '../support/free-port.js';
import { RunningCli } from '../support/running-cli.js';
import type { TestServer } from '../support/server.js';
import { TestClock } from '../support/test-clock.js';
import { configured, logged, logText, startGiven } from './running.js';

/** A token file is read again when it changes, on SIGHUP and after a refusal (http-api A4.1, H068-H070). */

let consul: FakeConsul;
let folder: string;
let file: string;

beforeEach(async () => {
  consul = await startFakeConsul({ services: { web: [{ address: '192.0.2.22', port: 80 }] } });
  folder = await mkdtemp(join(tmpdir(), 'token-file-'));
  file = join(folder, 'token');
  await writeFile(file, 'one\n');
});
afterEach(async () => {
  await Promise.all([consul.close(), rm(folder, { recursive: true, force: true })]);
});

const given = () => ({ flags: { '--http-addr': consul.url, '--token-file': file }, values: { datacenter: 'dc1' } });

/** The token that Consul was shown last. */
function shown(): string | string[] | undefined {
  return consul.requests.at(-1)?.headers['x-consul-token'];
}

/** Lets time pass until Consul is shown this token. */
async function untilShown(token: string, clock: TestClock): Promise<void> {
  const pass = async (): Promise<unknown> => {
    await clock.advance(1_000);
    return shown();
  };
  await expect.poll(pass, { interval: 5 }).toBe(token);
}

describe('a file that changes is read again within seconds', () => {
  const ways: Readonly<Record<string, () => Promise<void>>> = {
    'written anew': () => writeFile(file, 'two'),
    'another one in its place': async () => {
      await writeFile(join(folder, 'next'), 'two');
      await rename(join(folder, 'next'), file);
    },
    'a link turned to another one': async () => {
      await writeFile(join(folder, 'linked'), 'two');
      await symlink(join(folder, 'linked'), join(folder, 'link'));
      await rename(join(folder, 'link'), file);
    },
  };

  test.each(Object.keys(ways))('%s', async (way) => {
    const clock = new TestClock();
    await using server = await startGiven(given(), { clock });
    expect(shown()).toBe('one');
    await ways[way]?.();
    await untilShown('two', clock);
    // Without waiting for the blocking queries that began with the old one.
    const paths = ['catalog/services', 'catalog/nodes', 'health/state/critical', 'health/state/warning'];
    const last = (path: string) => consul.requestsTo(path).at(-1)?.headers['x-consul-token'];
    await expect.poll(() => paths.map(last)).toEqual(paths.map(() => 'two'));
    expect(logged(server, 'info')['token replaced']).toBe(1);
    expect(logText(server)).not.toMatch(/"(one|two)"/);
  });

  test('a file that cannot be read leaves the token, which is logged once; it is found when it is back', async () => {
    const clock = new TestClock();
    await using server = await startGiven(given(), { clock });
    await unlink(file);
    await clock.advance(20_000);
    await expect.poll(() => logged(server, 'warn')).toEqual({ 'token file not read again': 1 });
    await writeFile(file, '');
    await expect
      .poll(async () => {
        await clock.advance(1_000);
        return logged(server, 'warn')['token file not read again'];
      })
      .toBe(2);
    expect((await ask(server, 'web.service.consul')).rcode).toBe(0);
    expect(shown()).toBe('one');
    await writeFile(file, 'two');
    await untilShown('two', clock);
  });
});

describe('a refusal', () => {
  const refuseOne = (): void => {
    consul.fail('health/service/web', { kind: 'status', status: 403, body: 'ACL not found' }, { times: 1 });
  };

  test('leads to the file at once, and then to another try (H070)', async () => {
    const clock = new TestClock();
    await using server: TestServer = await startGiven(given(), { clock });
    await writeFile(file, 'two');
    refuseOne();
    await ask(server, 'web.service.consul');
    await expect.poll(async () => (await ask(server, 'web.service.consul')).rcode, { interval: 5 }).toBe(0);
    expect(shown()).toBe('two');
  });
});

describe('a reload', () => {
  test('reads the file (H070)', async () => {
    await using server = await startGiven(given(), { clock: new TestClock() });
    await writeFile(file, 'two');
    await server.reload(configured(given()));
    await expect.poll(shown).toBe('two');
  });

  test('may name another file, and a token in its place', async () => {
    await using server = await startGiven(given(), { clock: new TestClock() });
    const other = join(folder, 'other');
    await writeFile(other, 'three');
    await server.reload(configured({ ...given(), flags: { '--http-addr': consul.url, '--token-file': other } }));
    await expect.poll(shown).toBe('three');
    await server.reload(configured({ ...given(), flags: { '--http-addr': consul.url, '--token': 'four' } }));
    await expect.poll(shown).toBe('four');
  });
});

describe('the command', () => {
  const start = async (): Promise<RunningCli> => {
    const port = String(await freePort());
    const cli = new RunningCli(['--http-addr', consul.url, '--token-file', file, '--dns-port', port, '--log-json']);
    await cli.printed(/answers for/);
    return cli;
  };

  test('reads the file on SIGHUP (H070)', async () => {
    await using cli = await start();
    await writeFile(file, 'two');
    cli.kill('SIGHUP');
    await cli.logged(/token replaced/);
    await expect.poll(shown).toBe('two');
  });

  test('reads the file by itself', async () => {
    await using cli = await start();
    await writeFile(file, 'two');
    await cli.logged(/token replaced/);
    await expect.poll(shown).toBe('two');
  });

  test('does not start without the file that it is to read, and names it (H069)', async () => {
    await rm(file);
    await using cli = new RunningCli(['--http-addr', consul.url, '--token-file', file]);
    const { code, stderr } = await cli.ended;
    expect(code).not.toBe(0);
    expect(stderr).toContain(`--token-file: "${file}" cannot be read: no such file or directory`);
  });
});
