import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DefinitionError, parseDefinitions, readDefinitionDir } from '../../src/agent/definitions.js';
import { ask, get, put } from './exchange.js';
import { startTestAgent } from './test-agent.js';

const OPTIONS = { areScriptsEnabled: false };

function parse(definition: unknown): ReturnType<typeof parseDefinitions> {
  const source = typeof definition === 'string' ? definition : JSON.stringify(definition);
  return parseDefinitions(source, 'web.json', OPTIONS);
}

describe('B9 what a file defines', () => {
  test('H082 the service of the tutorial', () => {
    const { services } = parse({ service: { name: 'web', tags: ['rails'], port: 80 } });
    expect(services).toMatchObject([
      {
        facts: { id: 'web', service: 'web', tags: ['rails'], port: 80, weights: { passing: 1, warning: 1 } },
        checks: [],
      },
    ]);
  });

  test('H161 service, services, check and checks, all at once', () => {
    const { services, checks } = parse({
      service: { name: 'a' },
      services: [{ name: 'b' }, { id: 'b2', name: 'b' }],
      check: { name: 'c', ttl: '5s' },
      checks: [{ id: 'd', name: 'named', ttl: '5s', service_id: 'a' }],
      // Agent configuration beside definitions is for others to read.
      domain: 'example.',
    });
    expect(services.map(({ facts }) => facts.id)).toEqual(['a', 'b', 'b2']);
    expect(checks.map(({ definition: { id, serviceId } }) => [id, serviceId])).toEqual([
      ['c', ''],
      ['d', 'a'],
    ]);
  });

  test('H161 keys in snake_case and in CamelCase, in any letter case', () => {
    const snake = parse({
      service: {
        name: 'web',
        enable_tag_override: true,
        tagged_addresses: { lan: { address: '10.0.0.1', port: 5 } },
        check: { id: 'c', alias_service: 'db', deregister_critical_service_after: '90m' },
      },
    });
    const camel = parse({
      Service: {
        Name: 'web',
        EnableTagOverride: true,
        TaggedAddresses: { lan: { ADDRESS: '10.0.0.1', Port: 5 } },
        Check: { ID: 'c', AliasService: 'db', DeregisterCriticalServiceAfter: '90m' },
      },
    });
    expect(snake).toEqual(camel);
    expect(snake.services[0]?.checks[0]).toMatchObject({ id: 'c', deregisterAfterMs: 5_400_000 });
  });

  test('H105 in files `check` is numbered behind `checks`', () => {
    const { services } = parse({
      service: {
        name: 'web',
        check: { name: 'last', ttl: '5s' },
        checks: [{ name: 'first', ttl: '5s' }, { ttl: '5s' }],
      },
    });
    expect(services[0]?.checks.map(({ id, name }) => [id, name])).toEqual([
      ['service:web:1', 'first'],
      ['service:web:2', "Service 'web' check"],
      ['service:web:3', 'last'],
    ]);
  });

  test('B9 a list of one service is taken for the service, an unknown status for critical', () => {
    const { services } = parse({ service: [{ name: 'web', check: { ttl: '5s', status: 'zzz' } }] });
    expect(services[0]?.checks[0]?.status).toBe('critical');
  });

  test.each([
    ['{"service":', 'failed to parse web.json: unexpected end of JSON input'],
    ['', 'failed to parse web.json: unexpected end of JSON input'],
    [
      '{"service":{"name":"a",}}',
      "failed to parse web.json: invalid character '}' looking for beginning of object key string",
    ],
    ['{"service":{"name":"a"}} x', "failed to parse web.json: invalid character 'x' after top-level value"],
    ['[]', 'failed to parse web.json: the file does not hold a JSON object'],
    [
      { service: { name: 'a', unknown: 1 } },
      'failed to parse web.json: 1 error occurred: * invalid config key service.unknown',
    ],
    [
      { service: { name: 'a', x: 1, check: { y: 1 } }, services: [{ name: 'b', checks: [{}, { z: 1 }] }] },
      'failed to parse web.json: 3 errors occurred: * invalid config key service.x * invalid config key service.check.y * invalid config key services[0].checks[1].z',
    ],
    [{ service: { name: 'a', port: '80' } }, "'service.port' expected type 'int', got unconvertible type 'string'"],
    [{ service: { name: 1 } }, "'service.name' expected type 'string', got unconvertible type 'float64'"],
    [
      { service: { name: 'a', enable_tag_override: 'yes' } },
      "'service.enable_tag_override' expected type 'bool', got unconvertible type 'string'",
    ],
    [{ service: { name: 'a', tags: 'x' } }, "'service.tags': source data must be an array or slice, got string"],
    [
      { service: { name: 'a', tags: [1] } },
      "'service.tags[0]' expected type 'string', got unconvertible type 'float64'",
    ],
    [
      { service: { name: 'a', meta: { k: 1 } } },
      "'service.meta[k]' expected type 'string', got unconvertible type 'float64'",
    ],
    [
      { service: { name: 'a', check: { ttl: 30 } } },
      "'service.check.ttl' expected type 'string', got unconvertible type 'float64'",
    ],
    [
      { service: { name: 'a', check: { http: 'x', header: { X: 'a' } } } },
      "'service.check.header[X]': source data must be an array or slice, got string",
    ],
    [{ services: {} }, "'services': source data must be an array or slice, got map"],
    [{ services: [{ name: 'a', port: 'x' }] }, "'services[0].port' expected type 'int'"],
    [{ service: [{ name: 'a' }, { name: 'b' }] }, "'service' expected a map, got 'slice'"],
    [{ service: 'x' }, "'service' expected a map, got 'string'"],
    [
      { service: { name: 'a', check: { ttl: 'abc' } } },
      'service.check.ttl: invalid duration: "abc": time: invalid duration "abc"',
    ],
    [{ service: { port: 1 } }, 'web.json: Failed to register service "": Service name missing'],
    [
      { service: { name: 'web', check: { http: 'http://x' } } },
      'web.json: Failed to validate checks for service "web": Interval must be > 0 for Script, HTTP, or TCP checks',
    ],
    [
      { service: { name: 'web', check: {} } },
      'Failed to validate checks for service "web": TTL must be > 0 for TTL checks',
    ],
    [
      { service: { name: 'web', check: { args: ['true'], interval: '5s' } } },
      `Failed to register service "web": Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true`,
    ],
    [
      { check: { name: 'x', interval: '5s' } },
      `Failed to register check 'x': Check is not valid: TTL must be > 0 for TTL checks`,
    ],
    [{ check: { ttl: '5s' } }, `Failed to register check '': CheckID missing`],
    [
      { service: { name: 'w', weights: { passing: 0, warning: 1 } } },
      'Invalid weight definition for service w: Passing must be greater than 0',
    ],
    [
      { service: { name: 'w', meta: { 'a b': 'x' } } },
      "invalid meta for service w: Couldn't load metadata pair ('a b', 'x'): Key contains invalid characters",
    ],
    [{ service: { name: 'w', address: '0.0.0.0' } }, 'Failed to register service "w": Invalid service address'],
    [{ service: { name: 'w', kind: 'connect-proxy' } }, 'Proxy.DestinationServiceName must be non-empty'],
  ])('H160 %j is refused: %s', (definition, message) => {
    const error = thrownBy(() => parse(definition));
    expect(error).toBeInstanceOf(DefinitionError);
    expect((error as DefinitionError).file).toBe('web.json');
    expect((error as DefinitionError).message).toContain(message);
    expect((error as DefinitionError).message).toContain('web.json');
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

describe('definition files of an agent', () => {
  let dir: string;
  const write = (name: string, definition: unknown): Promise<void> =>
    writeFile(join(dir, name), typeof definition === 'string' ? definition : JSON.stringify(definition));

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'definitions-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('H161 files are read in the order of their names; other suffixes and subdirectories are left alone', async () => {
    await write('b.json', { service: { name: 'b' } });
    await write('a.json', { service: { name: 'a' } });
    await write('notes.txt', 'not JSON');
    await mkdir(join(dir, 'sub.json'));
    const { services } = await readDefinitionDir(dir, OPTIONS);
    expect(services.map(({ facts }) => facts.id)).toEqual(['a', 'b']);
  });

  test('B9 an HCL file is refused, because to pass over it would be worse', async () => {
    await write('a.hcl', 'service { name = "a" }');
    await expect(readDefinitionDir(dir, OPTIONS)).rejects.toThrow(
      `failed to parse ${join(dir, 'a.hcl')}: HCL cannot be read: write the same keys as JSON`,
    );
  });

  test('a directory and a file that are not there are named', async () => {
    const missing = join(dir, 'nosuch');
    await expect(startTestAgent({ configDirs: [missing] })).rejects.toThrow(`failed to read ${missing}: ENOENT`);
    await expect(startTestAgent({ configFiles: [missing] })).rejects.toThrow(`failed to read ${missing}: ENOENT`);
  });

  test('B9 of two services with one id the later wins', async () => {
    await write('a.json', {
      services: [
        { id: 'x', name: 'first' },
        { id: 'x', name: 'second' },
      ],
    });
    await using agent = await startTestAgent({ configDirs: [dir] });
    expect(await get(agent.url, '/v1/catalog/services')).toEqual({ consul: [], second: [] });
  });

  test('H160 a check for a service that no file and no client has registered stops the start', async () => {
    await write('a.json', { check: { name: 'x', service_id: 'nosuch', ttl: '5s' } });
    const file = join(dir, 'a.json');
    await expect(startTestAgent({ configDirs: [dir] })).rejects.toThrow(
      `${file}: Failed to register check 'x': ServiceID "nosuch" does not exist`,
    );
  });

  test('H150 a reload keeps the status of checks that stay and what came over HTTP', async () => {
    await write('web.json', { service: { name: 'web', port: 80, check: { ttl: '1h' } } });
    await write('gone.json', { service: { name: 'gone', check: { ttl: '1h' } } });
    await write('lone.json', {
      checks: [
        { name: 'stays', ttl: '1h' },
        { name: 'goes', ttl: '1h' },
      ],
    });
    await using agent = await startTestAgent({ configDirs: [dir] });
    await put(agent.url, '/v1/agent/check/pass/service:web?note=fine');
    await put(agent.url, '/v1/agent/check/pass/stays');
    await put(agent.url, '/v1/agent/service/register', { Name: 'over-http', Check: { TTL: '1h' } });
    await write('web.json', { service: { name: 'web', port: 81, check: { ttl: '2h', notes: 'new' } } });
    await write('new.json', { service: { name: 'new' } });
    await write('lone.json', { checks: [{ name: 'stays', ttl: '1h' }] });
    await rm(join(dir, 'gone.json'));
    expect(await put(agent.url, '/v1/agent/reload')).toBe('');
    expect(await get(agent.url, '/v1/catalog/services')).toEqual({ consul: [], new: [], 'over-http': [], web: [] });
    expect(await get(agent.url, '/v1/agent/services')).toMatchObject({ web: { Port: 81 } });
    const checks = (await get(agent.url, '/v1/agent/checks')) as object;
    expect(Object.keys(checks)).toEqual(['service:over-http', 'service:web', 'stays']);
    expect(checks).toMatchObject({
      'service:web': { Status: 'passing', Output: 'fine', Notes: 'new' },
      stays: { Status: 'passing' },
    });
  });

  test('H151 a broken file on reload changes nothing and is named', async () => {
    await write('a.json', { service: { name: 'a' } });
    await using agent = await startTestAgent({ configDirs: [dir] });
    await write('a.json', { service: { name: 'changed' } });
    await write('two.json', '{"service":');
    const message = `failed to parse ${join(dir, 'two.json')}: unexpected end of JSON input`;
    expect(await ask(agent.url, 'PUT', '/v1/agent/reload')).toMatchObject({ status: 500, body: message });
    await expect(agent.reload()).rejects.toThrow(message);
    expect(await get(agent.url, '/v1/catalog/services')).toEqual({ a: [], consul: [] });
    await rm(join(dir, 'two.json'));
    await agent.reload();
    expect(await get(agent.url, '/v1/catalog/services')).toEqual({ changed: [], consul: [] });
  });

  test('H164 a reload of the same files moves no index', async () => {
    await write('a.json', { service: { name: 'a', check: { ttl: '1h' } } });
    await using agent = await startTestAgent({ configDirs: [dir] });
    const before = await get(agent.url, '/v1/health/service/a');
    await agent.reload();
    expect(await get(agent.url, '/v1/health/service/a')).toEqual(before);
  });

  test('H126 scripts of files need a switch of their own', async () => {
    await write('a.json', { service: { name: 'a', check: { args: ['true'], interval: '5s' } } });
    const scripts = { enableScriptChecks: false, configDirs: [dir] };
    await expect(startTestAgent({ ...scripts, enableLocalScriptChecks: false })).rejects.toThrow(
      'Scripts are disabled',
    );
    await using agent = await startTestAgent({ ...scripts, enableLocalScriptChecks: true });
    expect(
      await ask(agent.url, 'PUT', '/v1/agent/check/register', { body: '{"Name":"s","Args":["true"],"Interval":"5s"}' }),
    ).toMatchObject({
      status: 500,
      body: `Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true`,
    });
  });

  test('a name that DNS cannot ask for is registered, with a warning', async () => {
    await write('a.json', { service: { name: 'under_score' } });
    await using agent = await startTestAgent({ configDirs: [dir] });
    expect(agent.log.lines).toMatchObject([{ level: 'warn', fields: { service: 'under_score' } }]);
  });
});

test('the services that a newcomer starts with are all there and as healthy as they are meant to be', async () => {
  await using agent = await startTestAgent({ configDirs: ['fixtures/definitions'] });
  expect(Object.keys((await get(agent.url, '/v1/catalog/services')) as object)).toEqual([
    'agent-api',
    'consul',
    'db',
    'payments',
    'web',
  ]);
  const healthy = async (name: string): Promise<unknown[]> =>
    ((await get(agent.url, `/v1/health/service/${name}?passing`)) as { Service: { ID: string } }[]).map(
      ({ Service }) => Service.ID,
    );
  expect(await healthy('web')).toEqual(['web-1', 'web-2', 'web-3']);
  expect(await healthy('db')).toEqual(['db-primary', 'db-replica']);
  expect(await healthy('payments')).toEqual(['payments']);
});
