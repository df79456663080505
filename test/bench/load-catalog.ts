/**
 * `npm run bench:catalog`: registers N services of M instances with a Consul, or with `consul-dnsd dev`:
 *
 *   npm run bench:catalog -- --http-addr http://127.0.0.1:8500 --services 10000 --instances 10
 */
import { parseArgs } from 'node:util';
import { CatalogApi } from './catalog/api.js';
import { createServices, DEFAULT_NODES } from './catalog/service.js';
import { formatCount } from './sections/format.js';

const { values } = parseArgs({
  options: {
    'http-addr': { type: 'string', default: 'http://127.0.0.1:8500' },
    name: { type: 'string', default: 'bench' },
    services: { type: 'string', default: '1000' },
    instances: { type: 'string', default: '10' },
    nodes: { type: 'string', default: `${DEFAULT_NODES}` },
    parallel: { type: 'string', default: '32' },
  },
});

function positive(name: 'services' | 'instances' | 'nodes' | 'parallel'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} must be a positive integer, not "${values[name]}"`);
}

async function load(): Promise<void> {
  const [count, instances] = [positive('services'), positive('instances')];
  const services = createServices(values.name, count, { instances, nodes: positive('nodes') });
  await using api = new CatalogApi(values['http-addr'], {
    parallel: positive('parallel'),
    token: process.env['CONSUL_HTTP_TOKEN'],
  });
  const startedAt = performance.now();
  await api.register(services);
  const seconds = (performance.now() - startedAt) / 1_000;
  const rate = formatCount((count * instances) / seconds);
  const names = `${values.name}-0 to ${values.name}-${count - 1}`;
  process.stdout.write(`${names}, ${instances} instances each, in ${seconds.toFixed(1)} s: ${rate} a second\n`);
}

try {
  await load();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(`Cannot register with "${values['http-addr']}": ${reason}\n`);
  process.exitCode = 1;
}
