import { randomUUID } from 'node:crypto';
import { type AlarmClock, systemClock } from '../clock.js';
import { type Closable, CloseStack } from '../lifecycle.js';
import type { Log } from '../telemetry/log.js';
import { CheckRunner } from './checks/runner.js';
import { Events } from './events.js';
import { serveHttp } from './http.js';
import { KvStore } from './kv/store.js';
import { Ledger } from './ledger.js';
import { applyDefinitions, readDefinitions } from './load.js';
import { LocalState } from './local-state.js';
import { QueryStore } from './query/store.js';
import { Reader } from './read.js';
import { agentEndpoints } from './routes/agent.js';
import { agentCheckEndpoints } from './routes/agent-checks.js';
import { agentHealthEndpoints } from './routes/agent-health.js';
import { agentServiceEndpoints } from './routes/agent-services.js';
import { catalogEndpoints } from './routes/catalog.js';
import { clusterEndpoints } from './routes/cluster.js';
import { eventEndpoints } from './routes/event.js';
import { healthEndpoints } from './routes/health.js';
import { kvEndpoints } from './routes/kv.js';
import { metricsEndpoints } from './routes/metrics.js';
import { notOfferedEndpoints } from './routes/not-offered.js';
import { queryEndpoints } from './routes/query.js';
import { sessionEndpoints } from './routes/session.js';
import { statusEndpoints } from './routes/status.js';
import { txnEndpoints } from './routes/txn.js';
import { CONSUL_VERSION, NODE_META, nodeTaggedAddresses, SERVER_PORT, type SelfFacts } from './self.js';
import { Sessions } from './sessions.js';
import { StateStore } from './store.js';

export interface AgentOptions {
  /** Where the HTTP API listens; port 0 takes a free one. */
  readonly http: { readonly hosts: readonly string[]; readonly port: number };
  /** The node's name. */
  readonly node: string;
  readonly datacenter: string;
  /** The DNS domain that /v1/agent/self tells, with or without a final dot. */
  readonly domain?: string;
  /** The address that the node is registered with. */
  readonly bindAddress: string;
  /** The DNS port that /v1/agent/self tells. */
  readonly dnsPort: number;
  /** Directories whose *.json and *.hcl files define services and checks. */
  readonly configDirs: readonly string[];
  readonly configFiles: readonly string[];
  /** Checks may run programs, wherever they were defined. */
  readonly enableScriptChecks: boolean;
  /** Checks of definition files may run programs. */
  readonly enableLocalScriptChecks: boolean;
  readonly log: Log;
  /** The system's when left out. */
  readonly clock?: AlarmClock;
}

export interface RunningAgent extends Closable, AsyncDisposable {
  /** Where the HTTP API listens; the first address of several. */
  readonly address: { readonly host: string; readonly port: number };
  /** Reads the definition files again. Fails with a `DefinitionError` and changes nothing when one is wrong. */
  reload(): Promise<void>;
  /** Resolves when a client has asked the agent to leave; the owner is to close it then. */
  readonly left: Promise<void>;
}

/** Starts a single-node, in-memory agent that speaks Consul's HTTP API. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { node: nodeName, datacenter, clock = systemClock, log } = options;
  const facts: SelfFacts = {
    nodeName,
    nodeId: randomUUID(),
    datacenter,
    domain: (options.domain ?? 'consul').replace(/\.$/, ''),
    address: options.bindAddress,
    dnsPort: options.dnsPort,
    areScriptsEnabled: options.enableScriptChecks,
    areLocalScriptsEnabled: options.enableScriptChecks || options.enableLocalScriptChecks,
  };
  const ledger = new Ledger();
  const store = new StateStore(ledger);
  const state = new LocalState({
    store,
    ledger,
    clock,
    nodeName,
    // The node may have been taken out of the catalog from outside.
    ensureNode: () => store.node(nodeName) ?? registerSelf(store, facts),
  });
  const reader = new Reader({ ledger, datacenter, clock });
  const load = async (): Promise<void> => {
    const paths = { dirs: options.configDirs, files: options.configFiles };
    const definitions = await readDefinitions(paths, { areScriptsEnabled: facts.areLocalScriptsEnabled });
    applyDefinitions(definitions, { state, ledger, log });
  };
  registerSelf(store, facts);
  await load();
  const owned = new CloseStack();
  try {
    const runner = owned.add(new CheckRunner({ state, store, ledger, nodeName, clock, log }));
    state.attach(runner);
    const sessions = owned.add(new Sessions({ store, ledger, clock }));
    const kv = new KvStore({ ledger, sessions, clock });
    const queries = new QueryStore({ ledger, sessions });
    const events = new Events(ledger);
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const scripts = { areScriptsEnabled: facts.areScriptsEnabled };
    const endpoints = [
      ...statusEndpoints({ serverAddress: `${facts.address}:${SERVER_PORT}`, datacenter }),
      ...catalogEndpoints({ store, reader, datacenter }),
      ...healthEndpoints({ store, reader, datacenter }),
      ...agentEndpoints({ facts, state, ledger, reload: load, leave }),
      ...agentServiceEndpoints({ state, ledger, clock, log, ...scripts }),
      ...agentCheckEndpoints({ state, ttlChecks: runner, ...scripts }),
      ...agentHealthEndpoints(state),
      ...metricsEndpoints({ store, sessions, kv, ledger, clock }),
      ...kvEndpoints({ kv, reader, datacenter }),
      ...txnEndpoints({ kv, datacenter }),
      ...sessionEndpoints({ sessions, reader, nodeName, datacenter }),
      ...queryEndpoints({ queries, store, reader, datacenter }),
      ...eventEndpoints({ events, ledger, state, nodeName, datacenter, clock }),
      ...clusterEndpoints({ facts, reader }),
      ...notOfferedEndpoints(),
    ];
    const server = owned.add(await serveHttp(endpoints, { ...options.http, names: [nodeName], log }));
    const close = (): Promise<void> => owned.close();
    return { address: server.address, reload: load, left, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

/** What a server registers of itself: its node, the service `consul` and the check that gossip would keep. */
function registerSelf(store: StateStore, facts: SelfFacts): void {
  const { nodeName, nodeId, address } = facts;
  store.change(() => {
    store.putNode({
      id: nodeId,
      name: nodeName,
      address,
      taggedAddresses: nodeTaggedAddresses(facts),
      meta: NODE_META,
    });
    store.putService({
      nodeName,
      id: 'consul',
      service: 'consul',
      kind: '',
      tags: [],
      address: '',
      port: SERVER_PORT,
      taggedAddresses: new Map(),
      meta: new Map([
        ['non_voter', 'false'],
        ['raft_version', '3'],
        ['serf_protocol_current', '2'],
        ['serf_protocol_max', '5'],
        ['serf_protocol_min', '1'],
        ['version', CONSUL_VERSION],
      ]),
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: undefined,
      destination: '',
      isConnectNative: false,
    });
    store.putCheck({
      nodeName,
      id: 'serfHealth',
      name: 'Serf Health Status',
      status: 'passing',
      notes: '',
      output: 'Agent alive and reachable',
      serviceId: '',
      type: '',
      definition: new Map(),
    });
  });
}
