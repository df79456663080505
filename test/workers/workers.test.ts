import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Message } from '../../src/wire/message.js';
import { askUdp, question, TcpClient, UdpClient } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { type FakeConsul, startFakeConsul } from '../support/fake-consul.js';
import { freePort } from '../support/free-port.js';
import { RunningCli } from '../support/running-cli.js';
import { startTestServer } from '../support/server.js';
import { WorkerGroup } from './worker-group.js';

const WEB = { port: 80, address: '10.1.0.1' };

const askWeb = (): Message => question('web.service.consul', 'A', { edns: true });

function addressesIn({ answer }: Message): readonly string[] {
  return answer.flatMap(({ data }) => (data.kind === 'A' ? [data.address] : [])).sort();
}

let consul: FakeConsul;
beforeEach(async () => {
  consul = await startFakeConsul({ services: { web: [WEB] } });
});
afterEach(() => consul[Symbol.asyncDispose]());

/** Resolves when every worker answers with these addresses. */
async function untilEachHas(group: WorkerGroup, addresses: readonly string[]): Promise<void> {
  const replies = await eventually(
    () => group.askEach(askWeb),
    (all) => all.every((reply) => String(addressesIn(reply)) === String(addresses)),
  );
  expect(replies.map(addressesIn)).toEqual(group.pids.map(() => addresses));
}

describe('each worker', () => {
  test.each(['udp', 'tcp'] as const)('answers over %s', async (transport) => {
    await using group = await WorkerGroup.start(consul.url, 3);
    const replies = await group.askEach(askWeb, transport);
    expect(replies.map(addressesIn)).toEqual([['10.1.0.1'], ['10.1.0.1'], ['10.1.0.1']]);
  });

  test('shows a change of the catalog', async () => {
    await using group = await WorkerGroup.start(consul.url, 2);
    await untilEachHas(group, ['10.1.0.1']);
    consul.setService('web', [WEB, { port: 80, id: 'web-2', address: '10.1.0.2' }]);
    await untilEachHas(group, ['10.1.0.1', '10.1.0.2']);
  });

  test('goes on with stale rows while Consul is away, and with fresh ones when it is back (D20)', async () => {
    await using group = await WorkerGroup.start(consul.url, 2);
    await untilEachHas(group, ['10.1.0.1']);
    await consul.goAway();
    const hasStale = (reply: Message): boolean => reply.edns?.options.some(({ code }) => code === 15) === true;
    const replies = await eventually(
      () => group.askEach(askWeb),
      (all) => all.every(hasStale),
    );
    expect(replies.map(addressesIn)).toEqual([['10.1.0.1'], ['10.1.0.1']]);

    consul.setService('web', [{ port: 80, address: '10.1.0.3' }]);
    await consul.comeBack();
    await untilEachHas(group, ['10.1.0.3']);
    expect((await group.askEach(askWeb)).some(hasStale)).toBe(false);
  });

  test('says that Consul cannot be asked when it knows nothing', async () => {
    await using group = await WorkerGroup.start(`127.0.0.1:${await freePort()}`, 2);
    const replies = await group.askEach(askWeb);
    expect(replies.map(({ rcode }) => rcode)).toEqual([2, 2]);
  });

  test('runs prepared queries on behalf of its client', async () => {
    consul.setQuery('near', { service: 'web', instances: (source) => [{ port: 1, address: source }] });
    await using group = await WorkerGroup.start(consul.url, 2);
    const replies = await group.askEach(() => question('near.query.consul', 'A'));
    expect(replies.map(addressesIn)).toEqual([['127.0.0.1'], ['127.0.0.1']]);
  });

  test('writes to the log through the primary, which says who it was', async () => {
    consul.fail('health/service/web', { kind: 'status', status: 500 });
    await using group = await WorkerGroup.start(consul.url, 2, ['--log-level', 'debug']);
    await group.askEach(askWeb);
    const failed = await eventually(
      async () => group.log.filter(({ msg }) => msg === 'question failed').map(({ worker }) => worker),
      (workers) => new Set(workers).size === 2,
    );
    expect(new Set(failed)).toEqual(new Set([1, 2]));
    expect(group.cli.stderr).toContain('"qname":"web.service.consul."');
  });
});

