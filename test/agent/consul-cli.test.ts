import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unlessMissing } from '../support/external.js';
import { consulBinary } from '../support/real-consul.js';
import { put } from './exchange.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

interface Outcome {
  readonly code: number;
  readonly output: string;
}

describe.skipIf(consulBinary === undefined)(
  `the consul command takes us for an agent of its own${unlessMissing('consul', consulBinary)}`,
  () => {
    let agent: TestAgent;
    let folder: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'consul-cli-'));
      agent = await startTestAgent({ configDirs: [folder] });
    });
    afterAll(async () => {
      await agent?.close();
      await rm(folder, { recursive: true });
    });

    /** Runs `consul ...`; what it prints on both streams. */
    function consul(...args: string[]): Promise<Outcome> {
      return new Promise((resolve) => {
        const env = { ...process.env, CONSUL_HTTP_ADDR: agent.url };
        execFile(consulBinary ?? 'consul', args, { env, timeout: 15_000 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, output: stdout + stderr });
        });
      });
    }

    test.each([
      ['members', 'srv-1  127.0.0.1:8301  alive   server  1.8.7  2         dc1  <all>'],
      ['members -wan', 'srv-1.dc1'],
      ['members -detailed', 'role=consul'],
      ['catalog nodes', 'srv-1'],
      ['catalog nodes -service consul -detailed', 'lan_ipv4=127.0.0.1'],
      ['catalog nodes -near _agent -filter Node=="srv-1"', 'srv-1'],
      ['catalog services -tags', 'consul'],
      ['catalog services -node srv-1', 'consul'],
      ['catalog datacenters', 'dc1'],
      ['info', 'leader_addr = 127.0.0.1:8300'],
      ['operator raft list-peers', 'leader  true   3'],
      ['rtt srv-1 srv-1', 'Estimated srv-1 <-> srv-1 rtt'],
      ['event -name deploy payload', 'Event ID: '],
    ])('H147 consul %s', async (command, expected) => {
      const { code, output } = await consul(...command.split(' '));
      expect(output).toContain(expected);
      expect(code).toBe(0);
    });

    test('H148 services register and deregister, from a file and from flags', async () => {
      const file = `${folder}.json`;
      await writeFile(file, '{"service":{"name":"web","port":80,"check":{"ttl":"10s"}}}');
      expect(await consul('services', 'register', file)).toEqual({ code: 0, output: 'Registered service: web\n' });
      expect((await consul('catalog', 'services')).output).toBe('consul\nweb\n');
      expect(await consul('services', 'deregister', file)).toEqual({ code: 0, output: 'Deregistered service: web\n' });
      expect(await consul('services', 'register', '-name', 'db', '-id', 'db-1', '-tag', 'a')).toMatchObject({
        code: 0,
      });
      expect(await consul('services', 'deregister', '-id', 'db-1')).toMatchObject({ code: 0 });
      expect((await consul('catalog', 'services')).output).toBe('consul\n');
      await rm(file);
    });

    test('H148 maint, for the node and for a service', async () => {
      await put(agent.url, '/v1/agent/service/register', { Name: 'tired' });
      expect(await consul('maint', '-enable', '-reason', 'repair')).toMatchObject({ code: 0 });
      expect(await consul('maint', '-enable', '-service', 'tired', '-reason', 'rest')).toMatchObject({ code: 0 });
      const { output } = await consul('maint');
      // In no particular order.
      expect(output).toMatch(/Name: {3}srv-1\s+Reason: repair/);
      expect(output).toMatch(/ID: {5}tired\s+Reason: rest/);
      expect(await consul('maint', '-disable', '-service', 'tired')).toMatchObject({ code: 0 });
      expect(await consul('maint', '-disable')).toMatchObject({ code: 0 });
      expect((await consul('maint')).output.trim()).toBe('');
      await put(agent.url, '/v1/agent/service/deregister/tired');
    });

    test('H148 kv put, get, export, import, delete', async () => {
      expect((await consul('kv', 'put', '-flags=42', 'a/b', 'one')).output).toBe('Success! Data written to: a/b\n');
      expect((await consul('kv', 'put', 'a/c', 'two')).code).toBe(0);
      expect((await consul('kv', 'put', '-cas', '-modify-index=1', 'a/c', 'no')).code).toBe(1);
      expect((await consul('kv', 'get', 'a/b')).output).toBe('one\n');
      expect((await consul('kv', 'get', '-keys', '-separator=/', '')).output).toBe('a/\n');
      const exported = (await consul('kv', 'export', 'a/')).output;
      expect((await consul('kv', 'delete', '-recurse', 'a/')).code).toBe(0);
      expect((await consul('kv', 'get', 'a/b')).code).toBe(1);
      expect((await consul('kv', 'import', exported)).output).toBe('Imported: a/b\nImported: a/c\n');
      expect((await consul('kv', 'get', '-recurse', 'a/')).output).toBe('a/b:one\na/c:two\n');
    });

    test('B10 lock runs its command while it holds the lock', async () => {
      expect(await consul('lock', '-timeout=5s', 'locks/x', 'echo holding')).toEqual({ code: 0, output: 'holding\n' });
    });

    test('H149 watch runs its handler at first and for every change', async () => {
      const env = { ...process.env, CONSUL_HTTP_ADDR: agent.url };
      const args = ['watch', '-type=service', '-service=watched', 'cat; echo'];
      const watch = spawn(consulBinary ?? 'consul', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      watch.stdout.on('data', (chunk) => (printed += chunk));
      const ended = once(watch, 'exit');
      try {
        await vi.waitFor(() => expect(printed).toBe('[]\n\n'), { timeout: 10_000 });
        await put(agent.url, '/v1/agent/service/register', { Name: 'watched' });
        await vi.waitFor(() => expect(printed).toContain('"Service":"watched"'), { timeout: 10_000 });
      } finally {
        watch.kill();
        await ended;
      }
    });

    test('H150 H151 reload takes an edited file, and says what is wrong with a broken one', async () => {
      const file = join(folder, 'web.json');
      await writeFile(file, '{"service":{"name":"from-file"}}');
      expect(await consul('reload')).toMatchObject({ code: 0 });
      expect((await consul('catalog', 'services')).output).toContain('from-file');
      await writeFile(file, '{"service":');
      const { code, output } = await consul('reload');
      expect(code).toBe(1);
      expect(output).toContain(`failed to parse ${file}: unexpected end of JSON input`);
    });

    test('H152 leave succeeds', async () => {
      const other = await startTestAgent();
      const leaving = consul('leave', `-http-addr=${other.url}`);
      await other.left;
      await other.close();
      expect(await leaving).toEqual({ code: 0, output: 'Graceful leave complete\n' });
    });
  },
);
