import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { fromValues } from '../../src/config/layer.js';
import { resolveConfig, resolveLayers } from '../../src/config/resolve.js';
import { type Config, DEFAULT_CONFIG, ROWS, SETTING_NAMES } from '../../src/config/settings.js';
import { fromConsulJson, fromEnv, fromFlags } from '../../src/config/sources.js';

const file = (json: unknown) => fromConsulJson('serve', [{ file: 'a.json', json }]);
const env = (variables: Record<string, string>) => fromEnv('serve', variables);
const flags = (given: Record<string, string>) =>
  fromFlags('serve', new Map(Object.entries(given).map(([flag, value]) => [flag, [value]])));

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ where, message }) => `${where}: ${message}`);
  }
}

test('without a word from anybody the defaults hold, and they contradict nothing', () => {
  expect(resolveConfig([])).toEqual(DEFAULT_CONFIG);
});

test('our defaults differ from Consul where differences.md says so', () => {
  expect(DEFAULT_CONFIG).toMatchObject({
    onlyPassing: true, // D1
    enableTruncate: true, // D2
    udpAnswerLimit: 0, // D3
    aRecordLimit: 0, // D3
    udpPayloadMaxBytes: 1232, // D4
    advertise: [], // D7
    serviceMetaTxt: false, // D15
    staleMaxAgeMs: 3_600_000, // D20
    tcpIdleMs: 10_000, // D21
    pollWaitMs: 60_000, // H015
    maxConnections: 64, // H039
    maxWatches: 36, // H040
    consistency: 'stale', // H052
  });
});

test('flags go over environment, environment over files, files over defaults', () => {
  const layers = [
    file({ domain: 'file', dns_config: { node_ttl: '1s' }, ports: { dns: 1 } }),
    env({ CONSUL_DNSD_NODE_TTL: '2s', CONSUL_DNSD_DNS_PORT: '2' }),
    flags({ '--dns-port': '3' }),
  ];
  const { config, origins } = resolveLayers(layers);
  expect(config).toEqual({ ...DEFAULT_CONFIG, domain: 'file.', nodeTtlSeconds: 2, dnsPort: 3 });
  expect(origins).toEqual({ domain: 'a.json: domain', nodeTtlSeconds: 'CONSUL_DNSD_NODE_TTL', dnsPort: '--dns-port' });
});

describe('one token or token file is left, by the order of the consul CLI (H068)', () => {
  const inFile = file({ acl: { tokens: { default: 'in-file' } } });
  test.each([
    { layers: [inFile], token: 'in-file', tokenFile: undefined },
    { layers: [inFile, env({ CONSUL_HTTP_TOKEN: 'in-env' })], token: 'in-env', tokenFile: undefined },
    {
      layers: [inFile, env({ CONSUL_HTTP_TOKEN: 'in-env', CONSUL_HTTP_TOKEN_FILE: '/env' })],
      token: undefined,
      tokenFile: '/env',
    },
    {
      layers: [env({ CONSUL_HTTP_TOKEN_FILE: '/env' }), flags({ '--token': 'by-flag' })],
      token: 'by-flag',
      tokenFile: undefined,
    },
    {
      layers: [env({ CONSUL_HTTP_TOKEN: 'in-env' }), flags({ '--token': 'by-flag', '--token-file': '/flag' })],
      token: undefined,
      tokenFile: '/flag',
    },
  ])('token $token, file $tokenFile', ({ layers, token, tokenFile }) => {
    expect(resolveConfig(layers)).toMatchObject({ token, tokenFile });
  });
});

test('all problems of all layers are listed at once, as the user wrote the keys', () => {
  const layers = [
    file({ dns_config: { node_ttl: 5, service_ttl: [] } }),
    env({ CONSUL_DNSD_POLL_WAIT: '11m' }),
    flags({ '--bind': 'localhost', '--client-cert': '/cert.pem' }),
  ];
  expect(problemsOf(() => resolveConfig(layers))).toEqual([
    'a.json: dns_config.node_ttl: must be a duration such as "1m30s", from 0s to 596523h14m7s, not 5',
    'a.json: dns_config.service_ttl: must be name and TTL pairs such as web=10s,*=5s, not []',
    'CONSUL_DNSD_POLL_WAIT: must be a duration such as "1m30s", from 1s to 10m, not "11m"',
    '--bind: must be a list with each entry an IP address, not "localhost"',
    '--client-cert: needs the key of the certificate as well (--client-key or CONSUL_CLIENT_KEY)',
  ]);
});

test.each([
  { wait: '1s', isFine: true },
  { wait: '10m', isFine: true },
  { wait: '999ms', isFine: false },
  { wait: '10m1s', isFine: false },
  { wait: '60', isFine: false },
])('a poll wait of $wait is fine: $isFine (H015)', ({ wait, isFine }) => {
  expect(problemsOf(() => resolveConfig([flags({ '--poll-wait': wait })])).length).toBe(isFine ? 0 : 1);
});