describe('a worker that dies', () => {
  test('is replaced, and no watch is lost with it', async () => {
    await using group = await WorkerGroup.start(consul.url, 2);
    await untilEachHas(group, ['10.1.0.1']);
    const requestsBefore = consul.requests.length;
    const [victim = 0, other = 0] = group.pids;

    process.kill(victim, 'SIGKILL');
    await group.cli.logged(/"signal":"SIGKILL"/);
    await group.complete(2);
    expect(group.pids).not.toContain(victim);
    expect(group.pids).toContain(other);
    await untilEachHas(group, ['10.1.0.1']);
    // Blocking queries wait for an index; nothing had to be read from scratch.
    expect(consul.requests.slice(requestsBefore).filter(({ query }) => !query.has('index'))).toEqual([]);

    consul.setService('web', [{ port: 80, address: '10.1.0.4' }]);
    await untilEachHas(group, ['10.1.0.4']);
  });

  test('is replaced again and again, while the others answer', async () => {
    await using group = await WorkerGroup.start(consul.url, 2);
    const [victim = 0, other = 0] = group.pids;
    let latest = victim;
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      process.kill(latest, 'SIGKILL');
      await group.cli.logged(new RegExp(`"pid":${latest},"code"`));
      expect(addressesIn(await group.askOne(other, askWeb))).toEqual(['10.1.0.1']);
      await group.complete(2);
      latest = group.pids.find((pid) => pid !== other) ?? 0;
    }
    await untilEachHas(group, ['10.1.0.1']);
  });

  test('leaves what it counted in the sums', async () => {
    const adminPort = await freePort();
    await using group = await WorkerGroup.start(consul.url, 2, ['--admin-addr', `127.0.0.1:${adminPort}`]);
    const counted = async (metric: string, labels: string): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`consul_dnsd_${metric}{`) && one.includes(labels));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const [one = 0, two = 0] = group.pids;
    for (let asked = 0; asked < 30; asked += 1) await askUdp(group, question('web.service.consul', 'AAAA'));
    await group.askOne(one, () => question('web.service.consul', 'SRV'));
    await group.askOne(two, () => question('web.service.consul', 'TXT'));
    const countAll = async (): Promise<readonly boolean[]> => [
      (await counted('queries_total', 'qtype="AAAA"')) === 30,
      (await counted('queries_total', 'qtype="SRV"')) > 0,
      (await counted('queries_total', 'qtype="TXT"')) > 0,
    ];
    expect(await eventually(countAll, (found) => found.every(Boolean))).toEqual([true, true, true]);

    process.kill(one, 'SIGKILL');
    process.kill(two, 'SIGKILL');
    await group.cli.logged(new RegExp(`"pid":${one},"code"`));
    await group.cli.logged(new RegExp(`"pid":${two},"code"`));
    await group.complete(2);
    expect(await countAll()).toEqual([true, true, true]);
    await askUdp(group, question('web.service.consul', 'AAAA'));
    expect(
      await eventually(
        () => counted('queries_total', 'qtype="AAAA"'),
        (count) => count === 31,
      ),
    ).toBe(31);
  });
});

describe('signals', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'workers-test-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('SIGHUP of the primary reaches every worker, one of a worker nobody', async () => {
    const file = join(folder, 'dns.json');
    const write = (ttl: string): Promise<void> =>
      writeFile(file, JSON.stringify({ dns_config: { service_ttl: { '*': ttl } } }));
    await write('5s');
    await using group = await WorkerGroup.start(consul.url, 2, ['--config-file', file]);
    const ttls = async (): Promise<readonly unknown[]> =>
      (await group.askEach(askWeb)).map(({ answer }) => answer[0]?.ttlSeconds);
    expect(await ttls()).toEqual([5, 5]);

    await write('7s');
    for (const pid of group.pids) process.kill(pid, 'SIGHUP');
    expect(await ttls()).toEqual([5, 5]);
    group.cli.kill('SIGHUP');
    expect(await eventually(ttls, (found) => found.every((ttl) => ttl === 7))).toEqual([7, 7]);

    // The next ones start with what holds now.
    for (const pid of group.pids) process.kill(pid, 'SIGKILL');
    await eventually(
      async () => group.log.filter(({ msg }) => msg === 'worker ended, starting another'),
      (ends) => ends.length === 2,
    );
    await group.complete(2);
    expect(await ttls()).toEqual([7, 7]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s of all processes at once: what is under way is answered, the exit code is 0, nothing is left',
    async (signal) => {
      consul.fail('health/service/web', { kind: 'delay', ms: 500 });
      await using group = await WorkerGroup.start(consul.url, 2);
      await using client = await UdpClient.open(group);
      client.send(askWeb());
      await eventually(
        async () => consul.requestsTo('health/service/web'),
        (requests) => requests.length > 0,
      );
      // As a terminal and a service manager do it; the workers leave it to the primary.
      for (const pid of group.pids) process.kill(pid, signal);
      group.cli.kill(signal);
      expect((await client.next()).length).toBeGreaterThan(12);
      expect(await group.cli.ended).toMatchObject({ code: 0 });
      await using next = await startTestServer(consul.url, { dnsPort: group.port });
      expect(next.port).toBe(group.port);
    },
  );

  test('workers end when the primary is killed', async () => {
    await using group = await WorkerGroup.start(consul.url, 2);
    group.cli.kill('SIGKILL');
    await group.cli.ended;
    const next = await eventually(
      () => startTestServer(consul.url, { dnsPort: group.port }).catch(() => undefined),
      (server) => server !== undefined,
    );
    expect(next?.port).toBe(group.port);
    await next?.close();
  });
});

describe('a port that is taken', () => {
  test.each([1, 2])('ends a start with workers as one without, whoever has it (%i workers)', async (workers) => {
    await using first = await WorkerGroup.start(consul.url, workers);
    await using second = new RunningCli(
      ['--http-addr', consul.url, '--dns-port', String(first.port), '--workers', '2'],
      {},
    );
    const { code, stdout, stderr } = await second.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Cannot listen on UDP 127.0.0.1:${first.port}: another process has this port`);
    expect(stderr).toContain('--dns-port');
  });
});

test('dev: the agent is in the primary, and every worker shows what was registered', async () => {
  const httpPort = await freePort();
  await using group = await WorkerGroup.run(2, ['dev', '--http-port', String(httpPort)]);
  const url = `http://127.0.0.1:${httpPort}/v1/agent/service/register`;
  await fetch(url, { method: 'PUT', body: JSON.stringify({ Name: 'web', Address: '10.1.0.9', Port: 80 }) });
  await untilEachHas(group, ['10.1.0.9']);
});

test('limits of TCP connections are those of all workers together', async () => {
  await using group = await WorkerGroup.start(consul.url, 2, ['--tcp-max-connections-per-client', '2']);
  const clients: TcpClient[] = [];
  try {
    let open = 0;
    for (let opened = 0; opened < 12; opened += 1) {
      const client = await TcpClient.open(group);
      clients.push(client);
      open += 1;
      client.closed.then(() => {
        open -= 1;
      });
    }
    const left = await eventually(
      async () => open,
      (count) => count <= 2,
    );
    expect([1, 2]).toContain(left);
  } finally {
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  }
});
