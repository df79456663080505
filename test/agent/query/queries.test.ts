import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewQuery } from '../../../src/agent/query/definition.js';
import { compileTemplate } from '../../../src/agent/query/template.js';
import { ask, get, put } from '../exchange.js';
import { startTestAgent, type TestAgent } from '../test-agent.js';

const QUERY: NewQuery = {
  id: '',
  name: 'geo-',
  session: '',
  token: '',
  template: { type: 'name_prefix_match', regexp: '', removeEmptyTags: false },
  service: {
    service: 'x',
    nearestN: 0,
    datacenters: null,
    onlyPassing: false,
    ignoreCheckIds: null,
    near: '',
    tags: null,
    nodeMeta: null,
    serviceMeta: null,
    connect: false,
  },
  ttl: '',
};

/** What a template with this service text and expression makes of a name. */
function rendered(service: string, name: string, regexp = ''): string {
  const template = { ...QUERY.template, regexp };
  return compileTemplate({ ...QUERY, template, service: { ...QUERY.service, service } })(name).service;
}

describe('B8 templates', () => {
  test.each([
    ['plain', 'geo-web', '', 'plain'],
    [`\${name.full}`, 'geo-web', '', 'geo-web'],
    [`\${name.prefix}|\${name.suffix}`, 'geo-web', '', 'geo-|web'],
    [`\${ name.full }`, 'geo-web', '', 'geo-web'],
    [`\${match(0)}/\${match(1)}/\${match(2)}/\${match(9)}`, 'geo-web-v1', '^geo-(.*)-(.*)$', 'geo-web-v1/web/v1/'],
    [`[\${match(1)}]`, 'geo-other', '^geo-(.*)-(.*)$', '[]'],
    [`a\${agent.segment}b`, 'geo-web', '', 'ab'],
    [`$\${name.full} costs $5`, 'geo-web', '', `\${name.full} costs $5`],
  ])('%j of %j with %j is %j', (service, name, regexp, expected) => {
    expect(rendered(service, name, regexp)).toBe(expected);
  });

  test.each([
    [
      `\${bogus}`,
      `failed compiling template: Bad evaluation for '\${bogus}' in Service.Service: 1:3: unknown variable accessed: bogus`,
    ],
    [`x\${upper(name.full)}`, 'unknown function called: upper'],
    [
      `\${name.full`,
      `failed compiling template: Bad format '\${name.full' in Service.Service: parse error: syntax error`,
    ],
  ])('%s is refused', (service, message) => {
    expect(() => rendered(service, 'geo-web')).toThrow(message);
  });

  test('all texts of the service are filled in, and tags that come out empty go when that is asked for', () => {
    const service = {
      ...QUERY.service,
      tags: [`\${match(1)}`, '', 'x'],
      near: `\${name.suffix}`,
      datacenters: [`dc-\${name.suffix}`],
      ignoreCheckIds: [`\${name.suffix}`],
      nodeMeta: new Map([['k', `\${name.suffix}`]]),
      serviceMeta: new Map([['k', `\${name.suffix}`]]),
    };
    const template = { ...QUERY.template, removeEmptyTags: true };
    expect(compileTemplate({ ...QUERY, template, service })('geo-web')).toEqual({
      ...service,
      tags: ['x'],
      near: 'web',
      datacenters: ['dc-web'],
      ignoreCheckIds: ['web'],
      nodeMeta: new Map([['k', 'web']]),
      serviceMeta: new Map([['k', 'web']]),
    });
  });
});

interface Executed {
  readonly Service: string;
  readonly DNS: { readonly TTL: string };
  readonly Nodes: readonly { readonly Service: { readonly ID: string } }[];
}

