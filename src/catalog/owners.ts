import { CatalogError } from './catalog-error.js';
import type { DatacenterCatalog } from './datacenter-catalog.js';
import { canonicalAddress } from './node-table.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';
import type { AddressOwner } from './source.js';

export interface Owners {
  /** Nodes first. */
  readonly owners: readonly AddressOwner[];
  readonly isStale: boolean;
  /** The services looked at. */
  readonly dependsOn: readonly string[];
}

/** More names for one address than any client looks at. */
const MAX_SERVICES = 16;

/**
 * Who has an address: nodes, then services whose instances registered it as their own (dns-behaviour 18.4).
 *
 * Health does not matter. Rejects with a `CatalogError` when nobody is known to have it and that may be for want of data.
 */
export async function readOwners(address: string, catalog: DatacenterCatalog, parts: CatalogParts): Promise<Owners> {
  if (catalog.nodes === undefined) await atMost(FIRST_READ_MS, catalog.loaded, parts);
  const nodes = (catalog.nodes?.at(address) ?? []).map(
    ({ name, datacenter }): AddressOwner => ({ kind: 'node', name, datacenter: datacenter.toLowerCase() }),
  );
  const services = parts.settings().reverseScope === 'all' ? await servicesAt(address, catalog, parts) : [];
  const owners = [
    ...nodes,
    ...(services ?? []).map((name): AddressOwner => ({ kind: 'service', name, datacenter: catalog.name })),
  ];
  assertUsable(address, { owners, isComplete: services !== undefined, catalog, parts });
  const dependsOn = (services ?? []).map((name) => catalog.keys.listed(name));
  return { owners, isStale: catalog.confidence.isCutOff, dependsOn };
}

/** The services with that address; undefined when not all of them could be looked at in time. */
async function servicesAt(
  address: string,
  catalog: DatacenterCatalog,
  parts: CatalogParts,
): Promise<readonly string[] | undefined> {
  const { addresses, serviceNames, confidence } = catalog;
  if (serviceNames !== undefined && confidence.downBy === undefined) {
    const loading = addresses.load(serviceNames);
    if (!addresses.isComplete) await atMost(FIRST_READ_MS, loading, parts);
  }
  // The index may be a minute old; the rows themselves are not.
  const hasIt = async (service: string): Promise<boolean> => {
    try {
      const { value } = await catalog.service({ view: 'service', service, peer: undefined });
      return value.some((instance) => canonicalAddress(instance.address) === address);
    } catch {
      return true;
    }
  };
  const candidates = addresses.ownersOf(address).slice(0, MAX_SERVICES);
  const answers = await Promise.all(candidates.map(hasIt));
  const names = candidates.filter((_name, index) => answers[index]);
  return names.length === 0 && !addresses.isComplete ? undefined : names;
}

interface Finding {
  readonly owners: readonly AddressOwner[];
  readonly isComplete: boolean;
  readonly catalog: DatacenterCatalog;
  readonly parts: CatalogParts;
}

/** While the backend is away, old owners will do for a time, but "nobody" will not. */
function assertUsable(address: string, { owners, isComplete, catalog, parts }: Finding): void {
  const { isCutOff, vouchedUntil, downBy } = catalog.confidence;
  if (isCutOff && (owners.length === 0 || parts.clock.now() - vouchedUntil >= parts.settings().staleMaxAgeMs)) {
    const code = downBy?.code ?? 'unreachable';
    throw new CatalogError(code, `Cannot read the owners of ${address}: nothing recent is known`, { cause: downBy });
  }
  if (owners.length > 0 || isComplete) return;
  throw new CatalogError('timeout', `Cannot read the owners of ${address}: not all services were looked at yet`);
}

async function atMost(ms: number, promise: Promise<void>, { clock, signal }: CatalogParts): Promise<void> {
  await Promise.race([promise, clock.sleep(ms, { signal })]);
}
