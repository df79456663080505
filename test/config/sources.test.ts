import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { type Command, ROWS, SETTING_NAMES } from '../../src/config/settings.js';
import { fromConsulJson, fromEnv, fromFlags } from '../../src/config/sources.js';

describe('flags', () => {
  test('lists add up, of single values the last counts, as with Go flags', () => {
    const { values } = fromFlags(
      'serve',
      new Map([
        ['--bind', ['127.0.0.1', '::1']],
        ['--dns-port', ['53', '54']],
      ]),
    );
    expect(values).toEqual({ bind: ['127.0.0.1', '::1'], dnsPort: 54 });
  });

  test("under dev, --bind is the node's address and --client where DNS and HTTP listen, as with Consul", () => {
    const { values } = fromFlags(
      'dev',
      new Map([
        ['--bind', ['10.0.0.5']],
        ['--client', ['0.0.0.0']],
      ]),
    );
    expect(values).toEqual({ agentAddress: '10.0.0.5', bind: ['0.0.0.0'], httpBind: ['0.0.0.0'] });
  });

  test('a wrong value names the flag, the value and what would be right', () => {
    const { problems } = fromFlags('serve', new Map([['--dns-port', ['dns']]]));
    expect(problems).toEqual([
      { code: 'bad-value', where: '--dns-port', message: 'must be a port number, 0 to 65535, not "dns"' },
    ]);
  });

  test.each(['--token', '--http-auth'])('the value of %s is never shown (H076)', (flag) => {
    const { problems } = fromFlags('serve', new Map([[flag, ['']]]));
    expect(problems).toMatchObject([{ where: flag }]);
    const secret = fromFlags('serve', new Map([['--http-auth', [':hunter2']]]));
    expect(new ConfigError(secret.problems).message).not.toContain('hunter2');
  });

  test('user information in an address is not shown either', () => {
    const { problems } = fromFlags('serve', new Map([['--http-addr', ['http://user:hunter2@consul:8500']]]));
    expect(problems[0]?.message).toContain('not "http://(hidden)@consul:8500"');
  });

  test('a long value is shown in part', () => {
    const [problem] = fromFlags('serve', new Map([['--dns-port', ['9'.repeat(5000)]]])).problems;
    expect(problem?.message.length).toBeLessThan(200);
  });
});

describe('environment', () => {
  test("Consul's own variables are understood (http-api A4.1)", () => {
    const { values, problems } = fromEnv('serve', {
      CONSUL_HTTP_ADDR: 'https://consul.example:8501',
      CONSUL_HTTP_TOKEN: 'secret',
      CONSUL_HTTP_TOKEN_FILE: '/run/token',
      CONSUL_HTTP_AUTH: 'u:p',
      CONSUL_HTTP_SSL: 'T',
      CONSUL_HTTP_SSL_VERIFY: '0',
      CONSUL_CACERT: '/ca.pem',
      CONSUL_CAPATH: '/ca',
      CONSUL_CLIENT_CERT: '/cert.pem',
      CONSUL_CLIENT_KEY: '/key.pem',
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul:8501',
      CONSUL_NAMESPACE: 'team',
      CONSUL_PARTITION: 'part',
    });
    expect(problems).toEqual([]);
    expect(values).toEqual({
      httpAddr: ['https://consul.example:8501'],
      token: 'secret',
      tokenFile: '/run/token',
      httpAuth: 'u:p',
      httpSsl: true,
      httpSslVerify: false,
      caFile: '/ca.pem',
      caPath: '/ca',
      clientCert: '/cert.pem',
      clientKey: '/key.pem',
      tlsServerName: 'server.dc1.consul',
      namespace: 'team',
      partition: 'part',
    });
  });

  test('our own variable wins over the one shared with the consul CLI', () => {
    const { values, origins } = fromEnv('serve', { CONSUL_HTTP_ADDR: 'a:1', CONSUL_DNSD_HTTP_ADDR: 'b:2' });
    expect(values).toEqual({ httpAddr: ['http://b:2'] });
    expect(origins).toEqual({ httpAddr: 'CONSUL_DNSD_HTTP_ADDR' });
  });

  test('an empty variable counts as unset', () => {
    expect(fromEnv('serve', { CONSUL_DNSD_HTTP_ADDR: '', CONSUL_HTTP_ADDR: 'a:1' }).values).toEqual({
      httpAddr: ['http://a:1'],
    });
  });

  test.each(['CONSUL_HTTP_SSL', 'CONSUL_HTTP_SSL_VERIFY'])('%s=maybe is ignored with a warning (H067)', (variable) => {
    const { values, problems, notes } = fromEnv('serve', { [variable]: 'maybe' });
    expect({ values, problems }).toEqual({ values: {}, problems: [] });
    expect(notes).toMatchObject([{ level: 'warn', fields: { variable, value: 'maybe' } }]);
  });

  test('the same in our own variable is an error', () => {
    expect(fromEnv('serve', { CONSUL_DNSD_HTTP_SSL: 'maybe' }).problems).toMatchObject([
      { where: 'CONSUL_DNSD_HTTP_SSL' },
    ]);
  });

  test('an unknown scheme in CONSUL_HTTP_ADDR is an error (H075)', () => {
    const [problem] = fromEnv('serve', { CONSUL_HTTP_ADDR: 'ftp://consul' }).problems;
    expect(problem?.message).toBe(
      'must be a list with each entry an address: host:port, http://host:port, https://host:port or unix:///path, not "ftp://consul"',
    );
  });

  test('dev has a Consul of its own: variables about another one say nothing to it', () => {
    expect(fromEnv('dev', { CONSUL_HTTP_ADDR: 'ftp://consul', CONSUL_HTTP_TOKEN: 'x' })).toMatchObject({
      values: {},
      problems: [],
    });
  });

  test('variables that look like ours and are not are named in one warning', () => {
    const { notes } = fromEnv('serve', { CONSUL_DNSD_DOMIAN: 'x', CONSUL_DNSD_BINT: 'y', CONSUL_OTHER: 'z' });
    expect(notes).toMatchObject([{ level: 'warn', fields: { variables: ['CONSUL_DNSD_BINT', 'CONSUL_DNSD_DOMIAN'] } }]);
  });
});

