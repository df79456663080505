import { type RunningAgent, startAgent } from './agent/agent.js';
import type { AlarmClock } from './clock.js';
import type { Config } from './config/settings.js';
import { CloseStack } from './lifecycle.js';
import { type RunningServer, type ServerDeps, startServer } from './serve.js';

export interface DevDeps extends Omit<ServerDeps, 'credentials' | 'clock'> {
  /** The system's when left out. */
  readonly clock?: AlarmClock;
}

/** The DNS server together with the agent it asks. */
export interface RunningDev extends RunningServer {
  /** Where the agent's HTTP API is. */
  readonly httpAddress: { readonly host: string; readonly port: number };
  /** Resolves when the agent was told to leave over HTTP. */
  readonly left: Promise<void>;
}

/**
 * Starts the embedded agent and a DNS server that knows it only by its address.
 *
 * Fails with a `DefinitionError` for a definition file that is wrong, with a `ListenError` when a port is taken.
 */
export async function startDev(config: Config, deps: DevDeps): Promise<RunningDev> {
  const owned = new CloseStack();
  try {
    const agent = owned.add(await startAgentFor(config, deps));
    const { host, port } = agent.address;
    const httpAddr = [`http://${host.includes(':') ? `[${host}]` : host}:${port}`];
    const credentials = { token: undefined, ca: undefined, clientCert: undefined, clientKey: undefined };
    const server = owned.add(await startServer({ ...config, httpAddr }, { ...deps, credentials }));
    return {
      addresses: server.addresses,
      adminAddress: server.adminAddress,
      metrics: server.metrics,
      httpAddress: agent.address,
      left: agent.left,
      services: () => server.services(),
      status: () => server.status(),
      metricsText: () => server.metricsText(),
      reload: async (next) => {
        await agent.reload();
        return server.reload({ ...next, httpAddr });
      },
      close: () => owned.close(),
      [Symbol.asyncDispose]: () => owned.close(),
    };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

function startAgentFor(config: Config, { log, clock }: DevDeps): Promise<RunningAgent> {
  return startAgent({
    http: { hosts: config.httpBind, port: config.httpPort },
    node: config.nodeName ?? 'localhost',
    datacenter: config.datacenter ?? 'dc1',
    domain: config.domain,
    bindAddress: config.agentAddress,
    dnsPort: config.dnsPort,
    configDirs: config.configDirs,
    configFiles: config.configFiles,
    enableScriptChecks: config.enableScriptChecks,
    enableLocalScriptChecks: config.enableLocalScriptChecks,
    log: log.child({ part: 'agent' }),
    ...(clock !== undefined && { clock }),
  });
}
