import type { NodeCheck } from './decode.js';

/** Checks by what makes each one itself. */
export type CheckTable = ReadonlyMap<string, NodeCheck>;

export function checkTableOf(checks: readonly NodeCheck[]): CheckTable {
  return new Map(checks.map((check) => [JSON.stringify([check.node, check.serviceId, check.id]), check]));
}

export function sameKeys(one: ReadonlySet<string> | CheckTable, other: ReadonlySet<string> | CheckTable): boolean {
  if (one.size !== other.size) return false;
  for (const key of one.keys()) if (!other.has(key)) return false;
  return true;
}

/** The names of the one that the other has not. */
export function onlyIn(one: ReadonlySet<string>, other: ReadonlySet<string>): string[] {
  return [...one].filter((name) => !other.has(name));
}

/** The checks that only one of the two has. */
export function changedChecks(one: CheckTable, other: CheckTable): NodeCheck[] {
  const changed: NodeCheck[] = [];
  for (const [key, check] of one) if (!other.has(key)) changed.push(check);
  for (const [key, check] of other) if (!one.has(key)) changed.push(check);
  return changed;
}
