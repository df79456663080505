import { hostname } from 'node:os';
import { ConfigError, type ConfigNote } from './config-error.js';
import { type Credentials, inspectCredentials } from './credentials.js';
import { readConfigFiles } from './files.js';
import { fromValues, type Layer, type Origins } from './layer.js';
import { findRecursors } from './recursor-names.js';
import { resolveLayers } from './resolve.js';
import type { Command, Config, SettingName } from './settings.js';
import { type Environment, type Flags, fromConsulJson, fromEnv, fromFlags } from './sources.js';

export interface ConfigRequest {
  readonly command: Command;
  readonly flags: Flags;
  readonly env: Environment;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Origins;
  /** What the files that it names hold. */
  readonly credentials: Credentials;
  /** To be logged once there is a log. */
  readonly notes: readonly ConfigNote[];
}

/** Reads the configuration from everywhere. Fails with a `ConfigError` that lists all that is wrong. */
export async function loadConfig({ command, flags, env }: ConfigRequest): Promise<LoadedConfig> {
  const spoken = [fromEnv(command, env), fromFlags(command, flags)];
  const { configDirs, configFiles } = resolveLayers(spoken).config;
  const read = await readConfigFiles({ dirs: configDirs, files: configFiles });
  const layers = [...(command === 'dev' ? [devDefaults()] : []), fromConsulJson(command, read.documents), ...spoken];
  const { config: said, origins, problems } = resolveLayers(layers);
  const files = await inspectCredentials(said, origins);
  const found = await findRecursors(said.recursors, origins);
  const wrong = [...read.problems, ...problems, ...files.problems, ...found.problems];
  if (wrong.length > 0) throw new ConfigError(wrong);
  const config: Config = Object.freeze({ ...said, recursors: found.recursors });
  const notes = layers.flatMap((layer) => layer.notes);
  for (const where of withoutEffect(command, config).map((name) => origins[name])) {
    if (where !== undefined) notes.push({ level: 'info', message: 'setting without effect', fields: { where } });
  }
  if (!config.httpSslVerify) {
    notes.push({ level: 'warn', message: "certificate of Consul's HTTP API is not verified", fields: {} });
  }
  return { config, origins, credentials: files.credentials, notes };
}

/** Consul's settings that files for Consul may have, and that mean nothing here. */
function withoutEffect(command: Command, { useCache }: Config): readonly SettingName[] {
  return [
    ...(useCache ? [] : (['cacheMaxAgeMs'] as const)),
    'preferNamespace',
    ...(command === 'serve' ? (['nodeName'] as const) : []),
  ];
}

/** What `serve` asks its Consul agent for, `dev` must know itself (http-api B1). */
function devDefaults(): Layer {
  const nodeName = hostname().replace(/[^A-Za-z0-9-]/g, '') || 'localhost';
  return { ...fromValues({ datacenter: 'dc1', nodeName }), origins: {} };
}
