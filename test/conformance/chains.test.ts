import { expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { formatRecord } from '../../src/wire/present.js';
import { askUdp, question } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { startFakeRecursor } from '../support/fake-recursor.js';
import { startTestServer } from '../support/server.js';

/** Host names that stand in the place of addresses, where following them leads somewhere else than to records (13). */

const EDE = 15;
const STALE_ANSWER = 3;

function lines(records: Message['answer']): string[] {
  return records.map((record) => formatRecord(record).replace(/\s+/g, ' '));
}

function reasonsOf({ edns }: Message): readonly number[] {
  return (edns?.options ?? []).filter(({ code }) => code === EDE).map(({ data }) => data[1] ?? 0);
}

async function startTwoDatacenters(): Promise<FakeConsul> {
  const consul = await startFakeConsul({
    services: { alias: [{ address: 'far.service.dc2.consul', port: 80 }], web: [{ address: '192.0.2.22', port: 80 }] },
  });
  consul.addDatacenter('dc2').setService('far', [{ address: '10.40.0.1', port: 80 }]);
  return consul;
}

const ALIAS = 'alias.service.consul. 300 IN CNAME far.service.dc2.consul.';
const TTL = new Map([['*', 300]]);

test('13.1: an alias whose target cannot be looked up is still an alias', async () => {
  await using consul = await startTwoDatacenters();
  consul.fail('dc=dc2', { kind: 'status', status: 500, body: 'rpc error getting client: failed to get conn' });
  await using server = await startTestServer(consul.url, { serviceTtlSeconds: TTL });
  const reply = await askUdp(server, question('alias.service.consul', 'A', { edns: true }));
  expect(reply).toMatchObject({ rcode: 0, authoritative: true });
  expect(lines(reply.answer)).toEqual([ALIAS]);
  expect(await askUdp(server, question('far.service.dc2.consul', 'A'))).toMatchObject({ rcode: 2 });
});

test('D20: what stands behind an alias may be the last that is known, and is told as such', async () => {
  await using consul = await startTwoDatacenters();
  await using server = await startTestServer(consul.url, { serviceTtlSeconds: TTL });
  const ask = (): Promise<Message> => askUdp(server, question('alias.service.consul', 'A', { edns: true }));
  const fresh = await ask();
  expect(lines(fresh.answer)).toEqual([ALIAS, 'far.service.dc2.consul. 300 IN A 10.40.0.1']);
  expect(reasonsOf(fresh)).toEqual([]);
  consul.fail('dc=dc2', { kind: 'status', status: 500, body: 'rpc error getting client: failed to get conn' });
  consul.datacenter('dc2').touch();
  const stale = await eventually(ask, (reply) => reasonsOf(reply).length > 0);
  expect(reasonsOf(stale)).toEqual([STALE_ANSWER]);
  expect(lines(stale.answer)).toEqual([ALIAS.replace('300', '30'), 'far.service.dc2.consul. 30 IN A 10.40.0.1']);
  expect(reasonsOf(await askUdp(server, question('web.service.consul', 'A', { edns: true })))).toEqual([]);
});

test('13.5: what a recursor says of a name in our zone is followed no further', async () => {
  await using recursor = await startFakeRecursor(['back.example.net. 900 IN CNAME web.service.consul.']);
  await using consul = await startFakeConsul({
    services: { web: [{ address: '192.0.2.22', port: 80 }], alias: [{ address: 'back.example.net', port: 80 }] },
  });
  await using server = await startTestServer(consul.url, { recursors: [{ host: recursor.host, port: recursor.port }] });
  const reply = await askUdp(server, question('alias.service.consul', 'A'));
  expect(lines(reply.answer)).toEqual([
    'alias.service.consul. 0 IN CNAME back.example.net.',
    'back.example.net. 900 IN CNAME web.service.consul.',
  ]);
});
