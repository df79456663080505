import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_CONFIG } from '../../src/config/settings.js';
import { type RunningDev, startDev } from '../../src/dev.js';
import type { Message } from '../../src/wire/message.js';
import { askUdp, question } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { RecordingLog } from '../support/server.js';

describe('dev: the DNS server with the embedded agent', () => {
  let dev: RunningDev;
  const api = (path: string, body?: unknown): Promise<Response> =>
    fetch(`http://127.0.0.1:${dev.httpAddress.port}/v1/${path}`, {
      method: 'PUT',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const ask = async (name: string, type: 'A' | 'SRV' = 'A'): Promise<Message> => {
    const [address] = dev.addresses;
    if (address === undefined) throw new Error('no address');
    return askUdp(address, question(name, type));
  };

  beforeEach(async () => {
    const config = { ...DEFAULT_CONFIG, dnsPort: 0, httpPort: 0, datacenter: 'dc1', nodeName: 'box' };
    dev = await startDev(config, { log: new RecordingLog() });
  });
  afterEach(() => dev.close());

  test('a registration is answered once the request returns, its first negative answer notwithstanding (H090)', async () => {
    expect(await ask('hello.service.consul')).toMatchObject({ rcode: 3 });
    expect((await api('agent/service/register', { Name: 'hello', Port: 80 })).status).toBe(200);
    // The change travels by a blocking query: a few milliseconds, not a polling interval.
    const reply = await eventually(
      () => ask('hello.service.consul', 'SRV'),
      ({ rcode }) => rcode === 0,
      { withinMs: 1_000 },
    );
    expect(reply.answer).toMatchObject([{ data: { port: 80, target: 'box.node.dc1.consul.' } }]);
    await api('agent/service/deregister/hello');
    expect(
      await eventually(
        () => ask('hello.service.consul'),
        ({ rcode }) => rcode === 3,
      ),
    ).toMatchObject({ rcode: 3 });
  });

  test('an instance whose HTTP check fails disappears, and is back when it passes (D1, H120)', async () => {
    let status = 200;
    const target = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    try {
      // listen() was awaited and the server is bound to TCP.
      const { port } = target.address() as AddressInfo;
      await api('agent/service/register', {
        Name: 'checked',
        Port: port,
        Check: { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '1s' },
      });
      const rcodeIs = (wanted: number) =>
        eventually(
          () => ask('checked.service.consul'),
          ({ rcode }) => rcode === wanted,
        );
      expect((await rcodeIs(0)).answer).toHaveLength(1);
      status = 500;
      expect(await rcodeIs(3)).toMatchObject({ rcode: 3, answer: [] });
      status = 204;
      expect((await rcodeIs(0)).answer).toHaveLength(1);
    } finally {
      target.close();
    }
  });

  test('maintenance takes all of the node out of DNS, and gives it back (H114)', async () => {
    await api('agent/service/register', { Name: 'hello', Port: 80 });
    await eventually(
      () => ask('hello.service.consul'),
      ({ rcode }) => rcode === 0,
    );
    await api('agent/maintenance?enable=true&reason=test');
    expect(
      await eventually(
        () => ask('hello.service.consul'),
        ({ rcode }) => rcode === 3,
      ),
    ).toMatchObject({ rcode: 3 });
    await api('agent/maintenance?enable=false');
    expect(
      await eventually(
        () => ask('hello.service.consul'),
        ({ rcode }) => rcode === 0,
      ),
    ).toMatchObject({ rcode: 0 });
  });

  test('told to leave over HTTP, it says so to its owner (H152)', async () => {
    expect((await api('agent/leave')).status).toBe(200);
    await dev.left;
  });
});
