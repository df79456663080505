import { setTimeout as delay } from 'node:timers/promises';
import { resolveConfig } from '../../../src/config/resolve.js';
import { fromConsulJson } from '../../../src/config/sources.js';
import { CloseStack } from '../../../src/lifecycle.js';
import { askUdp, question, type ServerAddress } from '../../support/client.js';
import { altered, answering, startFakeRecursor } from '../../support/fake-recursor.js';
import { RealConsul } from '../../support/real-consul.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import type { Pools } from './ask/names.js';
import { loadRichCatalog } from './catalog/load.js';
import { FAR_QUERY_NAMES, QUERIES } from './catalog/prepared-queries.js';
import { addresses, namesOfNodes, namesOfServices, tags } from './catalog/rich-catalog.js';
import type { CutSettings } from './compare/cuts.js';
import { agentJson, type Configuration } from './configurations.js';
import { OUTSIDE_NAMES, RECURSOR_RECORDS } from './recursor-data.js';

/** A Consul agent and our server, set alike and in front of one catalog. */
export interface Pair {
  readonly configuration: Configuration;
  readonly theirs: ServerAddress;
  readonly ours: TestServer;
  /** Our server without limits on the number of records: what others give a part of. */
  readonly unlimited: TestServer;
  readonly settings: CutSettings;
  readonly pools: Pools;
}

/** Two datacenters with the rich catalog, and one pair of servers for each configuration. */
export class World implements AsyncDisposable {
  readonly pairs: readonly Pair[];
  readonly #owned: CloseStack;

  private constructor(pairs: readonly Pair[], owned: CloseStack) {
    this.pairs = pairs;
    this.#owned = owned;
  }

  static async start(configurations: readonly Configuration[]): Promise<World> {
    const owned = new CloseStack();
    try {
      const handler = altered(answering(RECURSOR_RECORDS), (reply) => ({ ...reply, truncated: false }));
      const recursor = owned.add(await startFakeRecursor(handler));
      const consul = owned.add(await RealConsul.start());
      const retry_join_wan = [`127.0.0.1:${consul.ports.serf_wan}`];
      const started = await Promise.allSettled([
        RealConsul.start({ datacenter: 'dc2', node: 'srv-2', config: { retry_join_wan } }).then((far) =>
          owned.add(far),
        ),
        ...configurations.map((configuration) =>
          startAgent(configuration, { consul, recursor: recursor.address }).then((agent) => owned.add(agent)),
        ),
      ]);
      const [, ...agents] = started.map((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
      await until('the datacenters to find each other', async () => (await datacenters(consul)).length === 2);
      const queryIds = await loadRichCatalog(consul);
      const pairs: Pair[] = [];
      for (const [index, configuration] of configurations.entries()) {
        // As many agents as configurations.
        const agent = agents[index]!;
        pairs.push(await startPair(configuration, { consul, agent, recursor: recursor.address, queryIds, owned }));
      }
      return new World(pairs, owned);
    } catch (error) {
      await owned.close();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.close();
  }
}

function recursorsOf({ hasRecursors }: Configuration, recursor: string): readonly string[] {
  return hasRecursors ? [recursor] : [];
}

function startAgent(
  configuration: Configuration,
  { consul, recursor }: { readonly consul: RealConsul; readonly recursor: string },
): Promise<RealConsul> {
  const config = agentJson(configuration, recursorsOf(configuration, recursor));
  return RealConsul.start({ clientOf: consul, node: `front-${configuration.name}`, config });
}

interface Parts {
  readonly consul: RealConsul;
  readonly agent: RealConsul;
  readonly recursor: string;
  readonly queryIds: readonly string[];
  readonly owned: CloseStack;
}

async function startPair(configuration: Configuration, parts: Parts): Promise<Pair> {
  const { consul, agent, recursor, queryIds, owned } = parts;
  const json = {
    ...agentJson(configuration, recursorsOf(configuration, recursor)),
    consul_dnsd: configuration.own ?? {},
  };
  const config = {
    ...resolveConfig([fromConsulJson('serve', [{ file: configuration.name, json }])]),
    httpAddr: [configuration.readsFromServer ? consul.url : agent.url],
    datacenter: 'dc1',
    nodeName: `front-${configuration.name}`,
    dnsPort: 0,
  };
  const theirs = { host: '127.0.0.1', port: agent.ports.dns };
  // What was registered last shows that everything before it has come through.
  for (const zone of configuration.zones) {
    await until('Consul to know the catalog', () => knows(theirs, `last.service.${zone}`));
    await until('Consul to know the other catalog', () => knows(theirs, `last.service.dc2.${zone}`));
  }
  const ours = owned.add(await startTestServer(consul.url, config));
  const unlimited = owned.add(await startTestServer(consul.url, { ...config, aRecordLimit: 0, udpAnswerLimit: 0 }));
  return { configuration, theirs, ours, unlimited, settings: config, pools: poolsFor(configuration, queryIds) };
}

function poolsFor({ zones, hasRecursors }: Configuration, queryIds: readonly string[]): Pools {
  const templated = ['tmpl-pair', 'tmpl-health', 'tmpl-nope', 'Tmpl-many'];
  return {
    zones,
    services: namesOfServices(),
    nodes: [...namesOfNodes(), 'srv-1', 'srv-2'],
    tags: tags(),
    queries: [...QUERIES.map(({ Name }) => Name), ...FAR_QUERY_NAMES, ...templated, ...queryIds.slice(0, 3)],
    addresses: addresses(),
    outside: OUTSIDE_NAMES,
    outsideShare: hasRecursors === true ? 12 : 2,
  };
}

async function knows(server: ServerAddress, name: string): Promise<boolean> {
  const reply = await askUdp(server, question(name, 'A')).catch(() => undefined);
  return reply?.rcode === 0;
}

async function datacenters(consul: RealConsul): Promise<readonly unknown[]> {
  return (await consul.request('GET', '/v1/catalog/datacenters')) as readonly unknown[];
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Cannot compare: waited 30 s in vain for ${what}`);
    await delay(50);
  }
}
