import { type Config, formatSetting, ROWS, SETTING_NAMES, type SettingName } from './settings.js';

export interface Reload {
  /** The running configuration with the new values of settings that can change under way. */
  readonly config: Config;
  /** Settings whose new values have to wait for the next start. */
  readonly waiting: readonly SettingName[];
}

/** What reading the configuration again comes to for a running process. */
export function reloadConfig(running: Config, next: Config): Reload {
  const waiting = SETTING_NAMES.filter((name) => !ROWS[name].reloadable && isChanged(name, running, next));
  const kept = Object.fromEntries(waiting.map((name) => [name, running[name]]));
  return { config: Object.freeze({ ...next, ...kept }), waiting };
}

function isChanged(name: SettingName, running: Config, next: Config): boolean {
  return formatSetting(name, running) !== formatSetting(name, next);
}