describe('Consul agent files', () => {
  const read = (...jsons: unknown[]) =>
    fromConsulJson(
      'serve',
      jsons.map((json, index) => ({ file: `${index + 1}.json`, json })),
    );

  test('every key of dns-behaviour section 17 is understood', () => {
    const { values, problems, notes } = read({
      domain: 'Consul',
      alt_domain: 'alt.example.',
      datacenter: 'DC2',
      node_name: 'n1',
      recursors: ['8.8.8.8', '[2001:db8::1]:5353'],
      ports: { dns: 53 },
      addresses: { dns: '10.0.0.1 ::1' },
      client_addr: '127.0.0.1',
      translate_wan_addrs: true,
      acl: { tokens: { dns: 'd', default: 'x' } },
      dns_config: {
        allow_stale: false,
        max_stale: '10s',
        use_cache: true,
        cache_max_age: '5s',
        only_passing: false,
        node_ttl: '10s',
        service_ttl: { '*': '5s', web: '30s' },
        enable_truncate: false,
        udp_answer_limit: 3,
        a_record_limit: 1,
        disable_compression: true,
        enable_additional_node_meta_txt: false,
        recursor_strategy: 'random',
        recursor_timeout: '1s',
        soa: { refresh: 1, retry: 2, expire: 3, min_ttl: 4 },
        prefer_namespace: true,
      },
    });
    expect({ problems, notes }).toEqual({ problems: [], notes: [] });
    expect(values).toEqual({
      domain: 'consul.',
      altDomain: 'alt.example.',
      datacenter: 'dc2',
      nodeName: 'n1',
      recursors: [
        { host: '8.8.8.8', port: 53 },
        { host: '2001:db8::1', port: 5353 },
      ],
      dnsPort: 53,
      bind: ['10.0.0.1', '::1'],
      translateWanAddrs: true,
      token: 'd',
      allowStale: false,
      maxStaleMs: 10_000,
      useCache: true,
      cacheMaxAgeMs: 5_000,
      onlyPassing: false,
      nodeTtlSeconds: 10,
      serviceTtlSeconds: new Map([
        ['*', 5],
        ['web', 30],
      ]),
      enableTruncate: false,
      udpAnswerLimit: 3,
      aRecordLimit: 1,
      disableCompression: true,
      enableAdditionalNodeMetaTxt: false,
      recursorStrategy: 'random',
      recursorTimeoutMs: 1_000,
      soaRefreshSeconds: 1,
      soaRetrySeconds: 2,
      soaExpireSeconds: 3,
      soaMinTtlSeconds: 4,
      preferNamespace: true,
    });
  });

  test.each([
    { json: { dns_config: { node_ttl: 10 } }, where: 'dns_config.node_ttl', why: 'C179: a duration is a string' },
    { json: { dns_config: { udp_answer_limit: -1 } }, where: 'dns_config.udp_answer_limit', why: 'C179: negative' },
    { json: { recursors: '8.8.8.8' }, where: 'recursors', why: 'C179: a string in place of a list' },
    { json: { recursors: ['0.0.0.0'] }, where: 'recursors', why: 'C171: the any-address' },
    { json: { dns_config: { only_passing: 'true' } }, where: 'dns_config.only_passing', why: 'a string is no boolean' },
    { json: { domain: '.' }, where: 'domain', why: 'dns-behaviour 3.6' },
    { json: { ports: [] }, where: 'ports', why: 'a list is no object' },
    { json: { dns_config: { soa: 5 } }, where: 'dns_config.soa', why: 'a number is no object' },
  ])('$json is refused ($why)', ({ json, where }) => {
    expect(read(json).problems).toMatchObject([{ code: 'bad-value', where: `1.json: ${where}` }]);
  });

  test('the tokens and the listen address have second choices, whichever file they are in', () => {
    expect(read({ acl: { tokens: { dns: 'd' } } }, { acl: { tokens: { default: 'x' } } }).values.token).toBe('d');
    expect(read({ acl: { tokens: { default: 'x' } } }).values.token).toBe('x');
    expect(read({ client_addr: '10.0.0.1 10.0.0.2' }).values.bind).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('later files win; lists and maps add up; the origin is the last file that spoke', () => {
    const { values, origins } = read(
      { domain: 'a', recursors: ['8.8.8.8'], dns_config: { service_ttl: { web: '1s', db: '1s' } } },
      { domain: 'b', recursors: ['9.9.9.9'], dns_config: { service_ttl: { web: '2s' } } },
    );
    expect(values).toEqual({
      domain: 'b.',
      recursors: [
        { host: '8.8.8.8', port: 53 },
        { host: '9.9.9.9', port: 53 },
      ],
      serviceTtlSeconds: new Map([
        ['web', 2],
        ['db', 1],
      ]),
    });
    expect(origins.domain).toBe('2.json: domain');
  });

  test('keys are found in any letter case and in blocks wrapped into arrays, as Consul finds them', () => {
    expect(read({ Domain: 'x', DNS_Config: [{ Node_TTL: '1s' }] }).values).toEqual({ domain: 'x.', nodeTtlSeconds: 1 });
  });

  test('null says nothing', () => {
    expect(read({ domain: null, dns_config: { node_ttl: null }, ports: null })).toMatchObject({
      values: {},
      problems: [],
    });
  });

  test('keys that only Consul has are passed over, named in one line', () => {
    const { values, problems, notes } = read(
      { data_dir: '/x', server: true, ports: { grpc: 8502 }, telemetry: { a: 1 } },
      { server: false, dns_config: { new_thing: 1 } },
    );
    expect({ values, problems }).toEqual({ values: {}, problems: [] });
    expect(notes).toEqual([
      {
        level: 'info',
        message: 'unknown Consul keys passed over',
        fields: { keys: ['data_dir', 'dns_config.new_thing', 'ports.grpc', 'server', 'telemetry'] },
      },
    ]);
  });

  test('definitions of services and checks are passed over silently', () => {
    const { problems, notes } = read({ service: { name: 'web' }, services: [], check: {}, checks: [1] });
    expect({ problems, notes }).toEqual({ problems: [], notes: [] });
  });

  test('below consul_dnsd, which is ours, an unknown key is a mistake', () => {
    expect(read({ consul_dnsd: { stale: { max_agee: '1s' } } }).problems).toEqual([
      { code: 'unknown-setting', where: '1.json: consul_dnsd.stale.max_agee', message: 'no such setting' },
    ]);
  });

  test("Consul's DNS switched off by port -1 leaves ours at its default", () => {
    const { values, problems, notes } = read({ ports: { dns: -1 } });
    expect({ values, problems }).toEqual({ values: {}, problems: [] });
    expect(notes).toMatchObject([{ fields: { where: '1.json: ports.dns' } }]);
  });

  test.each([[[]], ['x'], [5], [null]])('a file with %j in it is refused', (json) => {
    expect(read(json).problems).toEqual([{ code: 'bad-file', where: '1.json', message: 'must hold a JSON object' }]);
  });

  test.each(['serve', 'dev'] satisfies Command[])(
    "a key of the other command's settings is no unknown key for %s",
    (command) => {
      const json = { ports: { http: 8500 }, enable_script_checks: true, acl: { tokens: { default: 'x' } } };
      expect(fromConsulJson(command, [{ file: 'a.json', json }]).notes).toEqual([]);
    },
  );

  test('every setting but the files themselves can be in a file', () => {
    expect(SETTING_NAMES.filter((name) => ROWS[name].keys.length === 0)).toEqual(['configDirs', 'configFiles']);
  });
});
