import type { ValueType } from '../value-types.js';

/** One row of the settings table: flags, environment, file reader, checks, help and README are all made from it. */
export interface Setting<T> {
  /** Long flag, for instance `--dns-port`. */
  readonly flag: string;
  /** The flag's name under `dev`, where Consul's own is another. */
  readonly devFlag?: string;
  /** Environment variables; the first that is set counts. */
  readonly env: readonly string[];
  /** Dotted paths into a Consul agent's JSON file; the first that is there counts. */
  readonly keys: readonly string[];
  readonly type: ValueType<T & {}>;
  /** The value when nobody says anything; undefined when there is then none. The row's type follows from `type` alone. */
  readonly fallback: NoInfer<T>;
  /** The fallback in words, where the value says too little. */
  readonly fallbackText?: string;
  /** The only command that has the setting; both have it when left out. */
  readonly only?: 'serve' | 'dev';
  /** Values with which Consul says "not this", passed over here; as text. */
  readonly passedOver?: readonly string[];
  /** Takes effect on SIGHUP. */
  readonly reloadable: boolean;
  /** Never shown. */
  readonly isSecret?: true;
  readonly help: string;
}

/** Gives a row its exact value type. */
export function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}
