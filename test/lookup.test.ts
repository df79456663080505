import { describe, expect, test } from 'vitest';
import { listenDns } from '../src/listen/dns.js';
import type { Listener } from '../src/listen/listener.js';
import { completeName, LookupError, type LookupOptions, runLookup } from '../src/lookup.js';
import type { Client } from '../src/responder/respond.js';
import { Rcode, RecordType } from '../src/wire/constants.js';
import { decodeMessage, encodeMessage, type Message } from '../src/wire/message.js';
import type { Rdata, ResourceRecord } from '../src/wire/rdata.js';
import { listening } from './listen/listening.js';
import { dig, hasDig, parseDig } from './support/dig.js';
import { findProgram, unlessMissing } from './support/external.js';

const rr = (name: string, type: number, data: Rdata): ResourceRecord => ({ name, type, class: 1, ttlSeconds: 7, data });
const text = (...strings: string[]): Rdata => ({ kind: 'TXT', strings: strings.map((part) => Buffer.from(part)) });
const srv = (target: string): Rdata => ({ kind: 'SRV', priority: 1, weight: 5, port: 8080, target });
const a = (address: string): Rdata => ({ kind: 'A', address });
const SOA: Rdata = {
  kind: 'SOA',
  soa: {
    mname: 'ns.consul.',
    rname: 'hostmaster.consul.',
    serial: 1_700_000_000,
    refreshSeconds: 3600,
    retrySeconds: 600,
    expireSeconds: 86_400,
    minimumSeconds: 0,
  },
};

/** A server whose replies are the question with these fields changed. */
async function answering(
  reply: Partial<Message> | ((query: Message, client: Client) => Partial<Message>),
  host = '127.0.0.1',
): Promise<Listener & { readonly asked: readonly Message[] }> {
  const asked: Message[] = [];
  const listener = await listenDns(await listening({ host }), (packet, client) => {
    const query = decodeMessage(packet);
    asked.push(query);
    const changes = typeof reply === 'function' ? reply(query, client) : reply;
    return encodeMessage({ ...query, isResponse: true, authoritative: true, edns: undefined, ...changes });
  });
  return { ...listener, asked };
}

async function lookup(
  server: Listener | string,
  options: Partial<LookupOptions> = {},
): Promise<{ readonly code: number; readonly printed: string }> {
  let printed = '';
  const at = typeof server === 'string' ? server : undefined;
  const { host, port } = typeof server === 'string' ? { host: '', port: 0 } : server.address;
  const code = await runLookup({
    name: 'web.service.consul',
    type: 'A',
    server: at ?? `${host.includes(':') ? `[${host}]` : host}:${port}`,
    transport: 'udp',
    timeoutMs: 5_000,
    write: (part) => {
      printed += part;
    },
    ...options,
  });
  return { code, printed };
}

const EVERY_SECTION: Partial<Message> = {
  answer: [
    rr('Web.service.Consul.', RecordType.SRV, srv('web-1.node.dc1.consul.')),
    rr('web.service.consul.', RecordType.SRV, srv('Web-2.node.dc1.consul.')),
    rr('web.service.consul.', RecordType.CNAME, { kind: 'CNAME', target: 'api.example.net.' }),
    rr('web.service.consul.', RecordType.MX, { kind: 'MX', preference: 10, exchange: 'mail.example.net.' }),
    rr('caf\\195\\169.service.consul.', RecordType.PTR, { kind: 'PTR', target: 'a\\032b.node.dc1.consul.' }),
  ],
  authority: [rr('consul.', RecordType.SOA, SOA), rr('consul.', RecordType.NS, { kind: 'NS', target: 'ns.consul.' })],
  additional: [
    rr('web-1.node.dc1.consul.', RecordType.A, a('10.20.0.1')),
    rr('web-1.node.dc1.consul.', RecordType.AAAA, { kind: 'AAAA', address: '2001:db8::1' }),
    rr('web-1.node.dc1.consul.', RecordType.TXT, text('rack=a7', 'say "hi"')),
    rr('web-1.node.dc1.consul.', 65_280, { kind: 'opaque', bytes: Uint8Array.of(1, 2, 3) }),
  ],
};

