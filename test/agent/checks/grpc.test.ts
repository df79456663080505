import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { probeGrpc } from '../../../src/agent/checks/grpc.js';
import type { CheckResult } from '../../../src/agent/checks/result.js';
import type { GrpcProbe } from '../../../src/agent/registration/check.js';
import { eventually } from '../../support/eventually.js';
import { unlessMissing } from '../../support/external.js';
import { freePort } from '../../support/free-port.js';
import { consulBinary, RealConsul } from '../../support/real-consul.js';
import { get, put } from '../exchange.js';
import { startTestAgent } from '../test-agent.js';
import { type Answer, startHealthServer, untrustedCertificate } from './health-server.js';

const UNHEALTHY = "gRPC application didn't report service healthy";
const rpcError = (code: string, details: string): string => `rpc error: code = ${code} desc = ${details}`;
const connectionError = (problem: string): string =>
  rpcError('Unavailable', `connection error: desc = "transport: ${problem}"`);

interface Case {
  readonly answer: Answer;
  /** What a check says then; without it, it passes. */
  readonly output?: string;
}

/** Services of a server, by name. */
const SERVICES: Readonly<Record<string, Case>> = {
  '': { answer: Buffer.of(8, 1) },
  serving: { answer: Buffer.of(8, 1) },
  'serving/part': { answer: Buffer.of(8, 1) },
  'newer-protocol': { answer: Buffer.of(0x12, 2, 8, 2, 8, 1) },
  'not-serving': { answer: Buffer.of(8, 2), output: UNHEALTHY },
  unknown: { answer: Buffer.of(), output: UNHEALTHY },
  'service-unknown': { answer: Buffer.of(8, 3), output: UNHEALTHY },
  'a-large-number': { answer: Buffer.of(8, 0x81, 1), output: UNHEALTHY },
  'no-such-service': {
    answer: { code: status.NOT_FOUND, details: 'unknown service' },
    output: rpcError('NotFound', 'unknown service'),
  },
  denied: {
    answer: { code: status.PERMISSION_DENIED, details: 'no "entry" für dich\n' },
    output: rpcError('PermissionDenied', 'no "entry" für dich\n'),
  },
  'without-words': { answer: { code: status.UNAVAILABLE, details: '' }, output: rpcError('Unavailable', '') },
  'gave-up': { answer: { code: status.CANCELLED, details: 'enough' }, output: rpcError('Canceled', 'enough') },
  'odd-code': { answer: { code: 99, details: 'odd' }, output: rpcError('Code(99)', 'odd') },
};

const startServer = (isSecure = false): ReturnType<typeof startHealthServer> =>
  startHealthServer({ isSecure, answer: (service) => SERVICES[service]?.answer });

type Options = Partial<Pick<GrpcProbe, 'usesTls' | 'tls'>> & { readonly timeoutMs?: number };

const TRUSTS_ANYBODY = { usesTls: true, tls: { skipVerify: true, serverName: '' } };

function probe(target: string, { timeoutMs = 5000, ...more }: Options = {}): Promise<CheckResult> {
  const tls = { skipVerify: false, serverName: '' };
  const definition = { kind: 'grpc', intervalMs: 1000, timeoutMs, target, usesTls: false, tls, ...more } as const;
  return probeGrpc(definition, { signal: AbortSignal.timeout(timeoutMs), outputMaxBytes: 4096 });
}

