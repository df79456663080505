import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { listenDns } from '../../src/listen/dns.js';
import { ListenError } from '../../src/listen/listener.js';
import { listenTcp } from '../../src/listen/tcp.js';
import { listenUdp } from '../../src/listen/udp.js';
import { EdnsOption, ExtendedError, RecordType } from '../../src/wire/constants.js';
import { decodeMessage, encodeMessage } from '../../src/wire/message.js';
import type { Rdata } from '../../src/wire/rdata.js';
import { askTcp, askUdp, question } from '../support/client.js';
import { dig, hasDig } from '../support/dig.js';
import { findProgram, unlessMissing } from '../support/external.js';
import { freePort } from '../support/free-port.js';
import { echo, listening, openSockets, until } from './listening.js';

async function failureOf(listener: Promise<unknown>): Promise<ListenError> {
  const failure = await listener.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof ListenError)) throw new Error('Cannot test failure: there was none', { cause: failure });
  return failure;
}

describe('listenDns', () => {
  test.each(['127.0.0.1', '::1'])('answers over UDP and TCP on one port of %s', async (host) => {
    await using dns = await listenDns(await listening({ host }), echo);
    expect(dns.address).toEqual({ transport: 'dns', host, port: expect.any(Number) });
    const query = question('web.service.consul', 'A');
    expect(await askUdp(dns.address, query)).toMatchObject({ id: query.id, isResponse: true });
    expect(await askTcp(dns.address, query)).toMatchObject({ id: query.id, isResponse: true });
  });

  test('tells respond which transport a question came by', async () => {
    const transports: string[] = [];
    await using dns = await listenDns(await listening(), (packet, client) => {
      transports.push(client.transport);
      return echo(packet, client);
    });
    await askUdp(dns.address, question('web.service.consul', 'A'));
    await askTcp(dns.address, question('web.service.consul', 'A'));
    expect(transports).toEqual(['udp', 'tcp']);
  });

  test('listens on the port it is told', async () => {
    const port = await freePort();
    await using dns = await listenDns(await listening({ port }), echo);
    expect(dns.address.port).toBe(port);
  });

  test('closes both, once or twice', async () => {
    await until(() => openSockets().length === 0);
    const dns = await listenDns(await listening(), echo);
    expect(openSockets()).toHaveLength(2);
    await Promise.all([dns.close(), dns.close()]);
    await dns.close();
    await until(() => openSockets().length === 0);
  });
});

describe('a port that is taken', () => {
  test('by UDP is named, with what to do about it', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const failure = await failureOf(listening({ port }).then((options) => listenDns(options, echo)));
    expect(failure).toMatchObject({ code: 'address-in-use', cause: { code: 'EADDRINUSE' } });
    expect(failure.message).toBe(
      `Cannot listen on UDP 127.0.0.1:${port}: another process has this port; ` +
        `stop it ("ss -lnp 'sport = :${port}'" shows it) or choose another --dns-port`,
    );
    socket.close();
  });

  test('by TCP is named, and UDP is let go again', async () => {
    const server = createServer().listen(0, '::1');
    await once(server, 'listening');
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const failure = await failureOf(listening({ host: '::1', port }).then((options) => listenDns(options, echo)));
    expect(failure.code).toBe('address-in-use');
    expect(failure.message).toMatch(`Cannot listen on TCP [::1]:${port}: another process has this port`);
    // What earlier tests closed may take a moment to be gone.
    await until(() => openSockets().length === 1);
    expect(openSockets()).toEqual(['TCPServerWrap']);
    server.close();
  });
});

test.each([
  { transport: 'UDP', listen: listenUdp },
  { transport: 'TCP', listen: listenTcp },
])('an address of another machine cannot be listened on by $transport', async ({ transport, listen }) => {
  const failure = await failureOf(listening({ host: '203.0.113.1' }).then((options) => listen(options, echo)));
  expect(failure.code).toBe('address-unavailable');
  expect(failure.message).toBe(
    `Cannot listen on ${transport} 203.0.113.1:0: no interface of this machine has that address`,
  );
});

describe('ListenError', () => {
  const cause = (code: string): Error => Object.assign(new Error(`bind ${code}`), { code });

  test.each([
    { port: 53, errno: 'EACCES', code: 'permission-denied', says: 'setcap cap_net_bind_service=+ep' },
    { port: 53, errno: 'EACCES', code: 'permission-denied', says: 'choose another --dns-port' },
    { port: 8600, errno: 'EPERM', code: 'permission-denied', says: /: permission denied$/ },
    { port: 8600, errno: 'EAFNOSUPPORT', code: 'address-unavailable', says: 'no interface' },
    { port: 8600, errno: 'EMFILE', code: 'failed', says: /: bind EMFILE$/ },
  ] as const)('$errno on port $port is $code', ({ port, errno, code, says }) => {
    const error = new ListenError({ transport: 'udp', host: '127.0.0.1', port }, cause(errno));
    expect(error).toMatchObject({ name: 'ListenError', code, address: { port } });
    expect(error.message).toMatch(says);
  });

  test('does not speak of DNS settings where another server is meant', () => {
    const error = new ListenError({ transport: 'http', host: '127.0.0.1', port: 8500 }, cause('EADDRINUSE'));
    expect(error.message).toMatch(/^Cannot listen on HTTP 127\.0\.0\.1:8500: .* or choose another port$/);
  });
});

const digPath = findProgram('dig');
describe.skipIf(!hasDig())(`dig${unlessMissing('dig', digPath)}`, () => {
  const record = (name: string, type: number, data: Rdata) => ({ name, type, class: 1, ttlSeconds: 7, data });

  test.each(['udp', 'tcp'] as const)('reads a reply over %s', async (transport) => {
    await using dns = await listenDns(await listening(), (packet) =>
      encodeMessage({
        ...decodeMessage(packet),
        isResponse: true,
        authoritative: true,
        answer: [
          record('Web.service.consul.', RecordType.SRV, {
            kind: 'SRV',
            priority: 1,
            weight: 5,
            port: 8080,
            target: 'web-1.node.dc1.consul.',
          }),
        ],
        authority: [record('consul.', RecordType.NS, { kind: 'NS', target: 'ns.consul.' })],
        additional: [record('web-1.node.dc1.consul.', RecordType.A, { kind: 'A', address: '10.20.0.1' })],
        edns: {
          udpPayloadBytes: 4096,
          version: 0,
          dnssecOk: true,
          options: [{ code: EdnsOption.EXTENDED_ERROR, data: Uint8Array.of(0, ExtendedError.STALE_ANSWER) }],
        },
      }),
    );
    const flags = ['+norecurse', '+nocookie'];
    expect(await dig(dns.address, 'Web.service.consul SRV', { transport, flags })).toMatchObject({
      opcode: 'QUERY',
      rcode: 'NOERROR',
      flags: ['qr', 'aa', 'ad'],
      question: ['Web.service.consul. IN SRV'],
      answer: ['Web.service.consul. 7 IN SRV 1 5 8080 web-1.node.dc1.consul.'],
      authority: ['consul. 7 IN NS ns.consul.'],
      additional: ['web-1.node.dc1.consul. 7 IN A 10.20.0.1'],
      edns: { version: 0, flags: ['do'], udpPayloadBytes: 4096, options: ['EDE: 3 (Stale Answer)'] },
    });
  });
});