describe('lookup', () => {
  test('prints the reply, and says whom it asked', async () => {
    await using server = await answering({ answer: [rr('web.service.consul.', RecordType.A, a('10.20.0.1'))] });
    const { code, printed } = await lookup(server);
    expect(code).toBe(0);
    expect(printed.replace(/id: \d+/, 'id: N').replace(/\d+ msec/, 'N msec')).toBe(
      [
        '; <<>> consul-dnsd lookup <<>> web.service.consul A',
        ';; Got answer:',
        ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N',
        ';; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0',
        '',
        ';; QUESTION SECTION:',
        ';web.service.consul.\t\tIN\tA',
        '',
        ';; ANSWER SECTION:',
        'web.service.consul.\t7\tIN\tA\t10.20.0.1',
        '',
        ';; Query time: N msec',
        `;; SERVER: 127.0.0.1:${server.address.port} (UDP)`,
        '',
      ].join('\n'),
    );
  });

  test.each([
    { type: 'srv', asked: RecordType.SRV },
    { type: 'ANY', asked: RecordType.ANY },
    { type: 'TYPE33', asked: RecordType.SRV },
  ])('asks for type $type, recursion desired', async ({ type, asked }) => {
    await using server = await answering({});
    await lookup(server, { type });
    expect(server.asked).toMatchObject([{ questions: [{ type: asked, class: 1 }], recursionDesired: true }]);
  });

  test.each([
    { name: 'web', asked: 'web.service.consul.' },
    { name: 'Web', asked: 'Web.service.consul.' },
    { name: 'web.', asked: 'web.' },
    { name: '.', asked: '.' },
    { name: 'café.service.consul', asked: 'caf\\195\\169.service.consul.' },
  ])('asks for $asked when told $name', async ({ name, asked }) => {
    await using server = await answering({});
    await lookup(server, { name, domain: 'consul.' });
    expect(server.asked[0]?.questions[0]?.name).toBe(asked);
  });

  test('completes no name without a domain', () => {
    expect(completeName('web', undefined)).toBe('web');
  });

  test('an unknown name is an answer too', async () => {
    await using server = await answering({
      rcode: Rcode.NXDOMAIN,
      authority: [rr('consul.', RecordType.SOA, SOA)],
    });
    const { code, printed } = await lookup(server);
    expect(code).toBe(0);
    expect(parseDig(printed)).toMatchObject({
      rcode: 'NXDOMAIN',
      answer: [],
      authority: ['consul. 7 IN SOA ns.consul. hostmaster.consul. 1700000000 3600 600 86400 0'],
    });
  });

  test('prints the data of the answers alone when short', async () => {
    await using server = await answering(EVERY_SECTION);
    expect(await lookup(server, { type: 'SRV', short: true })).toEqual({
      code: 0,
      printed: [
        '1 5 8080 web-1.node.dc1.consul.',
        '1 5 8080 Web-2.node.dc1.consul.',
        'api.example.net.',
        '10 mail.example.net.',
        'a\\032b.node.dc1.consul.',
        '',
      ].join('\n'),
    });
  });

  test('asks again over TCP when the reply is cut off', async () => {
    const answer = [rr('web.service.consul.', RecordType.A, a('10.20.0.1'))];
    await using server = await answering((_query, { transport }) =>
      transport === 'udp' ? { truncated: true } : { answer },
    );
    const { code, printed } = await lookup(server);
    expect(code).toBe(0);
    expect(printed).toMatch(/^;; Truncated, retrying in TCP mode\.\n/);
    expect(printed).toMatch(/ \(TCP\)\n$/);
    expect(parseDig(printed).answer).toEqual(['web.service.consul. 7 IN A 10.20.0.1']);
  });

  test('asks over TCP when told to', async () => {
    const transports: string[] = [];
    await using server = await answering((_query, { transport }) => {
      transports.push(transport);
      return {};
    });
    expect((await lookup(server, { transport: 'tcp' })).code).toBe(0);
    expect(transports).toEqual(['tcp']);
  });

  test('asks an IPv6 server over UDP, however its address is spelled, and shows a reply that was cut off', async () => {
    await using server = await answering({ truncated: true }, '::1');
    const { code, printed } = await lookup(`[0:0:0:0:0:0:0:1]:${server.address.port}`);
    expect(code).toBe(0);
    expect(parseDig(printed).flags).toContain('tc');
  });

  test('says so when dns2 cannot read a record', async () => {
    // A TXT record whose string is longer than its data.
    const record = Buffer.from('00 0010 0001 00000007 0003 0a 61 62'.replaceAll(' ', ''), 'hex');
    await using listener = await listenDns(await listening(), (packet) => {
      const reply = Buffer.concat([encodeMessage({ ...decodeMessage(packet), isResponse: true }), record]);
      reply.writeUInt16BE(1, 6);
      return reply;
    });
    const { code, printed } = await lookup(listener);
    expect(code).toBe(0);
    expect(printed).toContain(';; WARNING: 1 records could not be read\n');
    expect(parseDig(printed).answer).toEqual([]);
  });
});

