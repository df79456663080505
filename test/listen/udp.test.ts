import { describe, expect, test } from 'vitest';
import { listenUdp } from '../../src/listen/udp.js';
import type { Client, Respond } from '../../src/responder/respond.js';
import { decodeMessage } from '../../src/wire/message.js';
import { askUdp, question, UdpClient } from '../support/client.js';
import { TestClock } from '../support/test-clock.js';
import { echo, HeldQuestions, listening, metricValue, openSockets, quiet, until } from './listening.js';

describe('a UDP listener', () => {
  test('sends what respond gives, at once or later, to who asked', async () => {
    const seen: Client[] = [];
    const respond: Respond = (packet, client) => {
      seen.push(client);
      return seen.length === 1 ? echo(packet, client) : Promise.resolve(echo(packet, client));
    };
    await using udp = await listenUdp(await listening(), respond);
    for (const query of [question('web.service.consul', 'A'), question('db.service.consul', 'SRV')]) {
      expect(await askUdp(udp.address, query)).toMatchObject({ id: query.id, questions: query.questions });
    }
    expect(seen).toEqual([
      { address: '127.0.0.1', port: expect.any(Number), transport: 'udp' },
      { address: '127.0.0.1', port: expect.any(Number), transport: 'udp' },
    ]);
  });

  test('sends each reply whole that stands where the one before stood', async () => {
    const respond: Respond = (packet, _client, memory) => {
      if (memory === undefined) throw new Error('Cannot answer: there is no memory');
      const reply = memory.bytes(packet.length);
      reply.set(packet);
      reply[2] = 0x80;
      return reply;
    };
    await using udp = await listenUdp(await listening(), respond);
    await using client = await UdpClient.open(udp.address);
    const queries = Array.from({ length: 50 }, (_, number) => question(`${'x'.repeat(number + 1)}.consul`, 'A'));
    for (const query of queries) client.send(query);
    for (const query of queries) {
      expect(decodeMessage(await client.next())).toMatchObject({ id: query.id, questions: query.questions });
    }
  });

  test('answers over IPv6', async () => {
    await using udp = await listenUdp(await listening({ host: '::1' }), echo);
    expect(udp.address).toEqual({ transport: 'udp', host: '::1', port: expect.any(Number) });
    expect(await askUdp(udp.address, question('web.service.consul', 'AAAA'))).toMatchObject({ isResponse: true });
  });

  test('binds the wildcards of both families to one port', async () => {
    await using v4 = await listenUdp(await listening({ host: '0.0.0.0' }), echo);
    const { port } = v4.address;
    await using v6 = await listenUdp(await listening({ host: '::', port }), echo);
    expect(v6.address.port).toBe(port);
    for (const host of ['127.0.0.1', '::1']) {
      expect(await askUdp({ host, port }, question('web.service.consul', 'A'))).toMatchObject({ isResponse: true });
    }
  });

  test('sends nothing where respond gives nothing, and goes on (C001, C002)', async () => {
    const respond: Respond = (packet, client) => {
      if (packet.length === 0) return Promise.resolve(undefined);
      return packet.length < 12 ? undefined : echo(packet, client);
    };
    await using udp = await listenUdp(await listening(), respond);
    await using client = await UdpClient.open(udp.address);
    client.send(new Uint8Array(0));
    client.send(new Uint8Array(11));
    const query = question('web.service.consul', 'A');
    client.send(query);
    expect(decodeMessage(await client.next())).toMatchObject({ id: query.id });
    await quiet();
    expect(client.waiting).toBe(0);
  });

  test('survives a flood of garbage', async () => {
    let received = 0;
    const respond: Respond = (packet, client) => {
      received += 1;
      return packet.length === 100 ? undefined : echo(packet, client);
    };
    await using udp = await listenUdp(await listening(), respond);
    await using client = await UdpClient.open(udp.address);
    for (let round = 1; round <= 20; round += 1) {
      for (let count = 0; count < 100; count += 1) client.send(Buffer.alloc(100, count));
      await until(() => received === round * 100);
    }
    expect(await askUdp(udp.address, question('web.service.consul', 'A'))).toMatchObject({ isResponse: true });
  });

  test('leaves the question unanswered when respond fails, and answers the next one', async () => {
    const failures = [
      () => {
        throw new Error('at once');
      },
      () => Promise.reject(new Error('later')),
    ];
    const options = await listening();
    await using udp = await listenUdp(options, (packet, client) => failures.shift()?.() ?? echo(packet, client));
    await using client = await UdpClient.open(udp.address);
    for (let count = 0; count < 3; count += 1) client.send(question('web.service.consul', 'A', { id: count }));
    expect(decodeMessage(await client.next())).toMatchObject({ id: 2 });
    expect(await metricValue(options.metrics.failures, 'respond')).toBe(2);
    expect(options.lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'question not answered', client: { transport: 'udp' }, error: { message: 'at once' } },
      { msg: 'question not answered', client: { transport: 'udp' }, error: { message: 'later' } },
    ]);
  });

  test('drops and counts questions above the number that may be in flight', async () => {
    const held = new HeldQuestions();
    const options = await listening({ limits: { udpInFlight: 2 } });
    await using udp = await listenUdp(options, held.respond);
    await using client = await UdpClient.open(udp.address);
    for (const id of [1, 2, 3, 4]) client.send(question('web.service.consul', 'A', { id }));
    await until(async () => (await metricValue(options.metrics.droppedPackets, 'overload')) === 2);
    expect(held.count).toBe(2);

    await held.release();
    expect(decodeMessage(await client.next())).toMatchObject({ id: 1 });
    client.send(question('web.service.consul', 'A', { id: 5 }));
    await until(() => held.count === 2);
    await held.release();
    await held.release();
    expect([await client.next(), await client.next()].map((reply) => decodeMessage(reply).id)).toEqual([2, 5]);
  });

  test('counts a reply that the kernel does not take, for all of its sample', async () => {
    const options = await listening();
    await using udp = await listenUdp(options, () => new Uint8Array(65_530));
    await using client = await UdpClient.open(udp.address);
    client.send(question('web.service.consul', 'A'));
    await until(async () => (await metricValue(options.metrics.droppedPackets, 'unsent')) === 64);
  });
});

