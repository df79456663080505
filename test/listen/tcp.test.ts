import { describe, expect, test } from 'vitest';
import { listenTcp } from '../../src/listen/tcp.js';
import type { Respond } from '../../src/responder/respond.js';
import { decodeMessage } from '../../src/wire/message.js';
import { askTcp, askTcpAll, framed, question, TcpClient } from '../support/client.js';
import { echo, HeldQuestions, listening, metricValue, quiet, until } from './listening.js';

async function nextId(client: TcpClient): Promise<number> {
  return decodeMessage(await client.next()).id;
}

describe('a TCP listener', () => {
  test('sends what respond gives, at once or later, and says who asks', async () => {
    const seen: unknown[] = [];
    const respond: Respond = (packet, client) => {
      seen.push(client);
      return seen.length === 1 ? echo(packet, client) : Promise.resolve(echo(packet, client));
    };
    await using tcp = await listenTcp(await listening(), respond);
    for (const query of [question('web.service.consul', 'A'), question('db.service.consul', 'SRV')]) {
      expect(await askTcp(tcp.address, query)).toMatchObject({ id: query.id, questions: query.questions });
    }
    expect(seen).toMatchObject([
      { address: '127.0.0.1', transport: 'tcp' },
      { address: '127.0.0.1', transport: 'tcp' },
    ]);
  });

  test('answers over IPv6', async () => {
    await using tcp = await listenTcp(await listening({ host: '::1' }), echo);
    expect(tcp.address).toEqual({ transport: 'tcp', host: '::1', port: expect.any(Number) });
    expect(await askTcp(tcp.address, question('web.service.consul', 'AAAA'))).toMatchObject({ isResponse: true });
  });

  test('binds the wildcards of both families to one port', async () => {
    await using v4 = await listenTcp(await listening({ host: '0.0.0.0' }), echo);
    const { port } = v4.address;
    await using v6 = await listenTcp(await listening({ host: '::', port }), echo);
    expect(v6.address.port).toBe(port);
    for (const host of ['127.0.0.1', '::1']) {
      expect(await askTcp({ host, port }, question('web.service.consul', 'A'))).toMatchObject({ isResponse: true });
    }
  });

  test.each([
    { when: 'at once', respond: echo },
    { when: 'later', respond: (async (packet, client) => echo(packet, client)) satisfies Respond },
  ])('answers 1000 questions of one connection, each $when, in order (C019, D21)', async ({ respond }) => {
    await using tcp = await listenTcp(await listening(), respond);
    const queries = Array.from({ length: 1_000 }, (_, id) => question('web.service.consul', 'A', { id }));
    const replies = await askTcpAll(tcp.address, queries);
    expect(replies.map(({ id }) => id)).toEqual(queries.map(({ id }) => id));
  });

  test('answers a later question first when its reply is known first (D21)', async () => {
    const held = new HeldQuestions();
    await using tcp = await listenTcp(await listening(), held.respond);
    await using client = await TcpClient.open(tcp.address);
    for (const id of [1, 2, 3]) client.send(question('web.service.consul', 'A', { id }));
    await until(() => held.count === 3);
    await held.release(2);
    await held.release(0);
    await held.release(0);
    expect([await nextId(client), await nextId(client), await nextId(client)]).toEqual([3, 1, 2]);
  });

  test('sends nothing for a frame that respond gives nothing for, and keeps the connection (C021)', async () => {
    const respond: Respond = (packet, client) => {
      if (packet.length === 5) return Promise.resolve(undefined);
      return packet.length < 12 ? undefined : echo(packet, client);
    };
    await using tcp = await listenTcp(await listening(), respond);
    await using client = await TcpClient.open(tcp.address);
    client.write(Buffer.from('0000 0003 010203 0005 0102030405 0000'.replaceAll(' ', ''), 'hex'));
    client.send(question('web.service.consul', 'A', { id: 7 }));
    expect(await nextId(client)).toBe(7);
    await quiet();
    expect(client.waiting).toBe(0);
  });

  test('puts together a question that comes byte by byte', async () => {
    await using tcp = await listenTcp(await listening(), echo);
    await using client = await TcpClient.open(tcp.address);
    for (const byte of framed(question('web.service.consul', 'A', { id: 7 }))) {
      client.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await nextId(client)).toBe(7);
  });

  test('survives a flood of garbage on one connection', async () => {
    let frames = 0;
    await using tcp = await listenTcp(await listening(), (packet, client) => {
      frames += 1;
      return packet[0] === 0xfe ? undefined : echo(packet, client);
    });
    await using client = await TcpClient.open(tcp.address);
    // Read as a length this is 65,278: frames of that size, and the beginning of one that never ends.
    client.write(Buffer.alloc(3_000_000, 0xfe));
    await until(() => frames === Math.floor(3_000_000 / 65_280));
    expect(await askTcp(tcp.address, question('web.service.consul', 'A'))).toMatchObject({ isResponse: true });
  });

  test('leaves a question unanswered when respond fails, and answers the next one', async () => {
    const failures = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
      () => new Uint8Array(65_536),
    ];
    const options = await listening();
    await using tcp = await listenTcp(options, (packet, client) => failures.shift()?.() ?? echo(packet, client));
    await using client = await TcpClient.open(tcp.address);
    for (const id of [1, 2, 3, 4]) client.send(question('web.service.consul', 'A', { id }));
    expect(await nextId(client)).toBe(4);
    expect(await metricValue(options.metrics.failures, 'respond')).toBe(3);
    expect(options.lines).toHaveLength(3);
  });

  test('answers a client that has shut down its sending side, then closes', async () => {
    const held = new HeldQuestions();
    await using tcp = await listenTcp(await listening(), held.respond);
    await using client = await TcpClient.open(tcp.address);
    client.write(
      Buffer.concat([
        framed(question('web.service.consul', 'A', { id: 1 })),
        framed(question('web.service.consul', 'A', { id: 2 })),
        // The beginning of a question that never ends is no reason to wait.
        Buffer.from([0]),
      ]),
    );
    client.end();
    await until(() => held.count === 2);
    await held.release();
    expect(await nextId(client)).toBe(1);
    await held.release();
    expect(await nextId(client)).toBe(2);
    await client.closed;
  });

  test('closes at once when a client shuts down its sending side with nothing to answer', async () => {
    await using tcp = await listenTcp(await listening(), echo);
    await using client = await TcpClient.open(tcp.address);
    client.end();
    await client.closed;
  });

  test('survives a client that goes away before its answer is known', async () => {
    const held = new HeldQuestions();
    const options = await listening();
    await using tcp = await listenTcp(options, held.respond);
    const client = await TcpClient.open(tcp.address);
    client.send(question('web.service.consul', 'A'));
    await until(() => held.count === 1);
    client.reset();
    await until(async () => (await metricValue(options.metrics.tcpConnections)) === 0);
    await held.release();
    await quiet();
    expect(options.lines).toEqual([]);
  });
});

