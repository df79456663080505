import { describe, expect, test } from 'vitest';
import { put } from '../agent/exchange.js';
import { startTestAgent } from '../agent/test-agent.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { SCRAPERS, Scraper, type Target } from './scraper.js';

/** Prometheus hands new targets on every five seconds. */
const DISCOVERY_MS = 30_000;

/** Where the targets of each job are. */
function addresses(targets: readonly Target[]): Readonly<Record<string, readonly string[]>> {
  const jobs: Record<string, string[]> = {};
  for (const { scrapePool, discoveredLabels } of targets) {
    jobs[scrapePool] = [...(jobs[scrapePool] ?? []), discoveredLabels['__address__'] ?? ''].sort();
  }
  return jobs;
}

const labelsOf = (targets: readonly Target[], id: string): Target['discoveredLabels'] | undefined =>
  targets.find(({ discoveredLabels }) => discoveredLabels['__meta_consul_service_id'] === id)?.discoveredLabels;

describe.each(SCRAPERS)('consul_sd_configs of $name', (kind) => {
  test.skipIf(kind.binary === undefined)(
    `finds what is registered and loses what goes${unlessMissing(`${kind.name} with Consul in it`, kind.binary)}`,
    { timeout: 3 * DISCOVERY_MS },
    async () => {
      await using agent = await startTestAgent();
      const register = (service: unknown): Promise<string> => put(agent.url, '/v1/agent/service/register', service);
      const web = { Name: 'web', Address: '127.0.0.1' };
      await register({ ...web, ID: 'web-1', Port: 1, Tags: ['v1', 'edge'], Meta: { team: 'a' } });
      await register({ ...web, ID: 'web-2', Port: 2, Check: { TTL: '1h', Status: 'passing' } });
      await register({ Name: 'db', ID: 'db-1', Port: 3 });
      const server = new URL(agent.url).host;
      await using scraper = await Scraper.start(kind, {
        scrape_configs: [
          { job_name: 'all', consul_sd_configs: [{ server, ...kind.discovery }] },
          { job_name: 'edge', consul_sd_configs: [{ server, services: ['web'], tags: ['edge'], ...kind.discovery }] },
        ],
      });
      const targetsAt = (wanted: Readonly<Record<string, readonly string[]>>): Promise<readonly Target[]> =>
        eventually(
          () => scraper.targets(),
          (targets) => Object.entries(wanted).every(([job, at]) => `${addresses(targets)[job]}` === `${at}`),
          { withinMs: DISCOVERY_MS },
        );

      const before = {
        all: ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3', '127.0.0.1:8300'],
        edge: ['127.0.0.1:1'],
      };
      const first = await targetsAt(before);
      expect(addresses(first)).toEqual(before);
      expect(labelsOf(first, 'web-1')).toMatchObject({
        __address__: '127.0.0.1:1',
        __meta_consul_service: 'web',
        __meta_consul_service_address: '127.0.0.1',
        __meta_consul_service_port: '1',
        __meta_consul_service_metadata_team: 'a',
        __meta_consul_tags: ',v1,edge,',
        __meta_consul_node: 'srv-1',
        __meta_consul_address: '127.0.0.1',
        __meta_consul_dc: 'dc1',
        __meta_consul_tagged_address_lan: '127.0.0.1',
      });

      await put(agent.url, '/v1/agent/service/deregister/db-1');
      await put(agent.url, '/v1/agent/service/deregister/web-2');
      await register({ ...web, ID: 'web-3', Port: 4, Tags: ['edge'] });
      const after = { all: ['127.0.0.1:1', '127.0.0.1:4', '127.0.0.1:8300'], edge: ['127.0.0.1:1', '127.0.0.1:4'] };
      expect(addresses(await targetsAt(after))).toEqual(after);
    },
  );
});
