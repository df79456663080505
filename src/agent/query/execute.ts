import type { ServiceRow } from '../rows.js';
import type { StateStore } from '../store.js';
import { checkView, type JsonView, nodeView, serviceView } from '../views.js';
import type { QueryService } from './definition.js';

export interface ExecuteOptions {
  readonly datacenter: string;
  /** At most this many; 0 for all. */
  readonly limit: number;
  readonly random: () => number;
}

/** The instances that a query is for, in random order, or in their own when they are to be near something. */
export function executeQuery(store: StateStore, query: QueryService, options: ExecuteOptions): readonly JsonView[] {
  const { service, connect } = query;
  const rows = connect ? store.connectInstances(service) : store.instances(service);
  const wanted = rows.filter((row) => isHealthy(store, row, query) && hasFacts(store, row, query));
  const ordered = query.near === '' ? shuffled(wanted, options.random) : wanted;
  const limited = options.limit > 0 ? ordered.slice(0, options.limit) : ordered;
  return limited.flatMap((row) => {
    const node = store.node(row.nodeName);
    if (node === undefined) return [];
    const checks = store
      .checksOf(row)
      .map((check) => ({ ...checkView(check), ServiceTags: orNull(check.serviceTags) }));
    const view = { ...serviceView(row), Tags: orNull(row.tags) };
    return [{ Node: nodeView(node, options.datacenter), Service: view, Checks: checks }];
  });
}

function isHealthy(store: StateStore, row: ServiceRow, { onlyPassing, ignoreCheckIds }: QueryService): boolean {
  return store
    .checksOf(row)
    .filter(({ id }) => !(ignoreCheckIds ?? []).includes(id))
    .every(({ status }) => status === 'passing' || (!onlyPassing && status !== 'critical'));
}

function hasFacts(store: StateStore, row: ServiceRow, { tags, nodeMeta, serviceMeta }: QueryService): boolean {
  const own = new Set(row.tags.map((tag) => tag.toLowerCase()));
  const node = store.node(row.nodeName);
  return (
    (tags ?? []).every((tag) =>
      tag.startsWith('!') ? !own.has(tag.slice(1).toLowerCase()) : own.has(tag.toLowerCase()),
    ) &&
    [...(nodeMeta ?? [])].every(([key, value]) => node?.meta?.get(key) === value) &&
    [...(serviceMeta ?? [])].every(([key, value]) => row.meta?.get(key) === value)
  );
}

function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/** Executed queries show empty lists of tags so. */
function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
