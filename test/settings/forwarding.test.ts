import { afterAll, beforeAll } from 'vitest';
import { question, UdpClient } from '../support/client.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { type FakeRecursor, replyTo, silent, startFakeRecursor } from '../support/fake-recursor.js';
import { rr } from '../support/records.js';
import type { TestServer } from '../support/server.js';
import { answers, ask } from './seen.js';
import { testSettings } from './setting-case.js';

/** What becomes of names outside our zones (dns-behaviour sections 13, 14 and 17). */

const REFUSED = 5;
const SERVFAIL = 2;

let consul: FakeConsul;
let first: FakeRecursor;
let second: FakeRecursor;
let mute: FakeRecursor;
let names = 0;

beforeAll(async () => {
  const knowsAll = (address: string) =>
    startFakeRecursor((query) => {
      const name = query.message.questions[0]?.name ?? '.';
      return [replyTo(query, { answer: [rr(`${name} 300 IN A ${address}`)] })];
    });
  consul = await startFakeConsul({ services: { api: [{ address: 'www.example.net', port: 443 }] } });
  first = await knowsAll('198.51.100.1');
  second = await knowsAll('198.51.100.2');
  mute = await startFakeRecursor(silent);
});
afterAll(async () => {
  await Promise.all([consul.close(), first.close(), second.close(), mute.close()]);
});

/** One that nobody asked for before, so that no cache knows it. */
function newName(): string {
  names += 1;
  return `host-${names}.example.net`;
}

function askOutside(server: TestServer) {
  return ask(server, newName(), 'A', { rd: true });
}

async function whoAnswers(server: TestServer, count: number): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let asked = 0; asked < count; asked += 1) {
    for (const { data } of (await askOutside(server)).answer) if (data.kind === 'A') found.add(data.address);
  }
  return [...found].sort();
}

testSettings(
  [
    {
      key: 'recursors',
      rows: '14.1, C013, C159: asked in their order',
      sides: [
        {
          json: () => ({ recursors: [first.address, second.address] }),
          says: 'two',
          sees: { outside: 0, available: true, from: ['198.51.100.1'], chain: 2 },
        },
        { json: {}, sees: { outside: REFUSED, available: false, from: [], chain: 1 } },
      ],
      ask: async (server) => ({
        outside: (await askOutside(server)).rcode,
        available: (await ask(server, 'api.service.consul')).recursionAvailable,
        from: await whoAnswers(server, 1),
        chain: (await answers(server, 'api.service.consul')).length,
      }),
    },
    {
      key: 'dns_config.recursor_strategy',
      rows: '14.3, C170',
      sides: [
        {
          json: () => ({ recursors: [first.address, second.address], dns_config: { recursor_strategy: 'sequential' } }),
          says: 'sequential',
          sees: ['198.51.100.1'],
        },
        {
          json: () => ({ recursors: [first.address, second.address], dns_config: { recursor_strategy: 'random' } }),
          says: 'random',
          sees: ['198.51.100.1', '198.51.100.2'],
        },
      ],
      // That chance leaves one out happens once in 2^39 runs.
      ask: (server) => whoAnswers(server, 40),
    },
    {
      key: 'dns_config.recursor_timeout',
      rows: '14.4, C168',
      sides: [
        {
          json: () => ({ recursors: [mute.address], dns_config: { recursor_timeout: '50ms' } }),
          says: '50ms',
          sees: SERVFAIL,
        },
        {
          json: () => ({ recursors: [mute.address], dns_config: { recursor_timeout: '1m' } }),
          says: '1m',
          sees: 'nothing yet',
        },
      ],
      ask: async (server) => {
        await using client = await UdpClient.open(server);
        client.send(question(newName(), 'A', { rd: true }));
        const reply = await client.next({ withinMs: 500 }).catch(() => undefined);
        return reply === undefined ? 'nothing yet' : (reply[3] ?? 0) & 15;
      },
    },
    {
      key: 'consul_dnsd.allow_recursion',
      rows: '14.1, D12',
      sides: [
        {
          json: () => ({ recursors: [first.address], consul_dnsd: { allow_recursion: ['127.0.0.0/8'] } }),
          says: 'our network',
          sees: { outside: 0, available: true, inside: 2 },
        },
        {
          json: () => ({ recursors: [first.address], consul_dnsd: { allow_recursion: ['192.0.2.0/24'] } }),
          says: 'another network',
          // Host names of services are followed for everybody: those are the catalog's own.
          sees: { outside: REFUSED, available: false, inside: 2 },
        },
      ],
      ask: async (server) => {
        const { rcode, recursionAvailable } = await askOutside(server);
        return {
          outside: rcode,
          available: recursionAvailable,
          inside: (await answers(server, 'api.service.consul')).length,
        };
      },
    },
  ],
  () => consul.url,
);
