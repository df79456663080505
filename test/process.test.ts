import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeMessage } from '../src/wire/message.js';
import { askUdp, question, UdpClient } from './support/client.js';
import { startFakeConsul } from './support/fake-consul.js';
import { freePort } from './support/free-port.js';
import { RunningCli } from './support/running-cli.js';
import { startTestServer } from './support/server.js';

const LIBRARY = new URL('../dist/index.js', import.meta.url).href;

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

test('closing a server leaves nothing that keeps the process alive', async () => {
  await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
  const script = `
    import { createSocket } from 'node:dgram';
    import { once } from 'node:events';
    import { createLogger, DEFAULT_CONFIG, encodeMessage, startServer } from ${JSON.stringify(LIBRARY)};
    const bind = ['127.0.0.1', '::1'];
    const config = { ...DEFAULT_CONFIG, httpAddr: [${JSON.stringify(consul.url)}], bind, dnsPort: 0, adminAddr: { host: '127.0.0.1', port: 0 } };
    const log = await createLogger({ level: 'error', json: true });
    const server = await startServer(config, { log, credentials: {} });
    const client = createSocket('udp4');
    client.connect(server.addresses[0].port, '127.0.0.1');
    await once(client, 'connect');
    client.send(Buffer.from(${JSON.stringify(queryHex())}, 'hex'));
    const [reply] = await once(client, 'message');
    client.close();
    await server.close();
    console.log(JSON.stringify({ replyBytes: reply.length }));
    // No process.exit: whatever was left open would keep this from ending.
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 15_000,
  });
  expect(JSON.parse(stdout).replyBytes).toBeGreaterThan(12);
});

test('the gRPC library is loaded by the first gRPC check, and by nothing else', async () => {
  const script = `
    import { createRequire } from 'node:module';
    import { createLogger, DEFAULT_CONFIG, startAgent, startServer } from ${JSON.stringify(LIBRARY)};
    const loaded = () => Object.keys(createRequire(${JSON.stringify(LIBRARY)}).cache).filter((file) => /node_modules.(@grpc|protobufjs)/.test(file)).length;
    const log = await createLogger({ level: 'error', json: true });
    const agent = await startAgent({ http: { hosts: ['127.0.0.1'], port: 0 }, node: 'srv-1', datacenter: 'dc1', bindAddress: '127.0.0.1', dnsPort: 8600, configDirs: [], configFiles: [], log });
    const url = 'http://127.0.0.1:' + agent.address.port;
    const server = await startServer({ ...DEFAULT_CONFIG, httpAddr: [url], bind: ['127.0.0.1'], dnsPort: 0, adminAddr: undefined }, { log, credentials: {} });
    const run = async (name, check) => {
      await fetch(url + '/v1/agent/check/register', { method: 'PUT', body: JSON.stringify({ Name: name, Interval: '1s', ...check }) });
      while ((await (await fetch(url + '/v1/agent/checks')).json())[name].Output === '') await new Promise((resolve) => setTimeout(resolve, 20));
      return loaded();
    };
    const target = url.replace('http://', '');
    console.log(JSON.stringify([await run('tcp', { TCP: target }), await run('grpc', { GRPC: target })]));
    await server.close();
    await agent.close();
  `;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 15_000,
  });
  const [without, withCheck] = JSON.parse(stdout);
  expect(without).toBe(0);
  expect(withCheck).toBeGreaterThan(0);
  expect(stderr).toBe('');
});

function queryHex(): string {
  return Buffer.from(encodeMessage(question('web.service.consul', 'A'))).toString('hex');
}
