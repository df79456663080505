import { describe, expect, test } from 'vitest';
import { askUdp, question } from '../support/client.js';
import { dig, hasDig } from '../support/dig.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { startTestServer, type TestServer } from '../support/server.js';

const askA = (server: TestServer, name: string) => askUdp(server, question(name, 'A', { edns: true }));

describe.skipIf(consulBinary === undefined)(`in front of a real Consul${unlessMissing('consul', consulBinary)}`, () => {
  test('an instance goes when its check turns critical, and comes back (D1, H031)', async () => {
    await using consul = await RealConsul.start();
    await using server = await startTestServer(consul.url);
    await consul.put('/v1/agent/service/register', { Name: 'web', Port: 80, Check: { TTL: '1h', Status: 'passing' } });
    const up = await eventually(
      () => askA(server, 'web.service.consul'),
      ({ answer }) => answer.length === 1,
    );
    expect(up).toMatchObject({ rcode: 0, answer: [{ data: { address: '127.0.0.1' } }] });

    await consul.put('/v1/agent/check/fail/service:web');
    const down = await eventually(
      () => askA(server, 'web.service.consul'),
      ({ rcode }) => rcode === 3,
    );
    expect(down).toMatchObject({ rcode: 3, answer: [] });

    await consul.put('/v1/agent/check/pass/service:web');
    const back = await eventually(
      () => askA(server, 'web.service.consul'),
      ({ rcode }) => rcode === 0,
    );
    expect(back.answer).toHaveLength(1);
  });

  test('known names outlive Consul, unknown ones fail at once, and a new Consul is believed (D20, H025, C174)', {
    timeout: 60_000,
  }, async () => {
    await using consul = await RealConsul.start();
    await using server = await startTestServer(consul.url);
    await consul.put('/v1/agent/service/register', { Name: 'web', Port: 80 });
    await eventually(
      () => askA(server, 'web.service.consul'),
      ({ answer }) => answer.length === 1,
    );

    await consul.kill();
    const isStale = ({ rcode, edns }: Awaited<ReturnType<typeof askA>>): boolean =>
      rcode === 0 && edns?.options[0]?.code === 15;
    const stale = await eventually(() => askA(server, 'web.service.consul'), isStale);
    expect(stale).toMatchObject({ rcode: 0, answer: [{ data: { address: '127.0.0.1' } }] });
    expect(Buffer.from(stale.edns?.options[0]?.data ?? []).readUInt16BE(0)).toBe(3);

    const askedAt = Date.now();
    expect(await askA(server, 'never-seen.service.consul')).toMatchObject({ rcode: 2, answer: [] });
    expect(Date.now() - askedAt).toBeLessThan(1_000);
    expect(await askA(server, '7f000001.addr.consul')).toMatchObject({ rcode: 0 });

    await consul.restart();
    await consul.put('/v1/agent/service/register', { Name: 'web2', Port: 81 });
    const fresh = await eventually(
      () => askA(server, 'web2.service.consul'),
      ({ rcode }) => rcode === 0,
      { withinMs: 20_000 },
    );
    expect(fresh.answer).toHaveLength(1);
    // The new Consul does not know it, and is up to say so.
    const gone = await eventually(
      () => askA(server, 'web.service.consul'),
      ({ rcode }) => rcode === 3,
      { withinMs: 20_000 },
    );
    expect(gone.rcode).toBe(3);
  });

  test.skipIf(!hasDig())(
    `dig sees what Consul gives${hasDig() ? '' : ' (skipped: no dig on this machine)'}`,
    async () => {
      await using consul = await RealConsul.start();
      await using server = await startTestServer(consul.url);
      await consul.put('/v1/agent/service/register', { name: 'web', tags: ['rails'], port: 80, address: '192.0.2.22' });
      await consul.put('/v1/agent/service/register', {
        name: 'web',
        id: 'broken',
        port: 81,
        check: { ttl: '1h', status: 'critical' },
      });
      const ours = await eventually(
        () => dig(server, 'web.service.consul SRV'),
        ({ answer }) => answer.length > 0,
      );
      const theirs = await dig({ host: '127.0.0.1', port: consul.ports.dns }, 'web.service.consul SRV');
      expect(ours).toMatchObject({
        rcode: 'NOERROR',
        answer: ['web.service.consul. 0 IN SRV 1 1 80 c0000216.addr.dc1.consul.'],
      });
      expect(ours.answer).toEqual(theirs.answer);
      expect([...ours.additional].sort()).toEqual([...theirs.additional].sort());
    },
  );
});
