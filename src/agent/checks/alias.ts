import type { CheckRow } from '../rows.js';
import type { StateStore } from '../store.js';
import type { CheckResult } from './result.js';

export interface AliasTarget {
  /** Empty: the agent's own node. */
  readonly node: string;
  /** Empty: the node itself. */
  readonly serviceId: string;
  /** The alias; as a check of its own target's node it would only repeat itself. */
  readonly checkId: string;
}

/** The worst status among the checks of a service and of its node. */
export function aliasResult(
  store: StateStore,
  ownNode: string,
  { node, serviceId, checkId }: AliasTarget,
): CheckResult {
  const nodeName = node || ownNode;
  if (serviceId !== '' && store.service(nodeName, serviceId) === undefined) {
    return { status: 'critical', output: `Service ${serviceId} could not be found on node ${node}` };
  }
  const checks = store
    .checksOn(nodeName)
    .filter((check) => check.id !== checkId && (check.serviceId === '' || check.serviceId === serviceId));
  const failing = checks.find(isCritical) ?? checks.find((check) => check.status === 'warning');
  if (failing === undefined) return { status: 'passing', output: 'All checks passing.' };
  return {
    status: isCritical(failing) ? 'critical' : 'warning',
    output: `Aliased check "${failing.name}" failing: ${failing.output}`,
  };
}

function isCritical({ status }: CheckRow): boolean {
  return status !== 'passing' && status !== 'warning';
}