describe('settings that are wrong together', () => {
  test.each([
    { given: { altDomain: 'service.x.' }, problem: 'must not begin with "service."', why: 'C180: a keyword' },
    { given: { altDomain: 'addr.' }, problem: 'must not begin with "addr."', why: 'C180: a keyword alone' },
    { given: { altDomain: 'dc7.x.', datacenter: 'dc7' }, problem: 'must not begin with "dc7."', why: 'C180' },
    { given: { clientKey: '/k' }, problem: 'needs the certificate', why: 'H072: one of two' },
    { given: { clientCert: '/c' }, problem: 'needs the key', why: 'H072: one of two' },
    { given: { consistency: 'stale', allowStale: false }, problem: '"stale" contradicts', why: 'A2: both were said' },
    { given: { maxConnections: 50 }, problem: 'too few for 36 watches', why: 'A3.1: reads would never get a turn' },
    { given: { maxWatches: 81 }, problem: 'too few for 81 watches', why: 'A3.1' },
    { given: { tcpMaxConnections: 10, tcpMaxConnectionsPerClient: 11 }, problem: 'above the total', why: 'D21' },
  ] satisfies { given: Partial<Config>; problem: string; why: string }[])('$given ($why)', ({ given, problem }) => {
    expect(problemsOf(() => resolveConfig([fromValues(given)]))).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    { given: { altDomain: 'services.x.' }, why: 'no keyword, only beginning like one' },
    { given: { altDomain: 'x.service.' }, why: 'not at the beginning' },
    { given: { allowStale: false }, why: 'nobody asked for stale reads' },
    { given: { maxWatches: 1000, httpAddr: ['https://c:8501'] }, why: 'HTTP/2 carries many requests' },
    { given: { maxConnections: 30, maxWatches: 10 }, why: 'both lowered' },
    { given: { tcpMaxConnections: 10 }, why: 'the per-client default needs no lowering' },
  ] satisfies { given: Partial<Config>; why: string }[])('$given is fine ($why)', ({ given }) => {
    expect(problemsOf(() => resolveConfig([fromValues(given)]))).toEqual([]);
  });
});

test('CONSUL_HTTP_SSL=true turns http into https (H066)', () => {
  const layer = env({ CONSUL_HTTP_SSL: 'true', CONSUL_HTTP_ADDR: 'http://a:8501,unix:///s,https://b' });
  expect(resolveConfig([layer]).httpAddr).toEqual(['https://a:8501', 'unix:///s', 'https://b']);
});

test('allow_stale false means default consistency, unless consistent reads were asked for', () => {
  expect(resolveConfig([fromValues({ allowStale: false })]).consistency).toBe('default');
  expect(resolveConfig([fromValues({ allowStale: false, consistency: 'consistent' })]).consistency).toBe('consistent');
});

describe('whatever a file holds, it is a configuration or a ConfigError', () => {
  const keys = SETTING_NAMES.flatMap((name) => ROWS[name].keys);
  const leaf = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      '5s',
      '-1s',
      'any',
      '.',
      'a.b',
      '::',
      '127.0.0.1',
      'unix:///x',
      8600,
      -1,
      Number.POSITIVE_INFINITY,
      {},
      [],
      [''],
    ),
  );
  const settings = fc
    .array(fc.tuple(fc.constantFrom(...keys), leaf), { maxLength: 8 })
    .map((entries) => entries.reduce<unknown>((json, [key, value]) => withKey(json, key.split('.'), value), {}));

  test.each(['serve', 'dev'] as const)('for %s', (command) => {
    fc.assert(
      fc.property(fc.array(fc.oneof(settings, fc.jsonValue()), { maxLength: 3 }), (jsons) => {
        const documents = jsons.map((json, index) => ({ file: `${index}.json`, json }));
        const layers = [fromConsulJson(command, documents)];
        const problems = problemsOf(() => expect(Object.keys(resolveConfig(layers))).toEqual(SETTING_NAMES));
        for (const problem of problems) expect(problem.length).toBeLessThan(400);
      }),
      { numRuns: 500 },
    );
  });

  test('for any flags and variables', () => {
    const names = SETTING_NAMES.map((name) => ROWS[name]);
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string(), ({ flag, env: variables }, text) => {
        const variable = variables[0] ?? '';
        problemsOf(() => resolveConfig([env({ [variable]: text }), flags({ [flag]: text })]));
      }),
      { numRuns: 1000 },
    );
  });
});

function withKey(json: unknown, [part = '', ...rest]: readonly string[], value: unknown): unknown {
  const object = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
  const inner: unknown = Object.entries(object).find(([key]) => key === part)?.[1];
  return { ...object, [part]: rest.length === 0 ? value : withKey(inner, rest, value) };
}
