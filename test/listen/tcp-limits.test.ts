import { describe, expect, test } from 'vitest';
import { listenTcp } from '../../src/listen/tcp.js';
import { decodeMessage } from '../../src/wire/message.js';
import { framed, question, TcpClient } from '../support/client.js';
import { TestClock } from '../support/test-clock.js';
import { echo, HeldQuestions, listening, metricValue, openSockets, quiet, until } from './listening.js';

const QUERY = question('web.service.consul', 'A');

async function isOpen(client: TcpClient): Promise<boolean> {
  let open = true;
  void client.closed.then(() => {
    open = false;
  });
  await quiet();
  return open;
}

describe('limits on time (D21)', () => {
  async function start(held?: HeldQuestions) {
    const clock = new TestClock();
    const options = await listening({ clock, limits: { tcpIdleMs: 10_000, tcpFrameMs: 2_000 } });
    const tcp = await listenTcp(options, held?.respond ?? echo);
    const client = await TcpClient.open(tcp.address);
    await until(async () => (await metricValue(options.metrics.tcpConnections)) === 1);
    const cut = (reason: string) => metricValue(options.metrics.tcpConnectionsCut, reason);
    return {
      clock,
      client,
      cut,
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        await tcp.close();
      },
    };
  }

  test('a connection without a first question is closed after the idle time', async () => {
    await using started = await start();
    await started.clock.advance(9_900);
    expect(await isOpen(started.client)).toBe(true);
    await started.clock.advance(600);
    await started.client.closed;
    expect(await started.cut('idle')).toBe(1);
  });

  test('each question starts the idle time anew', async () => {
    await using started = await start();
    for (let round = 0; round < 3; round += 1) {
      await started.clock.advance(9_000);
      started.client.send(QUERY);
      await started.client.next();
    }
    await started.clock.advance(9_000);
    expect(await isOpen(started.client)).toBe(true);
    await started.clock.advance(1_500);
    await started.client.closed;
  });

  test('a connection whose question is being answered is not idle', async () => {
    const held = new HeldQuestions();
    await using started = await start(held);
    started.client.send(QUERY);
    await until(() => held.count === 1);
    await started.clock.advance(60_000);
    await held.release();
    expect(decodeMessage(await started.client.next())).toMatchObject({ id: QUERY.id });
    await started.clock.advance(9_000);
    expect(await isOpen(started.client)).toBe(true);
  });

  test('a question has to be complete in time, however steadily its bytes come', async () => {
    await using started = await start();
    const [first, second, ...rest] = framed(QUERY);
    for (const byte of [first, second, ...rest.slice(0, 2)]) {
      started.client.write(Uint8Array.of(byte ?? 0));
      await quiet();
      await started.clock.advance(400);
    }
    expect(await isOpen(started.client)).toBe(true);
    await started.clock.advance(1_000);
    await started.client.closed;
    expect(await started.cut('incomplete')).toBe(1);
  });

  test('the time for a question starts with its own first byte', async () => {
    await using started = await start();
    const bytes = framed(QUERY);
    started.client.write(bytes.subarray(0, 5));
    for (let round = 0; round < 4; round += 1) {
      await quiet();
      await started.clock.advance(1_400);
      // The end of this question and the beginning of the next come together.
      started.client.write(Buffer.concat([bytes.subarray(5), bytes.subarray(0, 5)]));
      await started.client.next();
    }
    expect(await isOpen(started.client)).toBe(true);
  });

  test('a client that does not take its replies is cut off after the idle time', async () => {
    const clock = new TestClock();
    const options = await listening({ clock, limits: { tcpIdleMs: 10_000, tcpBacklogBytes: 100_000 } });
    await using tcp = await listenTcp(options, () => new Uint8Array(60_000));
    await using client = await TcpClient.open(tcp.address);
    client.pause();
    client.write(Buffer.concat(Array.from({ length: 1_000 }, () => framed(QUERY))));
    await quiet();
    await clock.advance(9_000);
    expect(await isOpen(client)).toBe(true);
    await clock.advance(2_000);
    expect(await metricValue(options.metrics.tcpConnectionsCut, 'slow-reader')).toBe(1);
    await until(async () => (await metricValue(options.metrics.tcpConnections)) === 0);
  });
});

