import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { decodeMessage, encodeMessage } from '../../src/wire/message.js';
import { EMPTY_WORLD, instance, node, queryFor, type World } from '../answer/world.js';
import { type Answering, type AnsweringOptions, FRIEND, startAnswering } from './answering.js';

function worldWith(count: number): World {
  const on = (number: number) => node(`n${number}`, `10.0.${number >> 8}.${number & 255}`);
  const instances = Array.from({ length: count }, (_, number) => instance('web', on(number), { port: 8000 + number }));
  return { ...EMPTY_WORLD, instances: [...instances, instance('db', on(1000))] };
}

function start(options: AnsweringOptions = {}): Answering {
  return startAnswering({ world: worldWith(3), ...options });
}

const EDNS = { udpPayloadBytes: 4096, version: 0, dnssecOk: false, options: [] };

function packetFor(name: string, type = 1, edns: Message['edns'] = undefined): Uint8Array {
  return encodeMessage(queryFor({ name, type, class: 1 }, edns));
}

/** A reply, which has to come at once. */
function ask({ compiling }: Answering, packet: Uint8Array): Message {
  const reply = compiling.respond(packet, FRIEND);
  if (!(reply instanceof Uint8Array)) throw new Error('Cannot go on: the reply did not come at once');
  return decodeMessage(reply);
}

/** Asks until the answer is compiled and complete. */
function warm(answering: Answering, packet: Uint8Array): void {
  for (let left = 100; left > 0; left -= 1) ask(answering, packet);
}

/** How often the catalog is read while somebody asks that often. */
function readsOf(answering: Answering, packet: Uint8Array, times = 1): number {
  const before = answering.catalog.reads;
  for (let left = times; left > 0; left -= 1) ask(answering, packet);
  return answering.catalog.reads - before;
}

const WEB = packetFor('web.service.consul.');
const DB = packetFor('db.service.consul.');

describe('an answer is compiled', () => {
  test('once its question is asked a second time', async () => {
    await using answering = start();
    expect([1, 2, 3, 4].map(() => readsOf(answering, DB))).toEqual([1, 1, 0, 0]);
  });

  test('whatever else is asked in between', async () => {
    await using answering = start();
    const packets = Array.from({ length: 1_000 }, (_, number) => packetFor(`n${number}.service.consul.`));
    for (let round = 0; round < 2; round += 1) for (const packet of packets) ask(answering, packet);
    const reads = answering.catalog.reads;
    for (const packet of packets) ask(answering, packet);
    expect(answering.catalog.reads).toBe(reads);
  });

  test('with as many variants as instances can come first, one at a time', async () => {
    await using answering = start();
    warm(answering, WEB);
    expect(answering.catalog.reads).toBe(1 + 3);
    expect(readsOf(answering, WEB, 1_000)).toBe(0);
  });

  test('for rarely asked names with another variant each time', async () => {
    await using answering = start();
    const reads = [];
    for (let time = 0; time < 6; time += 1) {
      reads.push(readsOf(answering, WEB));
      await answering.clock.advance(10);
    }
    expect(reads).toEqual([1, 1, 1, 1, 0, 0]);
  });

  test('of many instances with one variant after the other, for there is no room for all (C148)', async () => {
    await using answering = start({ world: worldWith(300) });
    const packet = packetFor('web.service.consul.', 33);
    const firsts = new Set<string>();
    const askTcp = (): void => {
      const reply = answering.compiling.respond(packet, { ...FRIEND, transport: 'tcp' });
      if (reply instanceof Uint8Array) firsts.add(JSON.stringify(decodeMessage(reply).answer[0]?.data));
    };
    for (let left = 10; left > 0; left -= 1) askTcp();
    // The first reply was not kept.
    expect(answering.catalog.reads).toBe(2);
    for (let round = 0; round < 300; round += 1) {
      await answering.clock.advance(50);
      for (let left = 10; left > 0; left -= 1) askTcp();
    }
    expect(answering.catalog.reads).toBe(302);
    expect(firsts.size).toBe(300);
  });

  test('when it is negative too, in one variant', async () => {
    await using answering = start();
    for (const packet of [packetFor('nope.service.consul.'), packetFor('web.service.consul.', 28)]) {
      expect([1, 2, 3, 4].map(() => readsOf(answering, packet))).toEqual([1, 1, 0, 0]);
    }
  });

  test('but not from stale rows, for they are to be read again', async () => {
    await using answering = start();
    answering.catalog.turnStale(true);
    expect(readsOf(answering, DB, 10)).toBe(10);
  });

  test('but not with records left out that have no wire form, for each is counted', async () => {
    const bad = instance('db', node('x'.repeat(64), '10.0.0.1'));
    await using answering = start({ world: { ...EMPTY_WORLD, instances: [bad] } });
    expect(readsOf(answering, packetFor('db.service.consul.', 33), 10)).toBe(10);
    expect((await answering.metrics.unencodableRecords.get()).values).toMatchObject([{ value: 10 }, { value: 10 }]);
  });
});

