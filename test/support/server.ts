import { type Config, DEFAULT_CONFIG } from '../../src/config/settings.js';
import { type RunningServer, type ServerDeps, startServer } from '../../src/serve.js';
import type { Log } from '../../src/telemetry/log.js';

/** A log that keeps what it was told, newest last. */
export class RecordingLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];

  debug(message: string, fields: unknown = {}): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(message: string, fields: unknown = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(message: string, fields: unknown = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(message: string, fields: unknown = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }

  child(): Log {
    return this;
  }

  setLevel(): void {}
}

/** The defaults, on a free loopback port, with `over` on top. */
export function testConfig(over: Partial<Config> = {}): Config {
  return { ...DEFAULT_CONFIG, dnsPort: 0, datacenter: 'dc1', nodeName: 'front-1', ...over };
}

export interface TestServer extends RunningServer {
  /** Where to ask. */
  readonly host: string;
  readonly port: number;
  readonly log: RecordingLog;
}

/** A server that asks the Consul at `httpAddr`. */
export async function startTestServer(
  httpAddr: string,
  over: Partial<Config> = {},
  deps: Partial<ServerDeps> = {},
): Promise<TestServer> {
  const log = new RecordingLog();
  const credentials = { token: undefined, ca: undefined, clientCert: undefined, clientKey: undefined };
  const server = await startServer(testConfig({ httpAddr: [httpAddr], ...over }), { log, credentials, ...deps });
  const address = server.addresses[0];
  if (address === undefined) throw new Error('Cannot test a server that listens nowhere');
  return Object.assign(server, { host: address.host, port: address.port, log });
}