describe('back-pressure', () => {
  test('reads no further while as many questions as allowed are being answered', async () => {
    const held = new HeldQuestions();
    await using tcp = await listenTcp(await listening({ limits: { tcpInFlight: 4 } }), held.respond);
    await using client = await TcpClient.open(tcp.address);
    const ids = Array.from({ length: 10 }, (_, id) => id);
    client.write(Buffer.concat(ids.map((id) => framed(question('web.service.consul', 'A', { id })))));
    await until(() => held.count === 4);
    await quiet();
    expect(held.asked).toBe(4);
    await held.release();
    await until(() => held.asked === 5);
    while (held.count > 0) await held.release().then(quiet);
    const replies: number[] = [];
    while (replies.length < ids.length) replies.push(await nextId(client));
    expect(replies).toEqual(ids);
  });

  test('answers no further while the client does not take its replies, and goes on when it does', async () => {
    let asked = 0;
    const respond: Respond = (packet) => {
      asked += 1;
      const reply = Buffer.alloc(60_000);
      reply.set(packet.subarray(0, 2));
      return reply;
    };
    await using tcp = await listenTcp(await listening({ limits: { tcpBacklogBytes: 100_000 } }), respond);
    await using client = await TcpClient.open(tcp.address);
    client.pause();
    // 60 MB of replies are more than the kernel buffers for the two sockets.
    const ids = Array.from({ length: 1_000 }, (_, id) => id);
    client.write(Buffer.concat(ids.map((id) => framed(question('web.service.consul', 'A', { id })))));
    client.end();
    let before = -1;
    while (asked !== before) {
      before = asked;
      await quiet();
    }
    expect(asked).toBeLessThan(900);

    client.resume();
    const replies: number[] = [];
    while (replies.length < ids.length) replies.push(Buffer.from(await client.next()).readUInt16BE());
    expect(replies).toEqual(ids);
    await client.closed;
  });
});
