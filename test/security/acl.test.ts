import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../settings/seen.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import type { TestServer } from '../support/server.js';
import { type Given, logged, logText, startGiven } from './running.js';

/** Tokens and rights, with Consul's own rules (http-api A1.6, A1.7, A4.2; dns-behaviour 18.7). */

const ROOT = '11111111-2222-3333-4444-555555555555';
const UNKNOWN = '99999999-2222-3333-4444-555555555555';
const NXDOMAIN = 3;
const SERVFAIL = 2;

const ALL = 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }';
const WEB_ONLY = 'node_prefix "" { policy = "read" } service_prefix "web" { policy = "read" }';

describe.skipIf(consulBinary === undefined)(`with ACLs${unlessMissing('consul', consulBinary)}`, () => {
  let consul: RealConsul;
  let folder: string;
  let policies = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acl-test-'));
    consul = await RealConsul.start({
      token: ROOT,
      config: { acl: { enabled: true, default_policy: 'deny', tokens: { master: ROOT, agent: ROOT } } },
    });
    for (const Name of ['web', 'db']) await consul.put('/v1/agent/service/register', { Name, Address: '192.0.2.22' });
    await consul.request('POST', '/v1/query', { Name: 'q', Service: { Service: 'web' } });
  });
  afterAll(async () => {
    await consul?.close();
    await rm(folder, { recursive: true });
  });

  /** A new token with these rules. */
  async function tokenFor(rules: string): Promise<string> {
    policies += 1;
    const Name = `policy-${policies}`;
    await consul.put('/v1/acl/policy', { Name, Rules: rules });
    const { SecretID } = (await consul.put('/v1/acl/token', { Policies: [{ Name }] })) as { readonly SecretID: string };
    return SecretID;
  }

  const start = ({ flags = {}, ...given }: Given): Promise<TestServer> =>
    startGiven({ ...given, flags: { '--http-addr': consul.url, ...flags } });

  async function rcode(server: TestServer, name: string): Promise<number> {
    return (await ask(server, name)).rcode;
  }

  /** The rcodes of both services, of the node and of the query. */
  function seenBy(server: TestServer): Promise<readonly number[]> {
    const names = ['web.service.consul', 'db.service.consul', 'srv-1.node.consul', 'q.query.consul'];
    return Promise.all(names.map((name) => rcode(server, name)));
  }

  test.each<{ readonly why: string; readonly given: (token: string, file: string) => Given }>([
    { why: 'by flag', given: (token) => ({ flags: { '--token': token } }) },
    { why: "by the consul command's variable", given: (token) => ({ env: { CONSUL_HTTP_TOKEN: token } }) },
    { why: 'by a file', given: (_token, file) => ({ flags: { '--token-file': file } }) },
    {
      why: 'by a file that a variable names, before a token (H068)',
      given: (_token, file) => ({ env: { CONSUL_HTTP_TOKEN_FILE: file, CONSUL_HTTP_TOKEN: UNKNOWN } }),
    },
  ])('a token that is given $why may see what its policy says (A4.2)', async ({ given }) => {
    const token = await tokenFor(ALL);
    const file = join(folder, 'token');
    await writeFile(file, `${token}\n`);
    await using server = await start(given(token, file));
    expect(await seenBy(server)).toEqual([0, 0, 0, 0]);
    expect(logged(server, 'warn')).toEqual({});
  });

  test.each([
    { rules: WEB_ONLY, sees: [0, NXDOMAIN, 0, 0], why: 'one service' },
    { rules: 'service_prefix "" { policy = "read" }', sees: [3, 3, 3, 3], why: 'services need their nodes' },
    { rules: 'node_prefix "" { policy = "read" }', sees: [3, 3, 0, 3], why: 'nodes alone' },
  ])('what a token may not see is NXDOMAIN: $why (C175, A4.2)', async ({ rules, sees }) => {
    await using server = await start({ flags: { '--token': await tokenFor(rules) } });
    expect(await seenBy(server)).toEqual(sees);
  });

  test('without a token nothing is seen, and the log says once why that may be (C175, W27)', async () => {
    await using server = await start({ values: { datacenter: 'dc1' } });
    for (let times = 0; times < 5; times += 1) expect(await seenBy(server)).toEqual([3, 3, 3, 3]);
    const hidden = 'the catalog does not even show Consul itself: the token may not see it';
    expect(logged(server, 'warn')).toEqual({ [hidden]: 2 });
    expect(logText(server)).toContain('node:read and service:read');
  });

  test('a token that Consul does not know is SERVFAIL, which is counted, and logged once (C175, H018)', async () => {
    await using server = await start({ flags: { '--token': UNKNOWN }, values: { datacenter: 'dc1' } });
    for (let times = 0; times < 5; times += 1) expect(await seenBy(server)).toEqual([2, 2, 2, 2]);
    expect(logged(server, 'warn')).toEqual({ 'cannot read from Consul': 1 });
    expect(logText(server)).toMatch(/ACL not found.*--token, --token-file/);
    expect(await server.metricsText()).toMatch(
      /backend_requests_total\{endpoint="health\/service",outcome="unknown-token"\}/,
    );
  });

  test('no agent:read is needed, whether a datacenter is given or not (H077)', async () => {
    const token = await tokenFor(ALL);
    for (const values of [{}, { datacenter: 'dc1' }]) {
      await using server = await start({ flags: { '--token': token }, values });
      expect(await rcode(server, 'web.service.dc1.consul')).toBe(0);
      expect(logged(server, 'warn')).toEqual({});
    }
  });

  test('a file that is replaced is read again by itself, and what the new token may see is seen (A4.1)', async () => {
    const file = join(folder, 'renewed');
    await writeFile(file, await tokenFor(WEB_ONLY));
    await using server = await start({ flags: { '--token-file': file } });
    expect(await seenBy(server)).toEqual([0, NXDOMAIN, 0, 0]);
    await writeFile(`${file}.new`, await tokenFor(ALL));
    await rename(`${file}.new`, file);
    const seen = await eventually(
      () => seenBy(server),
      (rcodes) => rcodes.every((code) => code === 0),
    );
    expect(seen).toEqual([0, 0, 0, 0]);
  });

  test('a token that is revoked and replaced in the file costs no answer (H070, D20)', async () => {
    const file = join(folder, 'revoked');
    const old = await tokenFor(ALL);
    await writeFile(file, old);
    await using server = await start({ flags: { '--token-file': file } });
    expect(await seenBy(server)).toEqual([0, 0, 0, 0]);
    const { AccessorID } = (await consul.request('GET', `/v1/acl/token/self?token=${old}`)) as { AccessorID: string };
    await consul.request('DELETE', `/v1/acl/token/${AccessorID}`);
    await writeFile(file, await tokenFor(ALL));
    const asked: (readonly number[])[] = [];
    await eventually(
      async () => asked.push(await seenBy(server)),
      () => logged(server, 'info')['token replaced'] === 1,
    );
    asked.push(await seenBy(server));
    expect(asked.filter((rcodes) => rcodes.some((code) => code !== 0))).toEqual([]);
  });

  test('the token is in no log line and no metric (H076)', async () => {
    const token = await tokenFor(WEB_ONLY);
    await using server = await start({ flags: { '--token': token } });
    await seenBy(server);
    await using stranger = await start({ flags: { '--token': UNKNOWN } });
    expect(await rcode(stranger, 'web.service.consul')).toBe(SERVFAIL);
    for (const text of [logText(server), await server.metricsText()]) expect(text).not.toContain(token);
    for (const text of [logText(stranger), await stranger.metricsText()]) expect(text).not.toContain(UNKNOWN);
  });
});
