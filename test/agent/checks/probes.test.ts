import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { probeHttp } from '../../../src/agent/checks/http.js';
import { headOf } from '../../../src/agent/checks/output.js';
import type { ProbeOptions } from '../../../src/agent/checks/result.js';
import { probeScript } from '../../../src/agent/checks/script.js';
import { probeTcp } from '../../../src/agent/checks/tcp.js';
import { probeUdp } from '../../../src/agent/checks/udp.js';
import type { HttpProbe, ScriptProbe } from '../../../src/agent/registration/check.js';
import { freePort } from '../../support/free-port.js';

const SCHEDULE = { intervalMs: 1000, timeoutMs: 10_000 };
const TLS = { skipVerify: false, serverName: '' };

function options({ timeoutMs = 5000, outputMaxBytes = 4096 } = {}): ProbeOptions {
  return { signal: AbortSignal.timeout(timeoutMs), outputMaxBytes };
}

async function serve(listener: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

describe('H120 H121 HTTP checks', () => {
  const probe = (url: string, more: Partial<HttpProbe> = {}): HttpProbe => ({
    kind: 'http',
    ...SCHEDULE,
    url,
    method: 'GET',
    headers: new Map(),
    body: '',
    followsRedirects: true,
    tls: TLS,
    ...more,
  });

  test.each([
    [200, 'passing', '200 OK'],
    [204, 'passing', '204 No Content'],
    [299, 'passing', '299 unknown'],
    [429, 'warning', '429 Too Many Requests'],
    [304, 'critical', '304 Not Modified'],
    [404, 'critical', '404 Not Found'],
    [500, 'critical', '500 Internal Server Error'],
  ])('%d is %s', async (code, status, line) => {
    await using server = await serve((_, response) => response.writeHead(code).end(code === 200 ? 'fine' : ''));
    expect(await probeHttp(probe(server.url), options())).toEqual({
      status,
      output: `HTTP GET ${server.url}: ${line} Output: ${code === 200 ? 'fine' : ''}`,
    });
  });

  test('method, headers, body and Host are sent as they were given, on a connection that is closed', async () => {
    let seen: { readonly request: IncomingMessage; readonly body: string } | undefined;
    await using server = await serve(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen = { request, body };
      response.end();
    });
    const headers = new Map([
      ['Host', ['foo.bar']],
      ['X-A', ['1', '2']],
    ]);
    await probeHttp(probe(server.url, { method: 'POST', body: 'xyz', headers }), options());
    expect(seen?.body).toBe('xyz');
    expect(seen?.request.method).toBe('POST');
    expect(seen?.request.headers).toMatchObject({
      host: 'foo.bar',
      'x-a': '1, 2',
      'user-agent': 'Consul Health Check',
      accept: 'text/plain, text/*, */*',
      connection: 'close',
    });
  });

  test('redirects are followed, up to ten of them, unless that is switched off', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/end') response.end('there');
      else response.writeHead(302, { Location: request.url === '/loop' ? '/loop' : '/end' }).end();
    });
    expect(await probeHttp(probe(`${server.url}/start`), options())).toMatchObject({
      status: 'passing',
      output: `HTTP GET ${server.url}/start: 200 OK Output: there`,
    });
    expect(await probeHttp(probe(`${server.url}/loop`), options())).toEqual({
      status: 'critical',
      output: `Get "${server.url}/loop": stopped after 10 redirects`,
    });
    const staying = await probeHttp(probe(`${server.url}/start`, { followsRedirects: false }), options());
    expect(staying.status).toBe('critical');
  });

  test('a certificate that nobody vouches for is critical, unless that is not to be looked at', async () => {
    const [key, cert] = await Promise.all(
      ['server-key.pem', 'server.pem'].map((name) => readFile(`fixtures/catalog/tls/${name}`)),
    );
    if (key === undefined || cert === undefined) throw new Error('The files cannot be read');
    const server = createHttpsServer({ key, cert }, (_, response) => response.end('secret')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${portOf(server)}/`;
    expect((await probeHttp(probe(url), options())).status).toBe('critical');
    expect(await probeHttp(probe(url, { tls: { ...TLS, skipVerify: true } }), options())).toEqual({
      status: 'passing',
      output: `HTTP GET ${url}: 200 OK Output: secret`,
    });
    await new Promise((resolve) => server.close(resolve));
  });

  test('of a long body the end is kept', async () => {
    await using server = await serve((_, response) => response.end('a'.repeat(3000) + 'b'.repeat(3000)));
    const lead = `HTTP GET ${server.url}: 200 OK Output: `;
    const { output } = await probeHttp(probe(server.url), options());
    expect(output).toBe(lead + 'a'.repeat(1096) + 'b'.repeat(3000));
    expect((await probeHttp(probe(server.url), options({ outputMaxBytes: 5 }))).output).toBe(`${lead}bbbbb`);
  });

  test('no answer in time, nobody there and nonsense are critical', async () => {
    await using server = await serve(() => {});
    expect(await probeHttp(probe(server.url), options({ timeoutMs: 50 }))).toEqual({
      status: 'critical',
      output: `Get "${server.url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
    const port = await freePort();
    expect(await probeHttp(probe(`http://127.0.0.1:${port}`), options())).toEqual({
      status: 'critical',
      output: `Get "http://127.0.0.1:${port}": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
    expect(await probeHttp(probe('nonsense'), options())).toEqual({
      status: 'critical',
      output: 'Get "nonsense": unsupported protocol scheme ""',
    });
  });
});

describe('H122 TCP checks', () => {
  test('a connection passes, a refusal is critical, and so is an address without a port', async () => {
    const server = createTcpServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = `127.0.0.1:${portOf(server)}`;
    const probe = { kind: 'tcp' as const, ...SCHEDULE };
    expect(await probeTcp({ ...probe, target }, options())).toEqual({
      status: 'passing',
      output: `TCP connect ${target}: Success`,
    });
    await new Promise((resolve) => server.close(resolve));
    expect(await probeTcp({ ...probe, target }, options())).toEqual({
      status: 'critical',
      output: `dial tcp ${target}: connect: connection refused`,
    });
    expect((await probeTcp({ ...probe, target: 'nowhere' }, options())).output).toBe(
      'dial tcp: address nowhere: missing port in address',
    );
  });
});

describe('H125 UDP checks', () => {
  const listen = async (answers: boolean): Promise<Socket> => {
    const socket = createSocket('udp4');
    if (answers) socket.on('message', (_, { port, address }) => socket.send('pong', port, address));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  };

  test.each([true, false])('a socket that answers (%s) passes, silence too', async (answers) => {
    const socket = await listen(answers);
    const target = `127.0.0.1:${socket.address().port}`;
    const result = await probeUdp({ kind: 'udp', ...SCHEDULE, target }, options({ timeoutMs: answers ? 5000 : 100 }));
    expect(result).toEqual({ status: 'passing', output: `UDP connect ${target}: Success` });
    socket.close();
  });

  test('a port that is closed is critical', async () => {
    const target = `127.0.0.1:${await freePort()}`;
    const result = await probeUdp({ kind: 'udp', ...SCHEDULE, target }, options());
    expect(result).toEqual({ status: 'critical', output: `dial udp ${target}: connect: connection refused` });
  });
});

describe('H126 script checks', () => {
  const probe = (...args: string[]): ScriptProbe => ({ kind: 'script', ...SCHEDULE, timeoutMs: 100, args });

  test.each([
    ['exit 0', 'passing', ''],
    ['echo out; echo err >&2; exit 1', 'warning', 'out\nerr\n'],
    ['exit 2', 'critical', ''],
    ['kill -9 $$', 'critical', ''],
  ])('%s is %s', async (script, status, output) => {
    expect(await probeScript(probe('sh', '-c', script), options())).toEqual({ status, output });
  });

  test('a program that is not there is critical', async () => {
    const result = await probeScript(probe('/nosuch/program'), options());
    expect(result.status).toBe('critical');
    expect(result.output).toContain('ENOENT');
  });

  test('of a long output the end is kept, with its size', async () => {
    const { output } = await probeScript(probe('sh', '-c', 'printf %06000d 1'), options());
    expect(output).toBe(`Captured 4096 of 6000 bytes\n...\n${'0'.repeat(4095)}1`);
  });

  test('a program that takes too long ends with all that it started', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'script-check-'));
    try {
      const file = join(folder, 'pid');
      const script = `sleep 60 & echo $! > ${file}; wait`;
      const result = await probeScript(probe('sh', '-c', script), options({ timeoutMs: 500 }));
      expect(result).toEqual({ status: 'critical', output: 'Timed out (100ms) running check' });
      const pid = Number(await readFile(file, 'utf8'));
      expect(pid).toBeGreaterThan(0);
      await vi.waitFor(async () => expect(await isRunning(pid)).toBe(false));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** A process that ended but was not waited for yet does not run. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/\) Z /.test(status);
}

test('B5 of a long note the start is kept, with its size', () => {
  expect(headOf('x'.repeat(4096), 4096)).toBe('x'.repeat(4096));
  expect(headOf('x'.repeat(6000), 4096)).toBe(`${'x'.repeat(4096)} ... (captured 4096 of 6000 bytes)`);
});