describe('no reply', () => {
  test.each(['udp', 'tcp'] as const)('in time over %s exits with 9', async (transport) => {
    await using listener = await listenDns(await listening(), () => undefined);
    const { code, printed } = await lookup(listener, { transport, timeoutMs: 50 });
    expect(code).toBe(9);
    expect(printed).toBe(
      `;; no reply from 127.0.0.1:${listener.address.port} over ${transport.toUpperCase()}: timed out after 50 ms\n`,
    );
  });

  test('because nobody listens exits with 9', async () => {
    const listener = await listenDns(await listening(), () => undefined);
    await listener.close();
    const { code, printed } = await lookup(listener, { transport: 'tcp' });
    expect(code).toBe(9);
    expect(printed).toMatch('ECONNREFUSED');
  });
});

test.each([
  { change: { type: 'SVCB' }, code: 'bad-type', says: 'Cannot ask for type "SVCB": dns2 knows A, NS, ' },
  { change: { type: 'nonsense' }, code: 'bad-type', says: 'Cannot ask for type "nonsense"' },
  { change: { type: 'OPT' }, code: 'bad-type', says: 'Cannot ask for type "OPT"' },
  { change: { name: 'a..b' }, code: 'bad-name', says: 'Cannot ask for "a..b": not a domain name' },
  { change: { name: 'a\\.b.consul' }, code: 'bad-name', says: 'dns2 takes no dots inside labels' },
  { change: { server: '127.0.0.1' }, code: 'bad-server', says: 'Cannot ask server "127.0.0.1": expected host:port' },
  { change: { server: '::1:53' }, code: 'bad-server', says: 'Cannot ask server "::1:53"' },
  { change: { server: '[nonsense]:53' }, code: 'bad-server', says: 'Cannot ask server "[nonsense]:53"' },
  { change: { server: 'localhost:0' }, code: 'bad-server', says: 'Cannot ask server "localhost:0"' },
  {
    change: { server: '[::1]:53', transport: 'tcp' },
    code: 'bad-server',
    says: 'Cannot ask [::1]:53 over TCP: dns2 does this over IPv4 only',
  },
] as const)('refuses $change', async ({ change, code, says }) => {
  const failure = await lookup('127.0.0.1:1', change).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(LookupError);
  expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
});

describe.skipIf(!hasDig())(`beside dig${unlessMissing('dig', findProgram('dig'))}`, () => {
  test('prints every section as dig does', async () => {
    await using server = await answering(EVERY_SECTION);
    const { text: _ours, id: _id, ...ours } = parseDig((await lookup(server, { type: 'SRV' })).printed);
    const flags = ['+noedns', '+noadflag'];
    const { text: _digs, id: _digId, ...digs } = await dig(server.address, 'web.service.consul SRV', { flags });
    expect(ours).toEqual(digs);
    expect(ours.answer).toHaveLength(5);
  });
});
