import { expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { askTcp, askUdp, question } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { startFakeConsul } from '../support/fake-consul.js';
import { startTestServer, type TestServer, testConfig } from '../support/server.js';

const ask = (server: TestServer): Promise<Message> => askUdp(server, question('web.service.consul', 'A'));

/** Asks so often that the answer is certainly given without asking the catalog. */
async function askManyTimes(server: TestServer): Promise<readonly Message[]> {
  const replies: Message[] = [];
  for (let left = 20; left > 0; left -= 1) replies.push(await ask(server));
  return replies;
}

function addressesIn({ answer }: Message): string[] {
  return answer.map(({ data }) => (data.kind === 'A' ? data.address : data.kind)).sort();
}

test('a change shows in answers that were given many times, and the old ones never come back', async () => {
  await using consul = await startFakeConsul({ services: { web: [{ id: 'one', address: '10.20.0.1' }] } });
  await using server = await startTestServer(consul.url);
  for (const reply of await askManyTimes(server)) expect(addressesIn(reply)).toEqual(['10.20.0.1']);

  consul.setService('web', [
    { id: 'one', address: '10.20.0.9' },
    { id: 'two', address: '10.20.0.2' },
  ]);
  await eventually(
    () => ask(server),
    (reply) => addressesIn(reply).includes('10.20.0.9'),
  );
  for (const reply of await askManyTimes(server)) expect(addressesIn(reply)).toEqual(['10.20.0.2', '10.20.0.9']);
  expect(addressesIn(await askTcp(server, question('web.service.consul', 'A')))).toEqual(['10.20.0.2', '10.20.0.9']);
});

test('new settings show at once in answers that were given many times', async () => {
  await using consul = await startFakeConsul({ services: { web: [{ address: '10.20.0.1' }] } });
  await using server = await startTestServer(consul.url);
  await askManyTimes(server);
  const serviceTtlSeconds = new Map([['web', 9]]);
  await server.reload(testConfig({ httpAddr: [consul.url], serviceTtlSeconds }));
  for (const { answer } of await askManyTimes(server)) expect(answer.map(({ ttlSeconds }) => ttlSeconds)).toEqual([9]);
});
