import { type Layer, LayerBuilder } from './layer.js';
import { type Command, flagFor, hasSetting, ROWS, SETTING_NAMES, type SettingName } from './settings.js';
import { isRecord } from './value-types.js';

/** What the command line says, by flag; a flag may be given several times. */
export type Flags = ReadonlyMap<string, readonly string[]>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration file, parsed. */
export interface ConfigDocument {
  readonly file: string;
  readonly json: unknown;
}

/** What the command line says; several mentions of a list add up, of anything else the last counts. */
export function fromFlags(command: Command, flags: Flags): Layer {
  const layer = new LayerBuilder();
  for (const name of settingsOf(command)) {
    const flag = flagFor(command, name);
    for (const text of flags.get(flag) ?? []) layer.take(name, flag, text, ROWS[name].type.parse(text));
  }
  return layer;
}

const OWN_PREFIX = 'CONSUL_DNSD_';
const OWN_VARIABLES: ReadonlySet<string> = new Set(SETTING_NAMES.flatMap((name) => ROWS[name].env));

/** What the environment says. An empty variable counts as unset, as the consul CLI has it. */
export function fromEnv(command: Command, env: Environment): Layer {
  const layer = new LayerBuilder();
  for (const name of settingsOf(command)) {
    const variable = ROWS[name].env.find((candidate) => isSet(env[candidate]));
    const text = variable === undefined ? undefined : env[variable];
    if (variable === undefined || text === undefined) continue;
    const value = ROWS[name].type.parse(text);
    if (value === undefined && ROWS[name].type.isSwitch && !variable.startsWith(OWN_PREFIX)) {
      // The consul CLI warns of CONSUL_HTTP_SSL=maybe and goes on; whoever shares its variables expects the same.
      layer.notes.push({
        level: 'warn',
        message: 'variable ignored, not a boolean',
        fields: { variable, value: text },
      });
    } else {
      layer.take(name, variable, text, value);
    }
  }
  const unknown = Object.keys(env).filter((name) => name.startsWith(OWN_PREFIX) && !OWN_VARIABLES.has(name));
  if (unknown.length > 0) {
    layer.notes.push({
      level: 'warn',
      message: 'unknown variables passed over',
      fields: { variables: unknown.sort() },
    });
  }
  return layer;
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}

/**
 * What Consul agent configuration files say, later files over earlier ones; lists and maps add up.
 *
 * Keys that Consul has and we do not are passed over, definitions of services and checks too (the embedded agent
 * reads those itself); below `consul_dnsd`, which is ours alone, an unknown key is a mistake.
 */
export function fromConsulJson(command: Command, documents: readonly ConfigDocument[]): Layer {
  const layer = new LayerBuilder();
  const mentions = new Map<string, Mention[]>();
  const unknown = new Set<string>();
  for (const { file, json } of documents) {
    if (!isRecord(json)) {
      layer.problems.push({ code: 'bad-file', where: file, message: 'must hold a JSON object' });
      continue;
    }
    for (const found of walk(json, '')) {
      const where = `${file}: ${found.key}`;
      if (found.kind === 'value') mentions.set(found.key, [...(mentions.get(found.key) ?? []), { ...found, where }]);
      else if (found.kind === 'not-an-object') {
        layer.problems.push({ code: 'bad-value', where, message: 'must be an object' });
      } else if (found.key.startsWith(`${OWN_BLOCK}.`)) {
        layer.problems.push({ code: 'unknown-setting', where, message: 'no such setting' });
      } else unknown.add(found.key);
    }
  }
  for (const name of settingsOf(command)) {
    const key = ROWS[name].keys.find((candidate) => mentions.has(candidate));
    if (key === undefined) continue;
    for (const { where, value } of mentions.get(key) ?? [])
      layer.take(name, where, value, ROWS[name].type.decode(value));
  }
  if (unknown.size > 0) {
    layer.notes.push({
      level: 'info',
      message: 'unknown Consul keys passed over',
      fields: { keys: [...unknown].sort() },
    });
  }
  return layer;
}

interface Mention {
  readonly where: string;
  readonly value: unknown;
}

type Found =
  | { readonly kind: 'value'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'not-an-object' | 'unknown'; readonly key: string };

const OWN_BLOCK = 'consul_dnsd';
const KEYS: ReadonlySet<string> = new Set(SETTING_NAMES.flatMap((name) => ROWS[name].keys));
const OBJECT_KEYS: ReadonlySet<string> = new Set([...KEYS].flatMap(ancestors));
const DEFINITIONS: ReadonlySet<string> = new Set(['service', 'services', 'check', 'checks']);

/** `a` and `a.b` for `a.b.c`. */
function ancestors(key: string): string[] {
  const parts = key.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

/** Everything a document says. Keys are compared without regard to case, as Consul does; null says nothing. */
function* walk(object: Readonly<Record<string, unknown>>, path: string): Generator<Found> {
  for (const [part, value] of Object.entries(object)) {
    const key = `${path}${part.toLowerCase()}`;
    if (value === null || DEFINITIONS.has(key)) continue;
    if (KEYS.has(key)) yield { kind: 'value', key, value };
    else if (!OBJECT_KEYS.has(key)) yield { kind: 'unknown', key };
    else {
      // Files converted from HCL hold blocks as arrays of one object; Consul takes them too.
      const block: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
      if (isRecord(block)) yield* walk(block, `${key}.`);
      else yield { kind: 'not-an-object', key };
    }
  }
}

function settingsOf(command: Command): readonly SettingName[] {
  return SETTING_NAMES.filter((name) => hasSetting(command, name));
}