describe('prepared queries', () => {
  let agent: TestAgent;
  beforeAll(async () => {
    agent = await startTestAgent();
    const instances = [
      { ID: 'passing', Tags: ['V1', 'both'], Meta: { zone: 'a' }, Check: { TTL: '1h', Status: 'passing' } },
      { ID: 'warning', Tags: ['v2', 'both'], Check: { CheckID: 'slow', TTL: '1h', Status: 'warning' } },
      { ID: 'critical', Tags: ['v1'], Check: { CheckID: 'down', TTL: '1h', Status: 'critical' } },
    ];
    for (const instance of instances) await put(agent.url, '/v1/agent/service/register', { Name: 'web', ...instance });
  });
  afterAll(() => agent?.close());

  async function create(query: object): Promise<string> {
    const { status, body } = await ask(agent.url, 'POST', '/v1/query', { body: JSON.stringify(query) });
    if (status !== 200) throw new Error(body);
    return (JSON.parse(body) as { ID: string }).ID;
  }

  async function execute(nameOrId: string, parameters = ''): Promise<Executed> {
    return (await get(agent.url, `/v1/query/${nameOrId}/execute${parameters}`)) as Executed;
  }

  const found = ({ Nodes }: Executed): readonly string[] => Nodes.map(({ Service }) => Service.ID).sort();

  test.each<[object, string[], string]>([
    [{}, ['passing', 'warning'], 'critical ones are left out'],
    [{ OnlyPassing: true }, ['passing'], 'only those that pass'],
    [{ IgnoreCheckIDs: ['slow'], OnlyPassing: true }, ['passing', 'warning'], 'a check that is ignored does not count'],
    [{ IgnoreCheckIDs: ['down'] }, ['critical', 'passing', 'warning'], 'even a critical one'],
    [{ Tags: ['v1'] }, ['passing'], 'a tag in any letter case'],
    [{ Tags: ['both', '!v2'] }, ['passing'], 'all tags, without those with "!"'],
    [{ ServiceMeta: { zone: 'a' } }, ['passing'], 'metadata of the service'],
    [{ NodeMeta: { rack: '1' } }, [], 'metadata of the node'],
    [{ Connect: true }, [], 'proxies only'],
    [{ Near: '_agent' }, ['passing', 'warning'], 'near something'],
  ])('H157 %j finds %j: %s', async (service, expected) => {
    const id = await create({ Name: 'q', Service: { Service: 'WEB', ...service } });
    expect(found(await execute('q'))).toEqual(expected);
    await ask(agent.url, 'DELETE', `/v1/query/${id}`);
  });

  test('H156 H157 by name and by id, with a limit and the TTL for DNS', async () => {
    const id = await create({ Name: 'named', Service: { Service: 'web' }, DNS: { TTL: '10s' } });
    expect(found(await execute('NAMED'))).toHaveLength(2);
    expect(found(await execute(id, '?limit=1'))).toHaveLength(1);
    expect(await execute(id)).toMatchObject({ Service: 'web', DNS: { TTL: '10s' } });
    await ask(agent.url, 'DELETE', `/v1/query/${id}`);
    expect(await ask(agent.url, 'GET', '/v1/query/named/execute')).toMatchObject({
      status: 404,
      body: 'Query not found',
    });
  });

  test('H156 the longest prefix wins, an exact name before every template', async () => {
    const template = { Type: 'name_prefix_match' };
    const made = [
      await create({ Name: '', Template: template, Service: { Service: 'any' } }),
      await create({ Name: 'we', Template: template, Service: { Service: 'short' } }),
      await create({ Name: 'web-', Template: template, Service: { Service: `\${name.suffix}` } }),
      await create({ Name: 'web-exact', Service: { Service: 'exact' } }),
    ];
    const services = ['other', 'we', 'WEB', 'web-7', 'web-exact'].map(async (name) => (await execute(name)).Service);
    expect(await Promise.all(services)).toEqual(['any', 'short', 'short', '7', 'exact']);
    for (const id of made) await ask(agent.url, 'DELETE', `/v1/query/${id}`);
  });

  test('the order changes from call to call', async () => {
    const id = await create({ Name: 'mixed', Service: { Service: 'web' } });
    const orders = new Set<string>();
    for (let call = 0; call < 50; call += 1) {
      orders.add((await execute('mixed')).Nodes.map(({ Service }) => Service.ID).join());
    }
    // 50 times the same of two orders would be chance once in 2^49.
    expect(orders.size).toBe(2);
    await ask(agent.url, 'DELETE', `/v1/query/${id}`);
  });
});
