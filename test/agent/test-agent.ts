import { type AgentOptions, type RunningAgent, startAgent } from '../../src/agent/agent.js';
import type { Log } from '../../src/telemetry/log.js';

/** A log that keeps what it is told. */
export class MemoryLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];

  debug(): void {}
  info(): void {}

  warn(message: string, fields?: unknown): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(message: string, fields?: unknown): void {
    this.lines.push({ level: 'error', message, fields });
  }

  child(): Log {
    return this;
  }

  setLevel(): void {}
}

export interface TestAgent extends RunningAgent {
  readonly url: string;
  readonly log: MemoryLog;
}

/** An agent on a free port of the loopback, whose scripts are on and which reads no files unless told so. */
export async function startTestAgent(options: Partial<AgentOptions> = {}): Promise<TestAgent> {
  const log = new MemoryLog();
  const agent = await startAgent({
    http: { hosts: ['127.0.0.1'], port: 0 },
    node: 'srv-1',
    datacenter: 'dc1',
    bindAddress: '127.0.0.1',
    dnsPort: 8600,
    configDirs: [],
    configFiles: [],
    enableScriptChecks: true,
    enableLocalScriptChecks: true,
    log,
    ...options,
  });
  const { host, port } = agent.address;
  return { ...agent, log, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}` };
}
