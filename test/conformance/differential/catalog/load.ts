import type { RealConsul } from '../../../support/real-consul.js';
import { CONFIG_ENTRIES } from './mesh.js';
import { COORDINATES } from './nodes.js';
import { FAR_QUERIES, QUERIES } from './prepared-queries.js';
import { LAST_SERVICES, RICH_NODES, RICH_SERVICES, UNENCODABLE_NODES, UNENCODABLE_SERVICES } from './rich-catalog.js';

/** Registers everything, in both datacenters by way of the first; gives the IDs of the prepared queries. */
export async function loadRichCatalog(consul: RealConsul): Promise<readonly string[]> {
  await eachOf([...RICH_NODES, ...UNENCODABLE_NODES], (node) => consul.put('/v1/catalog/register', node));
  await eachOf([...RICH_SERVICES, ...UNENCODABLE_SERVICES], (service) => consul.put('/v1/catalog/register', service));
  for (const entry of CONFIG_ENTRIES) await consul.put('/v1/config', entry);
  for (const coordinate of COORDINATES) await consul.put('/v1/coordinate/update', coordinate);
  for (const query of FAR_QUERIES) await consul.request('POST', '/v1/query?dc=dc2', query);
  const ids: string[] = [];
  for (const query of QUERIES) {
    const { ID } = (await consul.request('POST', '/v1/query', query)) as { ID: string };
    ids.push(ID);
  }
  await eachOf(LAST_SERVICES, (service) => consul.put('/v1/catalog/register', service));
  return ids;
}

const AT_ONCE = 8;

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
