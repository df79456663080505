import { CatalogError } from './catalog-error.js';
import type { DatacenterCatalog } from './datacenter-catalog.js';
import { allMaybe, type MaybePromise, mapMaybe } from './maybe-promise.js';
import type { Rows } from './source.js';

/**
 * The instances of all API gateways that expose a service (dns-behaviour 5.2, 18.6).
 *
 * Throws or rejects with a `CatalogError`, also when there are none but the configuration may have changed meanwhile.
 */
export function readBehindGateways(service: string, catalog: DatacenterCatalog): MaybePromise<Rows> {
  return mapMaybe(catalog.gatewaysExposing(service), ({ value: gateways, isStale, dependsOn }) => {
    const reads = gateways.map((gateway) => ({ view: 'service', service: gateway, peer: undefined }) as const);
    return mapMaybe(allMaybe(reads.map((read) => () => catalog.service(read))), (found) => {
      const instances = found.flatMap(({ value }) => value);
      if (isStale && instances.length === 0) throw unknownFor(service, catalog);
      return {
        kind: 'instances',
        instances,
        datacenter: catalog.name,
        isStale: isStale || found.some((rows) => rows.isStale),
        dependsOn: [...reads.map((read) => catalog.keys.service(read)), ...dependsOn, catalog.keys.backend],
      };
    });
  });
}

function unknownFor(service: string, { confidence: { downBy } }: DatacenterCatalog): CatalogError {
  const message = `Cannot read the API gateways of "${service}": nothing recent is known`;
  return new CatalogError(downBy?.code ?? 'unreachable', message, { cause: downBy });
}
