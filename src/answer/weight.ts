import type { Check, Instance } from '../catalog/model.js';

const KNOWN_STATUSES: ReadonlySet<string> = new Set(['passing', 'warning', 'critical']);

/**
 * The weight of an instance's SRV record by its health (dns-behaviour 8.3). Weight 0 says "only if there is no other"
 * (RFC 2782); instances in maintenance get it, where their checks do not exclude them altogether.
 */
export function weightOf({ service, checks, weights }: Instance): number {
  const own = checks.filter(({ serviceId, serviceName }) => serviceId === '' || serviceName === service);
  const statuses = new Set(own.filter((check) => !isMaintenance(check)).map(({ status }) => status));
  if ([...statuses].some((status) => !KNOWN_STATUSES.has(status))) return 1;
  if (statuses.has('critical') || own.some(isMaintenance)) return 0;
  return statuses.has('warning') ? weights.warning : weights.passing;
}

function isMaintenance({ id }: Check): boolean {
  return id === '_node_maintenance' || id.startsWith('_service_maintenance:');
}
