import type { Origins } from './layer.js';
import {
  type Command,
  type Config,
  DEFAULT_CONFIG,
  flagFor,
  formatSetting,
  hasSetting,
  ROWS,
  SETTING_GROUPS,
  SETTING_NAMES,
  type SettingName,
} from './settings.js';

/** A setting as people read about it. */
export interface SettingDescription {
  readonly name: SettingName;
  /** `Listening`, `Answers`, ... */
  readonly group: string;
  readonly flag: string;
  /** Stands for the flag's value; a switch may go without. */
  readonly placeholder: string;
  readonly isSwitch: boolean;
  readonly env: readonly string[];
  readonly keys: readonly string[];
  /** In words; empty when there is none. */
  readonly fallback: string;
  readonly reloadable: boolean;
  readonly help: string;
}

/** The settings of a command in the table's order, with the flags as that command has them; all when left out. */
export function describeSettings(command?: Command): readonly SettingDescription[] {
  const names = SETTING_NAMES.filter((name) => command === undefined || hasSetting(command, name));
  return names.map((name) => {
    const { type, env, keys, fallbackText, reloadable, help } = ROWS[name];
    return {
      name,
      group: SETTING_GROUPS.find(([, rows]) => name in rows)?.[0] ?? '',
      flag: flagFor(command ?? 'serve', name),
      placeholder: type.placeholder,
      isSwitch: type.isSwitch,
      env,
      keys,
      fallback: fallbackText ?? formatSetting(name, DEFAULT_CONFIG),
      reloadable,
      help,
    };
  });
}

/** README's tables of settings, in Markdown. */
export function settingsMarkdown(): string {
  const settings = describeSettings();
  const tables = SETTING_GROUPS.map(([title]) => {
    const rows = settings.filter(({ group }) => group === title).map(markdownRow);
    return [
      `### ${title}`,
      '',
      '| flag | environment | key in a file | default | meaning |',
      '|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return ['(R) marks what a running process takes over on SIGHUP.\n', ...tables].join('\n');
}

function markdownRow({ flag, env, keys, fallback, reloadable, help }: SettingDescription): string {
  const code = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');
  const cells = [code([flag]), code(env), code(keys), fallback, reloadable ? `${help} (R)` : help];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('*', '\\*')).join(' | ')} |`;
}

/** The whole configuration, a line each: flag, value and where the value came from. Secrets are left out. */
export function formatConfig(command: Command, config: Config, origins: Origins): string {
  const names = SETTING_NAMES.filter((name) => hasSetting(command, name));
  const rows = names.map((name) => [flagFor(command, name), shownValue(name, config), origins[name] ?? 'default']);
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [flagWidth, valueWidth] = [width(0), Math.min(width(1), 40)];
  return rows
    .map(([flag = '', value = '', origin = '']) => `${flag.padEnd(flagWidth)}  ${value.padEnd(valueWidth)}  ${origin}`)
    .join('\n');
}

function shownValue(name: SettingName, config: Config): string {
  const value = formatSetting(name, config);
  if (value === '') return '-';
  return ROWS[name].isSecret === true ? '(hidden)' : value;
}
