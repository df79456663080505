import { readCredentials } from '../../src/config/credentials.js';
import { fromValues } from '../../src/config/layer.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { Config } from '../../src/config/settings.js';
import { type Environment, fromEnv, fromFlags } from '../../src/config/sources.js';
import type { ServerDeps } from '../../src/serve.js';
import { startTestServer, type TestServer } from '../support/server.js';

export interface Given {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Environment;
  /** What no flag is needed for in a test. */
  readonly values?: Partial<Config>;
}

/** The configuration that flags and environment come to, with a free port. */
export function configured({ flags = {}, env = {}, values = {} }: Given): Config {
  const said = new Map(Object.entries(flags).map(([flag, text]) => [flag, [text]]));
  return resolveConfig([
    fromValues({ dnsPort: 0 }),
    fromEnv('serve', env),
    fromFlags('serve', said),
    fromValues(values),
  ]);
}

/** A server started as the command starts it: with what its files hold. */
export async function startGiven(given: Given, deps: Partial<ServerDeps> = {}): Promise<TestServer> {
  const config = configured(given);
  const [httpAddr = ''] = config.httpAddr;
  return startTestServer(httpAddr, config, { credentials: await readCredentials(config), ...deps });
}

/** Messages of this level, with how often each was logged. */
export function logged({ log }: TestServer, level: 'info' | 'warn'): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of log.lines) if (line.level === level) counts[line.message] = (counts[line.message] ?? 0) + 1;
  return counts;
}

/** All that was logged, as text. */
export function logText({ log }: TestServer): string {
  return JSON.stringify(log.lines);
}
