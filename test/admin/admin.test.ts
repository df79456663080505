import { describe, expect, test } from 'vitest';
import { startAdmin } from '../../src/admin/admin.js';
import type { ServerStatus } from '../../src/admin/view.js';
import { ListenError } from '../../src/listen/listener.js';

const KNOWN: ServerStatus = { services: 3, backendDownBy: undefined, isStale: false };

async function startWith(status: ServerStatus): Promise<AsyncDisposable & { readonly url: string }> {
  const view = { metricsText: async () => 'consul_dnsd_up 1\n', status: () => status };
  const admin = await startAdmin({ host: '127.0.0.1', port: 0 }, view);
  return Object.assign(admin, { url: `http://127.0.0.1:${admin.address.port}` });
}

describe('the admin endpoint', () => {
  test('gives metrics in the form that Prometheus reads', async () => {
    await using admin = await startWith(KNOWN);
    const response = await fetch(`${admin.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    expect(await response.text()).toBe('consul_dnsd_up 1\n');
  });

  test.each([
    { status: KNOWN, code: 200, why: 'the catalog is known' },
    { status: { ...KNOWN, services: undefined }, code: 503, why: 'nothing can be answered from it yet' },
    { status: { services: 3, backendDownBy: 'unreachable', isStale: true }, code: 200, why: 'stale rows are served' },
  ])('/ready is $code when $why', async ({ status, code }) => {
    await using admin = await startWith(status);
    const response = await fetch(`${admin.url}/ready`);
    expect(response.status).toBe(code);
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(status)));
  });

  test('/health does not depend on Consul', async () => {
    await using admin = await startWith({ services: undefined, backendDownBy: 'unreachable', isStale: false });
    expect((await fetch(`${admin.url}/health`)).status).toBe(200);
  });

  test('a port that is taken is named', async () => {
    await using first = await startWith(KNOWN);
    const port = Number(new URL(first.url).port);
    const view = { metricsText: async () => '', status: () => KNOWN };
    await expect(startAdmin({ host: '127.0.0.1', port }, view)).rejects.toThrow(ListenError);
  });
});