describe('limits on connections (D21)', () => {
  async function openAndAsk(address: Parameters<typeof TcpClient.open>[0]): Promise<TcpClient> {
    const client = await TcpClient.open(address);
    client.send(QUERY);
    await client.next();
    return client;
  }

  test('at the limit the connection that has been idle longest gives way', async () => {
    const clock = new TestClock();
    const options = await listening({ clock, limits: { tcpConnections: 3 } });
    await using tcp = await listenTcp(options, echo);
    await using first = await openAndAsk(tcp.address);
    await clock.advance(100);
    await using second = await openAndAsk(tcp.address);
    await clock.advance(100);
    await using third = await openAndAsk(tcp.address);
    await clock.advance(100);
    first.send(QUERY);
    await first.next();

    await using fourth = await openAndAsk(tcp.address);
    await second.closed;
    expect(await Promise.all([first, third, fourth].map(isOpen))).toEqual([true, true, true]);
    expect(await metricValue(options.metrics.tcpConnectionsCut, 'gave-way')).toBe(1);
    expect(await metricValue(options.metrics.tcpConnections)).toBe(3);
  });

  test('two that come at the same time take the places of two', async () => {
    const options = await listening({ limits: { tcpConnections: 2 } });
    await using tcp = await listenTcp(options, echo);
    await using first = await openAndAsk(tcp.address);
    await using second = await openAndAsk(tcp.address);
    const [third, fourth] = await Promise.all([TcpClient.open(tcp.address), TcpClient.open(tcp.address)]);
    await Promise.all([first.closed, second.closed]);
    expect(await Promise.all([third, fourth].map(isOpen))).toEqual([true, true]);
    expect(await metricValue(options.metrics.tcpConnections)).toBe(2);
    await Promise.all([third, fourth].map((client) => client[Symbol.asyncDispose]()));
  });

  test('a new connection is closed when all others are busy', async () => {
    const held = new HeldQuestions();
    const options = await listening({ limits: { tcpConnections: 2 } });
    await using tcp = await listenTcp(options, held.respond);
    await using answering = await TcpClient.open(tcp.address);
    answering.send(QUERY);
    await using asking = await TcpClient.open(tcp.address);
    asking.write(framed(QUERY).subarray(0, 5));
    await until(() => held.count === 1);
    await quiet();

    await using refused = await TcpClient.open(tcp.address);
    await refused.closed;
    expect(await metricValue(options.metrics.tcpConnectionsCut, 'limit')).toBe(1);
    asking.write(framed(QUERY).subarray(5));
    await until(() => held.count === 2);
    await held.release();
    await held.release();
    await Promise.all([answering.next(), asking.next()]);
  });

  test('one client address has a share only, others are still served', async () => {
    const options = await listening({ host: '0.0.0.0', limits: { tcpConnections: 10, tcpConnectionsPerClient: 2 } });
    await using tcp = await listenTcp(options, echo);
    const here = { host: '127.0.0.1', port: tcp.address.port };
    const first = await openAndAsk(here);
    await using second = await openAndAsk(here);
    await using refused = await TcpClient.open(here);
    await refused.closed;
    expect(await metricValue(options.metrics.tcpConnectionsCut, 'client-limit')).toBe(1);

    await using other = await openAndAsk({ ...here, localAddress: '127.0.0.2' });
    expect(await Promise.all([first, second, other].map(isOpen))).toEqual([true, true, true]);

    await first[Symbol.asyncDispose]();
    await until(async () => (await metricValue(options.metrics.tcpConnections)) === 2);
    await using again = await openAndAsk(here);
    expect(await isOpen(again)).toBe(true);
  });
});

describe('closing a TCP listener', () => {
  test('takes no more questions, finishes replies under way, then closes the connection', async () => {
    const held = new HeldQuestions();
    const tcp = await listenTcp(await listening(), held.respond);
    await using client = await TcpClient.open(tcp.address);
    client.send(question('web.service.consul', 'A', { id: 1 }));
    await until(() => held.count === 1);

    const closed = tcp.close();
    client.send(question('web.service.consul', 'A', { id: 2 }));
    await expect(TcpClient.open(tcp.address)).rejects.toThrow('ECONNREFUSED');
    await quiet();
    expect(held.asked).toBe(1);
    await held.release();
    expect(decodeMessage(await client.next())).toMatchObject({ id: 1 });
    await client.closed;
    await closed;
  });

  test('a client that has sent more than was read still gets its reply and an orderly end', async () => {
    const held = new HeldQuestions();
    const tcp = await listenTcp(await listening({ limits: { tcpInFlight: 1 } }), held.respond);
    await using client = await TcpClient.open(tcp.address);
    client.write(Buffer.concat(Array.from({ length: 10_000 }, () => framed(QUERY))));
    await until(() => held.count === 1);
    await quiet();

    const closed = tcp.close();
    await quiet();
    await held.release();
    expect(decodeMessage(await client.next())).toMatchObject({ id: QUERY.id });
    await expect(client.next()).rejects.toThrow('Cannot read reply: connection closed');
    await closed;
    expect(held.asked).toBe(1);
  });

  test('waits for no client that has nothing under way', async () => {
    const clock = new TestClock();
    const tcp = await listenTcp(await listening({ clock }), echo);
    await using client = await TcpClient.open(tcp.address);
    client.send(QUERY);
    await client.next();
    // The clock stands still: a wait would never end.
    await tcp.close();
    await client.closed;
  });

  test('waits no longer than the limit, and a reply that comes later is dropped', async () => {
    const clock = new TestClock();
    const held = new HeldQuestions();
    const options = await listening({ clock, limits: { drainMs: 2_000 } });
    const tcp = await listenTcp(options, held.respond);
    await using client = await TcpClient.open(tcp.address);
    client.send(QUERY);
    await until(() => held.count === 1);

    const closed = tcp.close();
    await clock.advance(1_999);
    expect(await isOpen(client)).toBe(true);
    await clock.advance(1);
    await closed;
    await client.closed;
    await held.release();
    await quiet();
    expect(options.lines).toEqual([]);
  });

  test('leaves no socket and no timer, closed once or twice', async () => {
    await until(() => openSockets().length === 0);
    const clock = new TestClock();
    const tcp = await listenTcp(await listening({ clock }), echo);
    const clients = await Promise.all([TcpClient.open(tcp.address), TcpClient.open(tcp.address)]);
    await until(() => clock.sleeping === 1);
    await Promise.all([tcp.close(), tcp.close()]);
    await tcp.close();
    for (const client of clients) await client.closed;
    await until(() => openSockets().length === 0);
    expect(clock.sleeping).toBe(0);
  });
});
