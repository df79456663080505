import type { ConfigNote, ConfigProblem } from './config-error.js';
import { type Config, ROWS, type SettingName } from './settings.js';

/** Where each value came from, as the user knows it. */
export type Origins = Readonly<Partial<Record<SettingName, string>>>;

/** What one source says, and what it says wrongly. */
export interface Layer {
  readonly values: Partial<Config>;
  readonly origins: Origins;
  readonly problems: readonly ConfigProblem[];
  readonly notes: readonly ConfigNote[];
}

/** Values that are typed already, for instance a program's. */
export function fromValues(values: Partial<Config>, origin = 'given'): Layer {
  const origins = Object.fromEntries(Object.keys(values).map((name) => [name, origin]));
  return { values, origins, problems: [], notes: [] };
}

/** Puts a layer together, mention by mention. */
export class LayerBuilder implements Layer {
  readonly values: { -readonly [N in SettingName]?: Config[N] } = {};
  readonly origins: Partial<Record<SettingName, string>> = {};
  readonly problems: ConfigProblem[] = [];
  readonly notes: ConfigNote[] = [];

  /** Takes one mention of a setting: what was written, and what it means or undefined when it means nothing. */
  take<N extends SettingName>(name: N, where: string, written: unknown, value: (Config[N] & {}) | undefined): void {
    const { type, passedOver, isSecret } = ROWS[name];
    if (passedOver?.includes(String(written)) === true) {
      this.notes.push({ level: 'info', message: 'setting passed over', fields: { where, value: written } });
    } else if (value === undefined) {
      const shown = isSecret === true ? '' : `, not ${show(written)}`;
      this.problems.push({ code: 'bad-value', where, message: `must be ${type.expects}${shown}` });
    } else {
      const earlier = this.values[name] ?? undefined;
      this.values[name] = earlier === undefined ? value : type.merge(earlier, value);
      this.origins[name] = where;
    }
  }
}

const LONGEST_SHOWN = 80;

/** What was written, as JSON; without the user information that an address may have in it. */
function show(written: unknown): string {
  const text = (JSON.stringify(written) ?? String(written)).replace(/\/\/[^/"\s]*@/g, '//(hidden)@');
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
