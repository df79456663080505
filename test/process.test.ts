import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askUdp, question, UdpClient } from './support/client.js';
import { startFakeConsul } from './support/fake-consul.js';
import { freePort } from './support/free-port.js';
import { RunningCli } from './support/running-cli.js';
import { startTestServer } from './support/server.js';

describe('the process', () => {
  let folder: string;
  let port: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'process-test-'));
    port = await freePort();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: the question under way is answered, and the exit code is 0',
    async (signal) => {
      await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
      consul.fail('health/service/web', { kind: 'delay', ms: 300 });
      await using server = new RunningCli(['--http-addr', consul.url, '--dns-port', String(port), '--log-json']);
      await server.printed(/answers for/);
      await using client = await UdpClient.open({ host: '127.0.0.1', port });
      client.send(question('web.service.consul', 'A'));
      while (consul.requestsTo('health/service/web').length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      server.kill(signal);
      expect((await client.next()).length).toBeGreaterThan(12);
      expect((await server.ended).code).toBe(0);
    },
  );

  test('SIGHUP takes over a changed file, and goes on as before when it is wrong', async () => {
    await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
    const file = join(folder, 'dns.json');
    const write = (ttl: string): Promise<void> =>
      writeFile(file, JSON.stringify({ dns_config: { service_ttl: { '*': ttl } } }));
    const ttl = async (): Promise<number | undefined> =>
      (await askUdp({ host: '127.0.0.1', port }, question('web.service.consul', 'A'))).answer[0]?.ttlSeconds;
    const until = async (isSo: () => Promise<boolean>): Promise<void> => {
      while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
    };

    await write('5s');
    await using server = new RunningCli([
      '--http-addr',
      consul.url,
      '--dns-port',
      String(port),
      '--config-file',
      file,
      '--log-json',
    ]);
    await server.printed(/answers for/);
    expect(await ttl()).toBe(5);

    await write('7s');
    server.kill('SIGHUP');
    await until(async () => (await ttl()) === 7);

    await write('seven');
    server.kill('SIGHUP');
    expect(await server.logged(/reload failed/)).toContain('seven');
    expect(await ttl()).toBe(7);
  });

  test('a port that is taken ends it with code 1, the address, and what to do', async () => {
    await using consul = await startFakeConsul({});
    await using first = await startTestServer(consul.url);
    await using second = new RunningCli(['--http-addr', consul.url, '--dns-port', String(first.port)]);
    const { code, stdout, stderr } = await second.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`UDP 127.0.0.1:${first.port}`);
    expect(stderr).toContain('--dns-port');
    expect(stdout).toBe('');
  });

  test('it starts without Consul, and answers what needs none', async () => {
    const nobody = await freePort();
    await using server = new RunningCli([
      '--http-addr',
      `127.0.0.1:${nobody}`,
      '--dns-port',
      String(port),
      '--log-json',
    ]);
    await server.printed(/answers for/);
    const reply = await askUdp({ host: '127.0.0.1', port }, question('c0000216.addr.consul', 'A'));
    expect(reply.answer).toMatchObject([{ data: { address: '192.0.2.22' } }]);
    expect(await askUdp({ host: '127.0.0.1', port }, question('web.service.consul', 'A'))).toMatchObject({ rcode: 2 });
  });
});

test('closing a server leaves no socket and no timer', async () => {
  const before = openHandles();
  {
    await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
    await using server = await startTestServer(consul.url, { bind: ['127.0.0.1', '::1'] });
    await askUdp(server, question('web.service.consul', 'A'));
    await askUdp(server, question('nope.service.consul', 'A'));
  }
  // Sockets report their end a turn later than they are closed.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(openHandles()).toEqual(before);
});

/** Sockets, servers and timers that keep the process alive; not what the test runner does with files and pipes. */
function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(UDP|TCP|TLS|Timeout|Immediate)/.test(name))
    .sort();
}