async function listen(server: Server): Promise<{ readonly address: string } & AsyncDisposable> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server has no port');
  return {
    address: `127.0.0.1:${bound.port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe('H123 gRPC checks', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each(Object.entries(SERVICES))('service "%s"', async (service, { output }) => {
    await using server = await startServer();
    const target = service === '' ? server.address : `${server.address}/${service}`;
    const success = { status: 'passing', output: `gRPC check ${target}: success` };
    expect(await probe(target)).toEqual(output === undefined ? success : { status: 'critical', output });
  });

  test('the server as a whole and a service are asked for by their names', async () => {
    await using server = await startServer();
    const long = 's'.repeat(200);
    for (const end of ['', '/', '/serving/part', `/${long}`]) {
      await probe(server.address + end, { timeoutMs: end.length > 100 ? 100 : 5000 });
    }
    expect(server.asked.map((message) => message.toString('latin1'))).toEqual([
      '',
      '',
      '\x0a\x0cserving/part',
      `\x0a\xc8\x01${long}`,
    ]);
  });

  test('an answer that is none, and a server without the health protocol, are critical', async () => {
    await using confused = await startHealthServer({ answer: () => Buffer.of(0xff, 0xff) });
    expect(await probe(confused.address)).toMatchObject({
      status: 'critical',
      output: expect.stringMatching(/^rpc error: code = Internal desc = ./),
    });
    await using bare = await startHealthServer({});
    expect(await probe(bare.address)).toEqual({
      status: 'critical',
      output: rpcError('Unimplemented', 'The server does not implement the method /grpc.health.v1.Health/Check'),
    });
  });

  test('silence is critical, and the call is given up', async () => {
    await using server = await startServer();
    expect(await probe(`${server.address}/silent`, { timeoutMs: 200 })).toEqual({
      status: 'critical',
      output: rpcError('DeadlineExceeded', 'context deadline exceeded'),
    });
    await vi.waitFor(() => expect(server.cancelled).toBe(1));
  });

  test.each([{}, TRUSTS_ANYBODY])('a server that says nothing at all keeps no connection (%j)', async (options) => {
    const open = new Set<Socket>();
    await using silent = await listen(
      createServer((socket) => {
        open.add(socket);
        // Read, so that the end of the connection is seen.
        socket.resume().on('error', () => {});
        socket.on('close', () => open.delete(socket));
      }),
    );
    const probing = probe(silent.address, { ...options, timeoutMs: 300 });
    await vi.waitFor(() => expect(open.size).toBe(1));
    expect(await probing).toEqual({
      status: 'critical',
      output: rpcError('DeadlineExceeded', 'context deadline exceeded'),
    });
    await vi.waitFor(() => expect(open.size).toBe(0));
  });

  test('nobody there, a server that hangs up, and an address without a port are critical', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    expect(await probe(`${address}/serving`)).toEqual({
      status: 'critical',
      output: connectionError(`Error while dialing dial tcp ${address}: connect: connection refused`),
    });
    await using rude = await listen(createServer((socket) => socket.resume().end()));
    // The same words every time: nothing in them wakes those who wait for a change.
    for (let run = 0; run < 2; run += 1) {
      expect((await probe(rude.address)).output).toBe(connectionError('Failed to connect'));
    }
    expect((await probe('nowhere/serving')).output).toBe(
      connectionError('Error while dialing dial tcp: address nowhere: missing port in address'),
    );
  });

  test('a certificate that nobody vouches for is critical, unless that is not to be looked at', async () => {
    await using server = await startServer(true);
    expect(await probe(server.address, { usesTls: true })).toEqual({
      status: 'critical',
      output: connectionError('authentication handshake failed: unable to verify the first certificate'),
    });
    expect((await probe(server.address, TRUSTS_ANYBODY)).status).toBe('passing');
    expect((await probe(server.address)).status).toBe('critical');
  });

  test('TLS is asked of the server name that is given, else of the host, but never of an address', async () => {
    const names: unknown[] = [];
    const warnings = vi.fn();
    process.on('warning', warnings);
    const server = createTlsServer(await untrustedCertificate(), (socket: TLSSocket & { servername?: unknown }) => {
      names.push(socket.servername);
      socket.end();
    });
    await using listening = await listen(server);
    const named = { usesTls: true, tls: { skipVerify: true, serverName: 'shop.example' } };
    await probe(listening.address, named);
    await probe(listening.address, TRUSTS_ANYBODY);
    await probe(listening.address.replace('127.0.0.1', 'localhost'), TRUSTS_ANYBODY);
    process.off('warning', warnings);
    expect(names).toEqual(['shop.example', false, 'localhost']);
    expect(warnings).not.toHaveBeenCalled();
  });

  test('a proxy in the environment is not asked, and nothing is printed', async () => {
    const printed = vi.spyOn(console, 'error');
    for (const name of ['grpc_proxy', 'http_proxy', 'https_proxy']) vi.stubEnv(name, 'http://127.0.0.1:1');
    await using server = await startServer();
    expect((await probe(server.address)).status).toBe('passing');
    expect((await probe(`127.0.0.1:${await freePort()}`)).status).toBe('critical');
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

const beside = `H123 gRPC checks beside a real Consul${unlessMissing('consul', consulBinary)}`;
describe.skipIf(consulBinary === undefined)(beside, () => {
  test('have the same status and say the same', async () => {
    await using server = await startServer();
    await using secure = await startServer(true);
    await using bare = await startHealthServer({});
    await using consul = await RealConsul.start();
    await using agent = await startTestAgent();
    const checks: Readonly<Record<string, object>> = {
      ...Object.fromEntries(
        Object.keys(SERVICES).map((service) => [`service-${service}`, { GRPC: `${server.address}/${service}` }]),
      ),
      whole: { GRPC: server.address },
      long: { GRPC: `${server.address}/${'s'.repeat(200)}`, Timeout: '300ms' },
      silent: { GRPC: `${server.address}/silent`, Timeout: '300ms' },
      bare: { GRPC: bare.address },
      refused: { GRPC: `127.0.0.1:${await freePort()}/serving` },
      portless: { GRPC: '127.0.0.1/serving' },
      hostless: { GRPC: server.address.replace('127.0.0.1', '') },
      untrusted: { GRPC: secure.address, GRPCUseTLS: true },
      trusted: { GRPC: `${secure.address}/serving`, GRPCUseTLS: true, TLSSkipVerify: true },
    };
    const [ours, theirs] = await Promise.all([agent.url, consul.url].map((url) => outcomes(url, checks)));
    expect(ours).toEqual(theirs);
  });

  async function outcomes(url: string, checks: Readonly<Record<string, object>>): Promise<readonly unknown[]> {
    const names = Object.keys(checks);
    for (const name of names)
      await put(url, '/v1/agent/check/register', { Name: name, Interval: '1s', ...checks[name] });
    const views = await eventually(
      // The shape is that of A5.
      async () => (await get(url, '/v1/agent/checks')) as Readonly<Record<string, { Status: string; Output: string }>>,
      (all) => names.every((name) => all[name]?.Output),
    );
    return names.map((name) => {
      const { Status, Output } = views[name] ?? {};
      if (!Output) throw new Error(`The check "${name}" did not run`);
      return { name, status: Status, output: comparable(Output) };
    });
  }

  /** Without the words of the TLS library, and without those of whoever notices first that the time is up. */
  function comparable(output: string): string {
    return output.replace(/(handshake failed|code = DeadlineExceeded).*/, '$1');
  }
});
