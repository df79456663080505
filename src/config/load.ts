import { hostname } from 'node:os';
import type { ConfigNote } from './config-error.js';
import { readConfigFiles } from './files.js';
import { fromValues, type Layer, type Origins } from './layer.js';
import { originsOf, resolveConfig } from './resolve.js';
import type { Command, Config } from './settings.js';
import { type Environment, type Flags, fromConsulJson, fromEnv, fromFlags } from './sources.js';

export interface ConfigRequest {
  readonly command: Command;
  readonly flags: Flags;
  readonly env: Environment;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Origins;
  /** To be logged once there is a log. */
  readonly notes: readonly ConfigNote[];
}

/** Reads the configuration from everywhere. Fails with a `ConfigError` that lists all that is wrong. */
export async function loadConfig({ command, flags, env }: ConfigRequest): Promise<LoadedConfig> {
  const said = [fromEnv(command, env), fromFlags(command, flags)];
  const { configDirs, configFiles } = Object.assign({}, ...said.map(({ values }) => values)) as Layer['values'];
  const { documents, problems } = await readConfigFiles({ dirs: configDirs ?? [], files: configFiles ?? [] });
  const inFiles = fromConsulJson(command, documents);
  const layers = [
    ...(command === 'dev' ? [devDefaults()] : []),
    { ...inFiles, problems: [...problems, ...inFiles.problems] },
    ...said,
  ];
  return {
    config: resolveConfig(layers),
    origins: originsOf(layers),
    notes: layers.flatMap(({ notes }) => notes),
  };
}

/** What `serve` asks its Consul agent for, `dev` must know itself (http-api B1). */
function devDefaults(): Layer {
  const nodeName = hostname().replace(/[^A-Za-z0-9-]/g, '') || 'localhost';
  return { ...fromValues({ datacenter: 'dc1', nodeName }), origins: {} };
}
