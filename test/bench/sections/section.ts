import type { Chart } from '../draw/chart.js';

/** One chapter of the benchmark. It starts what it needs, and ends it. */
export type Section = (plan: Plan) => Promise<Findings>;

export interface Plan {
  /** One short round: to see whether all works, not for figures. */
  readonly isQuick: boolean;
  /** For the Node.js of our server. */
  readonly nodeFlags: readonly string[];
  /** Of the first table, only loads whose names hold this. */
  readonly load: string;
  /** How long to soak. */
  readonly soakMs: number;
  readonly report: (progress: string) => void;
}

export interface Findings {
  readonly goals: readonly Goal[];
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  /** What all this was made from. */
  readonly data: unknown;
}

/** What we aim at, and what it came to. */
export interface Goal {
  readonly name: string;
  readonly measured: number;
  readonly unit: string;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader has to know to judge them. */
  readonly note?: string;
}

export function isMet({ bound, measured, limit }: Goal): boolean {
  return bound === 'at most' ? measured <= limit : measured >= limit;
}
