import { expect, test } from 'vitest';
import { startFakeConsul } from '../support/fake-consul.js';
import { createClient } from './setup.js';

const query = { signal: new AbortController().signal, consistency: 'stale', datacenter: undefined } as const;

test('reads the instances of a service', async () => {
  await using consul = await startFakeConsul({ services: { web: [{ port: 80 }] } });
  const client = createClient(consul.url);
  const { value, index } = await client.instances('service', 'web', query);
  expect(value).toMatchObject([{ service: 'web', port: 80, node: { name: 'node-1', address: '10.0.0.1' } }]);
  expect(index).toMatch(/^\d+$/);
  await client.close();
});
