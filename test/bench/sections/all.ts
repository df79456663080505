import { runChurn } from './churn.js';
import { runFreshness } from './freshness.js';
import { runInstances } from './instances.js';
import { runLoads } from './loads.js';
import { runScale } from './scale.js';
import type { Section } from './section.js';
import { runSoak } from './soak.js';
import { runStart } from './start.js';
import { runWorkers } from './workers.js';

/** In the order of the report. */
export const SECTIONS = {
  loads: runLoads,
  instances: runInstances,
  scale: runScale,
  workers: runWorkers,
  start: runStart,
  freshness: runFreshness,
  churn: runChurn,
  soak: runSoak,
} as const satisfies Readonly<Record<string, Section>>;

export type SectionName = keyof typeof SECTIONS;

export const SECTION_NAMES = Object.keys(SECTIONS) as readonly SectionName[];