describe('a compiled answer is dropped', () => {
  test('when rows that it was made from change, and no other is', async () => {
    await using answering = start();
    warm(answering, WEB);
    warm(answering, DB);
    answering.catalog.change(worldWith(1));
    expect(readsOf(answering, DB)).toBe(0);
    expect(ask(answering, WEB).answer).toHaveLength(1);
    // Its question was not forgotten.
    expect(readsOf(answering, WEB)).toBe(0);
  });

  test('after 20 s, so that the catalog hears what is still asked for', async () => {
    await using answering = start();
    warm(answering, DB);
    await answering.clock.advance(19_000);
    expect(readsOf(answering, DB)).toBe(0);
    await answering.clock.advance(1_000);
    expect([1, 2].map(() => readsOf(answering, DB))).toEqual([1, 0]);
  });

  test('but not its variants, if the catalog has nothing new to say then', async () => {
    await using answering = start();
    warm(answering, WEB);
    for (let life = 0; life < 3; life += 1) {
      await answering.clock.advance(20_000);
      expect([1, 2, 3, 4, 5].map(() => readsOf(answering, WEB))).toEqual([1, 0, 0, 0, 0]);
    }
    const firsts = new Set(Array.from({ length: 3 }, () => JSON.stringify(ask(answering, WEB).answer[0]?.data)));
    expect(firsts.size).toBe(3);
  });

  test('and made anew then, if there was a change that nobody told of', async () => {
    await using answering = start();
    warm(answering, WEB);
    answering.catalog.world = worldWith(2);
    expect(ask(answering, WEB).answer).toHaveLength(3);
    await answering.clock.advance(20_000);
    for (let left = 5; left > 0; left -= 1) expect(ask(answering, WEB).answer).toHaveLength(2);
  });

  test('when the clock is set back', async () => {
    await using answering = start();
    warm(answering, DB);
    await answering.clock.advance(-3_600_000);
    expect(readsOf(answering, DB)).toBe(1);
  });

  test('when others need its place: the table is bounded', async () => {
    await using answering = start();
    warm(answering, DB);
    const fill = (count: number): void => {
      for (let number = 0; number < count; number += 1) {
        const packet = packetFor(`${'x'.repeat(60)}.n${number}.service.consul.`);
        ask(answering, packet);
        ask(answering, packet);
      }
    };
    fill(1_000);
    expect(readsOf(answering, DB)).toBe(0);
    fill(20_000);
    expect(readsOf(answering, DB)).toBe(1);
  });
});

test('a closed responder leaves the catalog alone', async () => {
  await using answering = start();
  expect(answering.catalog.listeners).toBe(2);
  answering.compiling.close();
  expect(answering.catalog.listeners).toBe(1);
});

test('hits are counted like all other questions', async () => {
  await using answering = start();
  for (let left = 50; left > 0; left -= 1) ask(answering, DB);
  const { queries, replies } = answering.metrics;
  expect((await queries.get()).values).toEqual([{ labels: { transport: 'udp', qtype: 'A' }, value: 50 }]);
  expect((await replies.get()).values).toEqual([{ labels: { rcode: 'NOERROR' }, value: 50 }]);
});

describe('over 10,000 questions each instance comes first equally often (C133)', () => {
  test.each([
    { count: 2, type: 1 },
    { count: 3, type: 1 },
    { count: 8, type: 1 },
    { count: 8, type: 33 },
    { count: 100, type: 33 },
  ])('$count instances, type $type', async ({ count, type }) => {
    await using answering = start({ world: worldWith(count) });
    const packet = packetFor('web.service.consul.', type, EDNS);
    const firsts = new Map<string, number>();
    for (let left = 10_000; left > 0; left -= 1) {
      const first = JSON.stringify(ask(answering, packet).answer[0]?.data);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    expect(firsts.size).toBe(count);
    for (const times of firsts.values()) expect(Math.abs(times - 10_000 / count)).toBeLessThanOrEqual(20);
  });

  test('and if the answers are limited to one, each is the one equally often (C136)', async () => {
    await using answering = start({ world: worldWith(5), policy: { aRecordLimit: 1 } });
    const firsts = new Map<string, number>();
    for (let left = 10_000; left > 0; left -= 1) {
      const { answer } = ask(answering, WEB);
      const only = JSON.stringify(answer.map(({ data }) => data));
      firsts.set(only, (firsts.get(only) ?? 0) + 1);
    }
    expect(firsts.size).toBe(5);
    for (const times of firsts.values()) expect(Math.abs(times - 2_000)).toBeLessThanOrEqual(20);
  });
});
