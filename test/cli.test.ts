import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { type Ended, RunningCli } from './support/running-cli.js';
import { startTestServer } from './support/server.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'consul-dnsd-cli-'));
});
afterEach(() => rm(dir, { recursive: true }));

async function run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended> {
  await using running = new RunningCli(args, env);
  return await running.ended;
}

const SERVE_NOWHERE = ['--dns-port', '0', '--http-addr', '127.0.0.1:1', '--datacenter', 'dc1'];

describe('configuration errors end it with code 2 before anything listens', () => {
  test('all of them are listed at once, as the user wrote the keys', async () => {
    await writeFile(join(dir, 'a.json'), '{"dns_config": {"node_ttl": 30}, "recursors": "8.8.8.8"}');
    await writeFile(join(dir, 'b.json'), '{\n  "domain" "x"\n}');
    const args = ['--config-dir', dir, '--dns-port', '70000', '--bind=localhost', '--token-file', '/nowhere/token'];
    const { code, stdout, stderr } = await run(args, {
      CONSUL_HTTP_ADDR: 'ftp://consul',
      CONSUL_HTTP_TOKEN: 'hunter2',
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      'consul-dnsd: Cannot use this configuration (7 problems):',
      `  ${dir}/b.json: line 2, column 12: expected ":", found "\\""`,
      `  ${dir}/a.json: dns_config.node_ttl: must be a duration such as "1m30s", from 0s to 596523h14m7s, not 30`,
      `  ${dir}/a.json: recursors: must be a list with each entry an address of a DNS server: IP or host name, IP:port or [IPv6]:port, not 0.0.0.0 or ::, not "8.8.8.8"`,
      '  CONSUL_HTTP_ADDR: must be a list with each entry an address: host:port, http://host:port, https://host:port or unix:///path, not "ftp://consul"',
      '  --bind: must be a list with each entry an IP address, not "localhost"',
      '  --dns-port: must be a port number, 0 to 65535, not "70000"',
      '  --token-file: "/nowhere/token" cannot be read: no such file or directory',
    ]);
  });

  test.each([
    { args: ['--bogus'], message: "error: unknown option '--bogus'" },
    { args: ['--domian', 'x'], message: "error: unknown option '--domian'\n(Did you mean --domain?)" },
    { args: ['servve'], message: "error: unknown command 'servve'" },
    { args: ['--dns-port'], message: "error: option '--dns-port <port>' argument missing" },
    { args: ['dev', 'extra'], message: "error: too many arguments for 'dev'. Expected 0 arguments but got 1." },
    { args: ['lookup'], message: "error: missing required argument 'name'" },
    { args: ['lookup', 'web', 'BOGUS'], message: 'consul-dnsd: Cannot ask for type "BOGUS"' },
    { args: ['lookup', 'web', '--timeout', '5'], message: '  --timeout: must be a duration such as "5s", not "5"' },
  ])('$args', async ({ args, message }) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('a wrong service definition is one as well, and names its file (H160)', async () => {
    await writeFile(join(dir, 'web.json'), '{"service": {"name": "web", "port": "80"}}');
    const { code, stdout, stderr } = await run(['dev', '-dns-port', '0', '-http-port', '0', '-config-dir', dir]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(join(dir, 'web.json'));
    expect(stderr).toContain('service.port');
  });
});

describe('check', () => {
  test('shows the settings that serve would have, and where they come from', async () => {
    await writeFile(join(dir, 'dns.json'), '{"domain": "Example.NET", "telemetry": {}}');
    const env = { CONSUL_HTTP_TOKEN: 'hunter2', CONSUL_DNSD_NODE_TTL: '90s' };
    const { code, stdout, stderr } = await run(['check', '-config-dir', dir, '--only-passing=false'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^--domain +example\\.net\\. +${dir}/dns\\.json: domain$`, 'm'));
    expect(stdout).toMatch(/^--node-ttl +1m30s +CONSUL_DNSD_NODE_TTL$/m);
    expect(stdout).toMatch(/^--only-passing +false +--only-passing$/m);
    expect(stdout).toMatch(/^--token +\(hidden\) +CONSUL_HTTP_TOKEN$/m);
    expect(stdout).toMatch(/^--dns-port +8600 +default$/m);
    expect(stderr).toBe('note: unknown Consul keys passed over {"keys":["telemetry"]}\n');
  });

  test('ends with 2 when serve would', async () => {
    const { code, stderr } = await run(['check', '--domain', '.']);
    expect(code).toBe(2);
    expect(stderr).toContain('--domain');
  });
});

test.each(['--version', '-V', '-version'])('%s prints the version', async (flag) => {
  expect(await run([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('--help explains every command, and serve --help every setting', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const command of ['serve', 'dev|agent', 'check', 'lookup']) expect(stdout).toContain(`  ${command} `);
  const { stdout: settings } = await run(['serve', '--help']);
  expect(settings).toMatch(/^Forwarding:$/m);
  expect(settings).toContain('--stale-max-age <duration>');
  expect(settings).not.toContain('preset');
});

describe('serve', () => {
  test('takes flags with one dash, and prints one line when it is ready', async () => {
    await using running = new RunningCli([
      '-dns-port=0',
      '-http-addr',
      '127.0.0.1:1',
      '-datacenter',
      'dc1',
      '-domain',
      'x',
    ]);
    const stdout = await running.printed(/\n/);
    expect(stdout).toMatch(
      /^consul-dnsd answers for x\. on 127\.0\.0\.1:\d+ \(UDP and TCP\); the catalog is not known yet from http:\/\/127\.0\.0\.1:1\n$/,
    );
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stdout });
  });

  test('logs what it passed over, one JSON object a line, and no token (H067, H076)', async () => {
    await writeFile(
      join(dir, 'a.json'),
      '{"data_dir": "/x", "server": true, "acl": {"tokens": {"default": "hunter2"}}}',
    );
    const args = [...SERVE_NOWHERE, '--log-json', '--log-level', 'debug', '--config-dir', dir];
    await using running = new RunningCli(args, { CONSUL_HTTP_SSL: 'maybe' });
    await running.printed(/\n/);
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    const lines: unknown[] = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ keys: ['data_dir', 'server'] }));
    expect(lines).toContainEqual(expect.objectContaining({ variable: 'CONSUL_HTTP_SSL', value: 'maybe' }));
    expect(stderr).not.toContain('hunter2');
  });

  test('names the settings that have to wait for a restart when SIGHUP changes them', async () => {
    await writeFile(join(dir, 'a.json'), '{}');
    await using running = new RunningCli([...SERVE_NOWHERE, '--log-json', '--config-dir', dir]);
    await running.printed(/\n/);
    await writeFile(join(dir, 'a.json'), '{"client_addr": "127.0.0.2", "dns_config": {"node_ttl": "5s"}}');
    running.kill('SIGHUP');
    expect(await running.logged(/configuration read again/)).toContain('"waitingForRestart":["--bind"]');
  });
});

describe('dev', () => {
  const DEV = ['agent', '-dev', '-node', 'n1', '-http-port', '0', '-dns-port', '0'];

  test("takes the flags of Consul's agent, and tells what to try", async () => {
    await using running = new RunningCli([...DEV, '-bind', '127.0.0.1', '-ui', '-data-dir=/nowhere', '-log-json']);
    const stdout = await running.printed(/ANY\n/);
    expect(stdout).toMatch(
      /^consul-dnsd answers for consul\. on 127\.0\.0\.1:(\d+) \(UDP and TCP\); 1 service; HTTP API on http:\/\/127\.0\.0\.1:\d+\n {2}try: dig @127\.0\.0\.1 -p \1 consul\.service\.consul SRV\n {2}try: dig @127\.0\.0\.1 -p \1 n1\.node\.consul ANY\n$/,
    );
    running.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('"flags":["--ui","--data-dir"]');
  });

  test('ends with 0 when it is told to leave over HTTP (H152)', async () => {
    await using running = new RunningCli(DEV);
    const [, url] = /HTTP API on (\S+)/.exec(await running.printed(/ANY\n/)) ?? [];
    const reply = await fetch(`${url}/v1/agent/leave`, { method: 'PUT' });
    expect(reply.status).toBe(200);
    expect(await running.ended).toMatchObject({ code: 0 });
  });

  test('is not led astray by the variables of another Consul', async () => {
    await using running = new RunningCli(DEV, {
      CONSUL_HTTP_ADDR: 'ftp://nowhere',
      CONSUL_HTTP_TOKEN_FILE: '/nowhere',
    });
    await running.printed(/ANY\n/);
  });
});

describe('lookup', () => {
  test('asks the server, and a name without a dot means a service', async () => {
    await using server = await startTestServer('http://127.0.0.1:1');
    const args = ['lookup', 'c0000216.addr.consul', 'a', '--short', '--server', `127.0.0.1:${server.port}`];
    expect(await run(args)).toEqual({ code: 0, stdout: '192.0.2.22\n', stderr: '' });
    const { stdout } = await run(['lookup', 'web', '--tcp', '--server', `127.0.0.1:${server.port}`]);
    expect(stdout).toContain('web.service.consul');
  });
});
