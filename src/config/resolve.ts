import { checkTogether } from './checks.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import type { Layer, Origins } from './layer.js';
import { type Config, DEFAULT_CONFIG, type SettingName } from './settings.js';

/** What layers come to, wrong or not; a wrong value leaves its setting as if unmentioned. */
export interface Resolution {
  readonly config: Config;
  /** Settings that nobody mentions are missing. */
  readonly origins: Origins;
  readonly problems: readonly ConfigProblem[];
}

/**
 * The configuration that layers come to, each over the ones before it: files, environment, flags.
 *
 * Fails with one `ConfigError` that lists whatever is wrong in any layer, or between them.
 */
export function resolveConfig(layers: readonly Layer[]): Config {
  const { config, problems } = resolveLayers(layers);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** The same, with what is wrong as a value. */
export function resolveLayers(layers: readonly Layer[]): Resolution {
  const { values, origins } = combine(layers);
  const config = Object.freeze(settle({ ...DEFAULT_CONFIG, ...values }, origins));
  const problems = [...layers.flatMap((layer) => layer.problems), ...checkTogether(config, origins)];
  return { config, origins, problems };
}

interface Combined {
  readonly values: { -readonly [N in SettingName]?: Config[N] };
  readonly origins: { [N in SettingName]?: string };
}

function combine(layers: readonly Layer[]): Combined {
  const combined: Combined = { values: {}, origins: {} };
  for (const { values, origins } of layers) {
    Object.assign(combined.values, values);
    Object.assign(combined.origins, origins);
    // A token and a token file are two ways to say one thing; of one layer's, the file counts (http-api A4.1).
    if (values.tokenFile !== undefined) drop(combined, 'token');
    else if (values.token !== undefined) drop(combined, 'tokenFile');
  }
  return combined;
}

function drop({ values, origins }: Combined, name: SettingName): void {
  delete values[name];
  delete origins[name];
}

/** Settles what one setting says about another. */
function settle(config: Config, origins: Origins): Config {
  const httpAddr = config.httpSsl
    ? config.httpAddr.map((address) => address.replace(/^http:/, 'https:'))
    : config.httpAddr;
  const consistency = config.allowStale || origins.consistency !== undefined ? config.consistency : 'default';
  return { ...config, httpAddr, consistency };
}
