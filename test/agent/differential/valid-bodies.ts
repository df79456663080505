/** Writes that both agents take, whose every field is worth getting wrong. Nothing runs: intervals are long. */

const CHECK = {
  Name: 'alive',
  Notes: 'n',
  HTTP: 'http://127.0.0.1:1/',
  Method: 'POST',
  Header: { 'X-A': ['b'] },
  Body: 'x',
  TLSSkipVerify: true,
  Interval: '10h',
  Timeout: '10s',
  SuccessBeforePassing: 2,
  FailuresBeforeCritical: 3,
  DeregisterCriticalServiceAfter: '20h',
  OutputMaxSize: 100,
};
const FACTS = {
  ID: 'web-1',
  Tags: ['a', 'b'],
  Port: 80,
  Address: '10.0.0.1',
  Meta: { k: 'v' },
  TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 99 } },
  Weights: { Passing: 3, Warning: 2 },
  EnableTagOverride: true,
};
const PROXY = {
  DestinationServiceName: 'web',
  Config: { a: 1 },
  Upstreams: [{ DestinationName: 'db', LocalBindPort: 9 }],
};
const CATALOG_CHECK = {
  CheckID: 'c',
  Name: 'c',
  Status: 'passing',
  ServiceID: 'web-1',
  Definition: { TCP: 'x:1', Interval: '10s', Header: { a: ['b'] } },
};
const NODE = { Node: 'ext', Address: '10.0.0.9', NodeMeta: { a: 'b' }, TaggedAddresses: { lan: '10.0.0.9' } };
const QUERY = {
  Name: 'q',
  Service: {
    Service: 'web',
    Tags: ['a'],
    OnlyPassing: true,
    Near: '_agent',
    Failover: { NearestN: 1, Datacenters: ['dc2'] },
    NodeMeta: { a: 'b' },
  },
  DNS: { TTL: '10s' },
};
const TEMPLATE = { Type: 'name_prefix_match', Regexp: '^geo-(.*)$', RemoveEmptyTags: true };

export const VALID_BODIES: readonly (readonly [request: string, body: unknown])[] = [
  [
    'PUT /v1/agent/service/register',
    { Name: 'web', ...FACTS, Check: { TTL: '10h', Status: 'passing' }, Checks: [CHECK] },
  ],
  ['PUT /v1/agent/service/register', { Name: 'proxy', Kind: 'connect-proxy', Port: 1, Proxy: PROXY }],
  ['PUT /v1/agent/check/register', { ID: 'c1', ...CHECK, Status: 'warning' }],
  ['PUT /v1/agent/check/register', { Name: 'ttl', TTL: '10h', ServiceID: '' }],
  ['PUT /v1/agent/check/register', { Name: 'script', Args: ['true'], Interval: '10h' }],
  ['PUT /v1/agent/check/update/none', { Status: 'passing', Output: 'x' }],
  ['PUT /v1/catalog/register', { ...NODE, Service: { Service: 'web', ...FACTS }, Check: CATALOG_CHECK }],
  ['PUT /v1/catalog/register', { ...NODE, Checks: [{ Name: 'n', Status: 'critical', Notes: 'x', Output: 'y' }] }],
  ['PUT /v1/catalog/deregister', { Node: 'ext', ServiceID: 'web-1' }],
  ['POST /v1/query', QUERY],
  ['POST /v1/query', { Name: 'geo-', Template: TEMPLATE, Service: { Service: 'geo-any' } }],
  [
    'PUT /v1/session/create',
    { Name: 's', TTL: '10h', LockDelay: '5s', Behavior: 'delete', NodeChecks: ['serfHealth'] },
  ],
  ['PUT /v1/txn', [{ KV: { Verb: 'set', Key: 'a', Value: 'YQ==', Flags: 3 } }, { KV: { Verb: 'get', Key: 'a' } }]],
];

/** Where what such a write has done, or half done, can be seen. */
export const TRACES: Readonly<Record<string, readonly string[]>> = {
  agent: ['/v1/agent/services', '/v1/agent/checks'],
  catalog: ['/v1/catalog/node/ext', '/v1/health/node/ext', '/v1/catalog/nodes'],
  query: ['/v1/query'],
  session: ['/v1/session/list'],
  txn: ['/v1/kv/?recurse'],
};
