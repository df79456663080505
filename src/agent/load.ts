import type { Log } from '../telemetry/log.js';
import {
  DefinitionError,
  type DefinitionOptions,
  type Definitions,
  joinDefinitions,
  readDefinitionDir,
  readDefinitionFiles,
} from './definitions.js';
import type { Ledger } from './ledger.js';
import type { LocalState } from './local-state.js';
import { warnOfUnanswerableName } from './registration/service.js';

export interface DefinitionPaths {
  readonly dirs: readonly string[];
  readonly files: readonly string[];
}

/** Everything that the directories and files define, in the order in which they are named. */
export async function readDefinitions(
  { dirs, files }: DefinitionPaths,
  options: DefinitionOptions,
): Promise<Definitions> {
  const all: Definitions[] = [];
  for (const dir of dirs) all.push(await readDefinitionDir(dir, options));
  all.push(await readDefinitionFiles(files, options));
  return joinDefinitions(all);
}

/**
 * Puts the definitions in the place of those that were loaded before, as one change or, when a check names a service
 * that is not there, not at all. What was registered over HTTP stays (http-api B1).
 */
export function applyDefinitions(
  definitions: Definitions,
  { state, ledger, log }: { readonly state: LocalState; readonly ledger: Ledger; readonly log: Log },
): void {
  const services = new Map(definitions.services.map((service) => [service.facts.id, service]));
  const checks = [
    ...[...services.values()].flatMap((service) => service.checks),
    ...definitions.checks.map(({ definition }) => definition),
  ];
  for (const { definition, file } of definitions.checks) {
    const { name, serviceId } = definition;
    if (serviceId === '' || services.has(serviceId) || state.services.get(serviceId)?.origin === 'http') continue;
    const problem = `Failed to register check '${name}': ServiceID ${JSON.stringify(serviceId)} does not exist`;
    throw new DefinitionError('invalid', file, `${file}: ${problem}`);
  }
  const checkIds = new Set(checks.map(({ id }) => id));
  ledger.write(() => {
    for (const [id, { origin }] of state.services) if (origin === 'file' && !services.has(id)) state.removeService(id);
    for (const [id, { origin }] of state.checks) if (origin === 'file' && !checkIds.has(id)) state.removeCheck(id);
    for (const { facts } of services.values()) {
      warnOfUnanswerableName(facts, log);
      state.putService(facts, 'file');
    }
    for (const check of checks) state.putCheck(check, 'file');
  });
}
