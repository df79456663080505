import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, lines } from '../settings/seen.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { startFakeConsul } from '../support/fake-consul.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import type { TestServer } from '../support/server.js';
import { Certificates, openssl } from './certificates.js';
import { type Given, logged, logText, startGiven } from './running.js';

/** The way to Consul over https (http-api A4.1, H066, H072, H073). */

const missing = unlessMissing('consul', consulBinary) || unlessMissing('openssl', openssl);

describe.skipIf(missing !== '')(`with a real Consul that wants certificates${missing}`, () => {
  let certificates: Certificates;
  let consul: RealConsul;

  beforeAll(async () => {
    certificates = await Certificates.make();
    await mkdir(certificates.path('authorities'));
    await copyFile(certificates.path('ca.pem'), certificates.path('authorities/ca.pem'));
    consul = await RealConsul.start({
      isSecure: true,
      config: {
        verify_incoming: true,
        ca_file: certificates.path('ca.pem'),
        cert_file: certificates.path('server.pem'),
        key_file: certificates.path('server-key.pem'),
      },
    });
    await consul.put('/v1/agent/service/register', { Name: 'web', Address: '192.0.2.22', Port: 80 });
  });
  afterAll(async () => {
    await consul?.close();
    await certificates?.[Symbol.asyncDispose]();
  });

  const client = () => ({
    '--client-cert': certificates.path('client.pem'),
    '--client-key': certificates.path('client-key.pem'),
  });
  const authority = () => ({ '--ca-file': certificates.path('ca.pem') });

  async function web(server: TestServer): Promise<readonly string[] | number> {
    const reply = await eventually(
      () => ask(server, 'web.service.consul'),
      ({ rcode }) => rcode !== 3,
    );
    return reply.rcode === 0 ? lines(reply.answer) : reply.rcode;
  }

  test.each<{ readonly why: string; readonly given: () => Given }>([
    { why: 'by flags', given: () => ({ flags: { '--http-addr': consul.httpsUrl, ...authority(), ...client() } }) },
    {
      why: "by the consul command's environment",
      given: () => ({
        env: {
          CONSUL_HTTP_ADDR: consul.httpsUrl,
          CONSUL_CACERT: certificates.path('ca.pem'),
          CONSUL_CLIENT_CERT: certificates.path('client.pem'),
          CONSUL_CLIENT_KEY: certificates.path('client-key.pem'),
        },
      }),
    },
    {
      why: 'with a folder of authorities',
      given: () => ({
        flags: { '--http-addr': consul.httpsUrl, '--ca-path': certificates.path('authorities'), ...client() },
      }),
    },
    {
      why: 'with https asked for apart from the address (H066)',
      given: () => ({
        flags: { '--http-addr': consul.httpsUrl.replace('https', 'http'), ...authority(), ...client() },
        env: { CONSUL_HTTP_SSL: '1' },
      }),
    },
    {
      why: 'under another name that the certificate has',
      given: () => ({
        flags: {
          '--http-addr': consul.httpsUrl,
          '--tls-server-name': 'server.dc1.consul',
          ...authority(),
          ...client(),
        },
      }),
    },
    {
      why: 'without verification (H073)',
      given: () => ({
        flags: { '--http-addr': consul.httpsUrl, ...client() },
        env: { CONSUL_HTTP_SSL_VERIFY: 'false' },
      }),
    },
  ])('names are answered: $why (H072)', async ({ given }) => {
    await using server = await startGiven(given());
    expect(await web(server)).toEqual(['web.service.consul. 0 IN A 192.0.2.22']);
    expect(logged(server, 'warn')).toEqual({});
  });

  test.each<{ readonly why: string; readonly given: () => Given; readonly reason: RegExp; readonly advice: string }>([
    {
      why: 'without a certificate of ours',
      given: () => ({ flags: { '--http-addr': consul.httpsUrl, ...authority() } }),
      reason: /bad certificate|certificate required/,
      advice: '--client-cert, --client-key',
    },
    {
      why: 'with one that nobody else signed',
      given: () => ({
        flags: {
          '--http-addr': consul.httpsUrl,
          '--client-cert': certificates.path('alone.pem'),
          '--client-key': certificates.path('alone-key.pem'),
          ...authority(),
        },
      }),
      reason: /bad certificate|unknown ca/,
      advice: '--client-cert, --client-key',
    },
    {
      why: "when Consul's is signed by nobody we know",
      given: () => ({ flags: { '--http-addr': consul.httpsUrl, ...client() } }),
      reason: /unable to verify the first certificate/,
      advice: '--ca-file, --ca-path',
    },
    {
      why: 'under a name that its certificate has not',
      given: () => ({
        flags: { '--http-addr': consul.httpsUrl, '--tls-server-name': 'other.consul', ...authority(), ...client() },
      }),
      reason: /other\.consul.*server\.dc1\.consul/,
      advice: '--tls-server-name',
    },
    {
      why: 'over plain http to the https port (A4.1)',
      given: () => ({ flags: { '--http-addr': consul.httpsUrl.replace('https', 'http') } }),
      reason: /HTTP request to an HTTPS server/,
      advice: 'https://',
    },
    {
      why: 'over https to the plain port',
      given: () => ({ flags: { '--http-addr': consul.url.replace('http', 'https'), ...authority(), ...client() } }),
      reason: /wrong version number/,
      advice: 'http://',
    },
  ])('nothing is answered $why, and the log says once what helps', async ({ given, reason, advice }) => {
    await using server = await startGiven({ ...given(), values: { datacenter: 'dc1' } });
    expect(await web(server)).toBe(2);
    expect(await web(server)).toBe(2);
    expect(logged(server, 'warn')).toEqual({ 'cannot read from Consul': 1 });
    expect(logText(server)).toMatch(reason);
    expect(logText(server)).toContain(advice);
  });
});

describe.skipIf(openssl === undefined)(
  `with a certificate that signed itself${unlessMissing('openssl', openssl)}`,
  () => {
    test('it is refused by default, taken once it is named, and taken without verification (H073)', async () => {
      await using certificates = await Certificates.make();
      const pem = (file: string): Promise<string> => readFile(certificates.path(file), 'utf8');
      const tls = { cert: await pem('alone.pem'), key: await pem('alone-key.pem'), allowH2: true };
      await using consul = await startFakeConsul({ tls, services: { web: [{ address: '192.0.2.22', port: 80 }] } });
      const rcode = async (flags: Readonly<Record<string, string>>): Promise<number> => {
        await using server = await startGiven({ flags: { '--http-addr': consul.url, ...flags } });
        const { rcode } = await ask(server, 'web.service.consul');
        if (rcode !== 0) expect(logText(server)).toMatch(/self-signed certificate; .*--ca-file/);
        return rcode;
      };
      expect(await rcode({})).toBe(2);
      expect(consul.requests).toHaveLength(0);
      expect(await rcode({ '--ca-file': certificates.path('alone.pem') })).toBe(0);
      expect(await rcode({ '--http-ssl-verify': 'false' })).toBe(0);
    });
  },
);
