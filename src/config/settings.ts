import { ANSWER_SETTINGS } from './settings/answers.js';
import { BACKEND_SETTINGS } from './settings/backend.js';
import { FORWARDING_SETTINGS } from './settings/forwarding.js';
import { LISTENING_SETTINGS } from './settings/listening.js';
import { DEV_SETTINGS, PROCESS_SETTINGS } from './settings/process.js';
import type { Setting } from './settings/setting.js';

/** Every setting there is. */
export const SETTINGS = {
  ...LISTENING_SETTINGS,
  ...BACKEND_SETTINGS,
  ...ANSWER_SETTINGS,
  ...FORWARDING_SETTINGS,
  ...PROCESS_SETTINGS,
  ...DEV_SETTINGS,
};

/** The table's parts, as `--help` and the README show them. */
export const SETTING_GROUPS: readonly (readonly [title: string, rows: Readonly<Record<string, unknown>>])[] = [
  ['Listening', LISTENING_SETTINGS],
  ["Consul's HTTP API", BACKEND_SETTINGS],
  ['Answers', ANSWER_SETTINGS],
  ['Forwarding', FORWARDING_SETTINGS],
  ['Process', PROCESS_SETTINGS],
  ['Embedded agent (dev only)', DEV_SETTINGS],
];

export type SettingName = keyof typeof SETTINGS;

/** The whole configuration: complete, checked, in the units that the names end in. */
export type Config = {
  readonly [N in SettingName]: (typeof SETTINGS)[N] extends Setting<infer T> ? T : never;
};

/** The commands that take settings. */
export type Command = 'serve' | 'dev';

/** The same table, seen so that a row's type follows from its name. */
export const ROWS: { readonly [N in SettingName]: Setting<Config[N]> } = SETTINGS;

// Object.keys forgets the key type; SETTINGS is a literal with exactly these keys.
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

export function hasSetting(command: Command, name: SettingName): boolean {
  return (ROWS[name].only ?? command) === command;
}

/** The flag of a setting under a command. */
export function flagFor(command: Command, name: SettingName): string {
  const { flag, devFlag } = ROWS[name];
  return command === 'dev' ? (devFlag ?? flag) : flag;
}

// Holds: one entry for each setting, with that row's own fallback.
export const DEFAULT_CONFIG = Object.freeze(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, ROWS[name].fallback])),
) as Config;

/** A setting's value as a flag would have it; empty when there is none. */
export function formatSetting<N extends SettingName>(name: N, config: Config): string {
  const value = config[name];
  // No setting is ever null; to ask narrows the generic type.
  return value === undefined || value === null ? '' : ROWS[name].type.format(value);
}
