import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askUdp, question } from '../support/client.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { type FakeRecursor, startFakeRecursor } from '../support/fake-recursor.js';
import { freePort } from '../support/free-port.js';
import { RunningCli } from '../support/running-cli.js';
import { lines } from './seen.js';

/** The built command takes over its files on SIGHUP (dns-behaviour section 17). */

const SERVFAIL = 2;
const REFUSED = 5;

let folder: string;
let port: number;
let consul: FakeConsul;
let recursor: FakeRecursor;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sighup-test-'));
  port = await freePort();
  consul = await startFakeConsul({
    services: {
      web: [
        { id: 'a', address: '10.20.0.1', port: 80 },
        { id: 'b', address: '10.20.0.2', port: 80, checks: [{ id: 'load', status: 'warning' }] },
      ],
    },
  });
  recursor = await startFakeRecursor(['www.example.net. 300 IN A 198.51.100.7']);
});
afterEach(async () => {
  await Promise.all([consul.close(), recursor.close(), rm(folder, { recursive: true, force: true })]);
});

/** The command with these keys in its file, and how to change them. */
class Configured implements AsyncDisposable {
  readonly cli: RunningCli;
  readonly #file: string;

  private constructor(file: string, flags: readonly string[]) {
    this.#file = file;
    const given = ['--http-addr', consul.url, '--dns-port', String(port), '--config-file', file, '--log-json'];
    this.cli = new RunningCli([...given, ...flags]);
  }

  static async start(json: unknown, flags: readonly string[] = []): Promise<Configured> {
    const file = join(folder, 'dns.json');
    await writeFile(file, JSON.stringify(json));
    const configured = new Configured(file, flags);
    await configured.cli.printed(/answers for/);
    return configured;
  }

  async reload(json: unknown): Promise<void> {
    await writeFile(this.#file, JSON.stringify(json));
    this.cli.kill('SIGHUP');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cli[Symbol.asyncDispose]();
  }
}

async function seen(name: string): Promise<readonly string[] | number> {
  const { rcode, answer } = await askUdp({ host: '127.0.0.1', port }, question(name, 'A', { rd: true }));
  return rcode === 0 ? lines(answer).map((line) => line.split(' ').slice(1).join(' ')) : rcode;
}

describe.each([
  {
    key: 'dns_config.only_passing',
    name: 'web.service.consul',
    one: { json: () => ({ dns_config: { only_passing: true } }), sees: ['0 IN A 10.20.0.1'] },
    other: {
      json: () => ({ dns_config: { only_passing: false } }),
      sees: ['0 IN A 10.20.0.1', '0 IN A 10.20.0.2'],
    },
  },
  {
    key: 'dns_config.service_ttl',
    name: 'web.service.consul',
    one: { json: () => ({ dns_config: { service_ttl: { web: '7s' } } }), sees: ['7 IN A 10.20.0.1'] },
    other: { json: () => ({ dns_config: { service_ttl: { 'w*': '9s' } } }), sees: ['9 IN A 10.20.0.1'] },
  },
  {
    key: 'recursors',
    name: 'www.example.net',
    one: { json: () => ({}), sees: REFUSED },
    other: { json: () => ({ recursors: [recursor.address] }), sees: ['300 IN A 198.51.100.7'] },
  },
  {
    key: 'recursors, by host name (14.7)',
    name: 'www.example.net',
    one: { json: () => ({}), sees: REFUSED },
    other: { json: () => ({ recursors: [`localhost:${recursor.port}`] }), sees: ['300 IN A 198.51.100.7'] },
  },
  {
    key: 'domain',
    name: 'web.service.corp.example',
    one: { json: () => ({}), sees: REFUSED },
    other: { json: () => ({ domain: 'corp.example' }), sees: ['0 IN A 10.20.0.1'] },
  },
])('$key', ({ name, one, other }) => {
  test.each([
    { from: one, to: other, why: 'there' },
    { from: other, to: one, why: 'and back' },
  ])('$why', async ({ from, to }) => {
    await using server = await Configured.start(from.json());
    expect(await seen(name)).toEqual(from.sees);
    await server.reload(to.json());
    await expect.poll(() => seen(name)).toEqual(to.sees);
  });
});

test.each(['1', '2'])('with %s workers, stale.max_age switches in the outage (D20)', async (workers) => {
  const staleFor = (max_age: string) => ({ consul_dnsd: { stale: { max_age } } });
  await using server = await Configured.start(staleFor('0s'), ['--workers', workers]);
  const ask = () => seen('web.service.consul');
  expect(await ask()).toHaveLength(1);
  await consul.goAway();
  await expect.poll(ask).toBe(SERVFAIL);
  await server.reload(staleFor('1h'));
  await expect.poll(ask).toEqual(['0 IN A 10.20.0.1']);
  await server.reload(staleFor('0s'));
  await expect.poll(ask).toBe(SERVFAIL);
});

test('where to listen waits for the next start, which the log says; the rest takes effect', async () => {
  await using server = await Configured.start({});
  await server.reload({ addresses: { dns: '::1' }, dns_config: { service_ttl: { '*': '5s' } } });
  expect(await server.cli.logged(/configuration read again/)).toMatch(/"waitingForRestart":\["--bind"\]/);
  expect(await seen('web.service.consul')).toEqual(['5 IN A 10.20.0.1']);
});
