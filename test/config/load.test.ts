import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { formatConfig } from '../../src/config/describe.js';
import { loadConfig } from '../../src/config/load.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'consul-dnsd-load-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('files are found by flag or variable, and stand below both', async () => {
  await writeFile(join(dir, 'a.json'), '{"domain":"file","ports":{"dns":5300},"acl":{"tokens":{"dns":"t"}}}');
  const { config, origins, credentials } = await loadConfig({
    command: 'serve',
    flags: new Map([['--domain', ['flag']]]),
    env: { CONSUL_DNSD_CONFIG_DIR: dir },
  });
  expect(config).toMatchObject({ domain: 'flag.', dnsPort: 5300, configDirs: [dir], token: 't' });
  expect(origins).toMatchObject({ domain: '--domain', dnsPort: `${join(dir, 'a.json')}: ports.dns` });
  expect(credentials.token).toBe('t');
});

test('mistakes in flags, variables, files and the files they name are listed together', async () => {
  await writeFile(join(dir, 'a.json'), '{"domain":5}');
  await writeFile(join(dir, 'b.json'), '{');
  const loading = loadConfig({
    command: 'serve',
    flags: new Map([
      ['--config-dir', [dir]],
      ['--dns-port', ['x']],
    ]),
    env: { CONSUL_HTTP_TOKEN_FILE: '/nowhere', CONSUL_DNSD_BIND: 'x' },
  });
  const error = await loading.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({
    problems: [
      { where: join(dir, 'b.json') },
      { where: `${join(dir, 'a.json')}: domain` },
      { where: 'CONSUL_DNSD_BIND' },
      { where: '--dns-port' },
      { where: 'CONSUL_HTTP_TOKEN_FILE' },
    ],
  });
});

test('dev is a datacenter of one node, named after the host', async () => {
  const { config } = await loadConfig({ command: 'dev', flags: new Map(), env: {} });
  expect(config.datacenter).toBe('dc1');
  expect(config.nodeName).toBe(hostname().replaceAll(/[^A-Za-z0-9-]/g, ''));
});

test('unverified certificates raise a warning (H073)', async () => {
  const { notes } = await loadConfig({ command: 'serve', flags: new Map(), env: { CONSUL_HTTP_SSL_VERIFY: 'false' } });
  expect(notes).toMatchObject([{ level: 'warn', message: expect.stringContaining('not verified') }]);
});

test.each([
  { command: 'serve', useCache: true, keys: ['node_name', 'dns_config.prefer_namespace'] },
  { command: 'serve', useCache: false, keys: ['node_name', 'dns_config.cache_max_age', 'dns_config.prefer_namespace'] },
  { command: 'dev', useCache: true, keys: ['dns_config.prefer_namespace'] },
] as const)(
  'settings of Consul that mean nothing to $command are named: $keys',
  async ({ command, useCache, keys }) => {
    const dns_config = { use_cache: useCache, cache_max_age: '5s', prefer_namespace: true, only_passing: true };
    await writeFile(join(dir, 'a.json'), JSON.stringify({ node_name: 'n', dns_config }));
    const { notes } = await loadConfig({ command, flags: new Map([['--config-dir', [dir]]]), env: {} });
    expect(notes).toHaveLength(keys.length);
    for (const key of keys) {
      const fields = { where: `${join(dir, 'a.json')}: ${key}` };
      expect(notes).toContainEqual({ level: 'info', message: 'setting without effect', fields });
    }
  },
);

test('no secret is shown with the configuration (H076)', async () => {
  const { config, origins } = await loadConfig({
    command: 'serve',
    flags: new Map(),
    env: { CONSUL_HTTP_TOKEN: 'hunter2', CONSUL_HTTP_AUTH: 'user:hunter2' },
  });
  const shown = formatConfig('serve', config, origins);
  expect(shown).toMatch(/^--token +\(hidden\) +CONSUL_HTTP_TOKEN$/m);
  expect(shown).toMatch(/^--dns-port +8600 +default$/m);
  expect(shown).not.toContain('hunter2');
});
