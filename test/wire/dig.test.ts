import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { encodeClientSubnet } from '../../src/wire/client-subnet.js';
import { encodeExtendedError } from '../../src/wire/extended-error.js';
import { decodeMessage, encodeMessage, type Message } from '../../src/wire/message.js';
import { formatMessage } from '../../src/wire/present.js';
import { type DigReply, dig, parseDig } from '../support/dig.js';
import { findProgram, unlessMissing } from '../support/external.js';
import { rr } from '../support/records.js';

const path = findProgram('dig');

/** What dig makes of a message sent as the reply to its query. */
async function digReads(reply: Partial<Message>): Promise<{ readonly sent: Message; readonly read: DigReply }> {
  const socket = createSocket('udp4');
  try {
    let sent: Message | undefined;
    socket.on('message', (packet, client) => {
      sent = { ...decodeMessage(packet), isResponse: true, authenticData: false, ...reply };
      socket.send(encodeMessage(sent), client.port, client.address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const read = await dig({ host: '127.0.0.1', port: socket.address().port }, 'web.service.consul SRV');
    if (sent === undefined) throw new Error('Cannot compare replies: dig asked nothing');
    return { sent, read };
  } finally {
    socket.close();
  }
}

describe.skipIf(path === undefined)(`dig reads what we write${unlessMissing('dig', path)}`, () => {
  test('and prints what we print', async () => {
    const { sent, read } = await digReads({
      authoritative: true,
      recursionAvailable: true,
      rcode: 3,
      answer: [
        rr('web.service.consul. 0 IN SRV 1 10 8080 N1.node.dc1.consul.'),
        rr('web.service.consul. 30 IN A 10.0.0.1'),
        rr('web.service.consul. 30 IN AAAA 2001:db8:0:1::1'),
        rr('web.service.consul. 30 IN AAAA ::ffff:10.0.0.1'),
        rr('a.consul. 2147483647 IN CNAME b.consul.'),
        rr('1.0.0.10.in-addr.arpa. PTR n1.node.dc1.consul.'),
        rr('d.consul. DNAME e.consul.'),
        rr('d.consul. MX 10 .'),
        rr('my\\032node\\.x.b\\195\\188ro.consul. TXT "a=b" "" "quote \\" backslash \\\\ byte \\000\\255"'),
        {
          ...rr('x.consul. A 10.0.0.1'),
          type: 65_280,
          data: { kind: 'opaque', bytes: Uint8Array.of(10, 255) },
        },
        { ...rr('x.consul. A 10.0.0.1'), type: 65_280, data: { kind: 'opaque', bytes: new Uint8Array() } },
      ],
      authority: [
        rr('consul. 5 IN SOA ns.consul. hostmaster.consul. 4294967295 3600 600 86400 0'),
        rr('consul. NS ns.consul.'),
      ],
      additional: [rr('N1.node.dc1.consul. 0 IN A 10.0.0.1')],
      edns: {
        udpPayloadBytes: 1232,
        version: 0,
        dnssecOk: true,
        options: [
          encodeClientSubnet({ family: 6, address: '2001:db8::', sourcePrefix: 56, scopePrefix: 48 }),
          encodeExtendedError({ infoCode: 22, text: 'agent is gone' }),
          encodeExtendedError({ infoCode: 3, text: '' }),
        ],
      },
    });
    expect(parseDig(formatMessage(sent))).toEqual({ ...read, text: formatMessage(sent) });
    expect(read.text).not.toMatch(/warning|malformed|extra bytes/i);
  });

  test('an rcode above 15 included', async () => {
    const { read } = await digReads({
      rcode: 16,
      edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: false, options: [] },
    });
    expect(read.rcode).toBe('BADVERS');
  });
});
