/** Maintenance mode: a critical check that nobody runs, on one service or on the whole node (http-api B3). */
import type { LocalState } from './local-state.js';

export const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';

export function setNodeMaintenance(state: LocalState, isEnabled: boolean, reason: string): void {
  set(state, NODE_MAINTENANCE, { isEnabled, reason, name: 'Node Maintenance Mode', subject: 'node', serviceId: '' });
}

export function setServiceMaintenance(
  state: LocalState,
  serviceId: string,
  { isEnabled, reason }: { readonly isEnabled: boolean; readonly reason: string },
): void {
  const name = 'Service Maintenance Mode';
  set(state, SERVICE_MAINTENANCE + serviceId, { isEnabled, reason, name, subject: 'service', serviceId });
}

export function isMaintenance(checkId: string): boolean {
  return checkId === NODE_MAINTENANCE || checkId.startsWith(SERVICE_MAINTENANCE);
}

interface Mode {
  readonly isEnabled: boolean;
  readonly reason: string;
  readonly name: string;
  readonly subject: string;
  readonly serviceId: string;
}

/** Enabling twice keeps the first reason; disabling what is not enabled is fine. */
function set(state: LocalState, id: string, { isEnabled, reason, name, subject, serviceId }: Mode): void {
  if (!isEnabled) {
    state.removeCheck(id);
    return;
  }
  if (state.checks.has(id)) return;
  const fallback = `Maintenance mode is enabled for this ${subject}, but no reason was provided. This is a default message.`;
  state.putCheck(
    {
      id,
      name,
      notes: reason || fallback,
      serviceId,
      status: 'critical',
      probe: { kind: 'maintenance' },
      thresholds: { passing: 0, warning: 0, critical: 0 },
      deregisterAfterMs: 0,
      raised: [],
      outputMaxBytes: 0,
    },
    'http',
  );
}