describe('closing a UDP listener', () => {
  test('takes no more questions, and waits for replies under way', async () => {
    const held = new HeldQuestions();
    const udp = await listenUdp(await listening(), held.respond);
    await using client = await UdpClient.open(udp.address);
    client.send(question('web.service.consul', 'A', { id: 1 }));
    await until(() => held.count === 1);

    const closed = udp.close();
    client.send(question('web.service.consul', 'A', { id: 2 }));
    await quiet();
    expect(held.asked).toBe(1);
    await held.release();
    expect(decodeMessage(await client.next())).toMatchObject({ id: 1 });
    await closed;
  });

  test('waits no longer than the limit, and a reply that comes later is dropped', async () => {
    const clock = new TestClock();
    const held = new HeldQuestions();
    const options = await listening({ clock, limits: { drainMs: 2_000 } });
    const udp = await listenUdp(options, held.respond);
    await using client = await UdpClient.open(udp.address);
    client.send(question('web.service.consul', 'A'));
    await until(() => held.count === 1);

    let isClosed = false;
    const closed = udp.close().then(() => {
      isClosed = true;
    });
    await clock.advance(1_999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closed;
    await held.release();
    await quiet();
    expect(options.lines).toEqual([]);
  });

  test('leaves no socket and no timer, closed once or twice', async () => {
    await until(() => openSockets().length === 0);
    const clock = new TestClock();
    const udp = await listenUdp(await listening({ clock }), echo);
    expect(openSockets()).toHaveLength(1);
    await Promise.all([udp.close(), udp.close()]);
    await udp.close();
    await until(() => openSockets().length === 0);
    expect(clock.sleeping).toBe(0);
  });
});
