/**
 * The catalog: nodes, services and checks, each with the indexes that decide which long poll wakes for which change
 * (http-api B2.2, A3.2). Names and ids are found in any letter case, as in Consul.
 */
import { isDeepStrictEqual } from 'node:util';
import { HttpError } from './http-error.js';
import type { Ledger, Write } from './ledger.js';
import { compareText, valuesByKey } from './order.js';
import type { CheckRow, NodeRow, ServiceRow } from './rows.js';
import { ANY_SERVICE, connectKey, ServiceGroups, serviceKey } from './service-groups.js';

type Unindexed<Row> = Omit<Row, 'createIndex' | 'modifyIndex'>;
export type NodeEntry = Unindexed<NodeRow>;
export type ServiceEntry = Unindexed<ServiceRow>;
/** A check; the name and tags its service has at that moment are filled in (and, as in Consul, stay as they are). */
export type CheckEntry = Omit<Unindexed<CheckRow>, 'serviceName' | 'serviceTags'>;

/** A node with what is registered on it. */
interface Host {
  row: NodeRow;
  readonly services: Map<string, ServiceRow>;
  readonly checks: Map<string, CheckRow>;
}

export const NODES = 'nodes';
export const SERVICES = 'services';
export const CHECKS = 'checks';
const nodeKey = (name: string): string => `node/${name.toLowerCase()}`;

/** Where a read stands: the index to answer with and the keys to wait on. */
export interface Position {
  readonly index: number;
  readonly wakeOn: readonly string[];
}

export class StateStore {
  readonly #ledger: Ledger;
  readonly #hosts = new Map<string, Host>();
  /** The key in `#hosts` of the node with an id. */
  readonly #nodeIds = new Map<string, string>();
  readonly #groups = new ServiceGroups();
  readonly #tableIndexes = { [NODES]: 0, [SERVICES]: 0, [CHECKS]: 0 };

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  // Reading

  tablePosition(table: typeof NODES | typeof SERVICES | typeof CHECKS): Position {
    return { index: Math.max(1, this.#tableIndexes[table]), wakeOn: [table] };
  }

  servicePosition(name: string): Position {
    return this.#groupPosition(serviceKey(name));
  }

  connectPosition(name: string): Position {
    return this.#groupPosition(connectKey(name));
  }

  nodePosition(name: string): Position {
    const index = this.#hosts.has(name.toLowerCase())
      ? Math.max(this.#tableIndexes[NODES], this.#tableIndexes[SERVICES])
      : 1;
    return { index, wakeOn: [nodeKey(name)] };
  }

  nodes(): readonly NodeRow[] {
    return valuesByKey(this.#hosts).map((host) => host.row);
  }

  node(name: string): NodeRow | undefined {
    return this.#hosts.get(name.toLowerCase())?.row;
  }

  /** The spelling under which each service was registered, with all its instances. */
  services(): ReturnType<ServiceGroups['services']> {
    return this.#groups.services();
  }

  /** The instances of a service, by node and then by id. */
  instances(name: string): readonly ServiceRow[] {
    return this.#groups.rows(serviceKey(name));
  }

  /** What stands for a service in the mesh: its proxies and its native instances. */
  connectInstances(name: string): readonly ServiceRow[] {
    return this.#groups.rows(connectKey(name));
  }

  servicesOn(nodeName: string): readonly ServiceRow[] {
    return valuesByKey(this.#hosts.get(nodeName.toLowerCase())?.services ?? new Map<string, ServiceRow>());
  }

  service(nodeName: string, id: string): ServiceRow | undefined {
    return this.#hosts.get(nodeName.toLowerCase())?.services.get(id.toLowerCase());
  }

  check(nodeName: string, id: string): CheckRow | undefined {
    return this.#hosts.get(nodeName.toLowerCase())?.checks.get(id);
  }

  /** All checks of a node, by id. */
  checksOn(nodeName: string): readonly CheckRow[] {
    return valuesByKey(this.#hosts.get(nodeName.toLowerCase())?.checks ?? new Map<string, CheckRow>());
  }

  /** The checks that decide an instance's health: the node's first, then its own. */
  checksOf(service: ServiceRow): readonly CheckRow[] {
    const checks = [...(this.#hosts.get(service.nodeName.toLowerCase())?.checks.values() ?? [])];
    const own = checks.filter((check) => isCheckOf(check, service));
    return [...checks.filter((check) => check.serviceId === '').sort(byId), ...own.sort(byId)];
  }

  checks(): readonly CheckRow[] {
    return this.nodes().flatMap((node) => this.checksOn(node.name));
  }

  // Writing

  /** Several writes as one: they share an index, and waiters wake once, when all is done. */
  change(writes: () => void): void {
    this.#ledger.write(writes);
  }

  putNode(entry: NodeEntry): void {
    this.#ledger.write((write) => {
      this.#renameNode(entry, write);
      const host = this.#hosts.get(entry.name.toLowerCase());
      const row = indexed(entry, host?.row, write);
      if (row === host?.row) return;
      if (host === undefined)
        this.#hosts.set(entry.name.toLowerCase(), { row, services: new Map(), checks: new Map() });
      else host.row = row;
      if (row.id !== '') this.#nodeIds.set(row.id, entry.name.toLowerCase());
      this.#touchTable(NODES, write);
      write.touch(nodeKey(entry.name));
      for (const service of host?.services.values() ?? []) this.#groups.touch(service, write);
    });
  }

  putService(entry: ServiceEntry): void {
    this.#ledger.write((write) => {
      const host = this.#hostOf(entry.nodeName, `Missing node registration`);
      const previous = host.services.get(entry.id.toLowerCase());
      const row = indexed(entry, previous, write);
      if (row === previous) return;
      host.services.set(entry.id.toLowerCase(), row);
      const isRenamed = previous !== undefined && serviceKey(previous.service) !== serviceKey(row.service);
      // Added first: a group must not die in between.
      this.#groups.add(row, write);
      if (previous !== undefined) this.#groups.remove(previous, write);
      this.#touchTable(SERVICES, write);
      write.touch(nodeKey(row.nodeName));
      if (!isRenamed) write.touch(ANY_SERVICE);
    });
  }

  putCheck(entry: CheckEntry): void {
    this.#ledger.write((write) => {
      const host = this.#hostOf(entry.nodeName, 'failed inserting check: Missing node registration');
      const service = host.services.get(entry.serviceId.toLowerCase());
      if (entry.serviceId !== '' && service === undefined) {
        throw new HttpError(500, `failed inserting check: Missing service registration on node "${entry.nodeName}"`);
      }
      const previous = host.checks.get(entry.id);
      const filled = { ...entry, serviceName: service?.service ?? '', serviceTags: service?.tags ?? [] };
      const row = indexed<CheckRow>(filled, previous, write);
      if (row === previous) return;
      host.checks.set(entry.id, row);
      this.#touchCheck(host, row, write);
      if (previous !== undefined && previous.serviceId !== row.serviceId) this.#touchCheck(host, previous, write);
    });
  }

  deleteNode(name: string): void {
    this.#ledger.write((write) => {
      const host = this.#hosts.get(name.toLowerCase());
      if (host === undefined) return;
      for (const service of [...host.services.values()]) this.deleteService(name, service.id);
      for (const check of [...host.checks.values()]) this.deleteCheck(name, check.id);
      this.#hosts.delete(name.toLowerCase());
      this.#nodeIds.delete(host.row.id);
      this.#touchTable(NODES, write);
      write.touch(nodeKey(name));
    });
  }

  deleteService(nodeName: string, id: string): void {
    this.#ledger.write((write) => {
      const host = this.#hosts.get(nodeName.toLowerCase());
      const row = host?.services.get(id.toLowerCase());
      if (host === undefined || row === undefined) return;
      for (const check of [...host.checks.values()]) if (isCheckOf(check, row)) this.deleteCheck(nodeName, check.id);
      host.services.delete(id.toLowerCase());
      this.#groups.remove(row, write);
      this.#touchTable(SERVICES, write);
      write.touch(nodeKey(nodeName), ANY_SERVICE);
    });
  }

  deleteCheck(nodeName: string, id: string): void {
    this.#ledger.write((write) => {
      const host = this.#hosts.get(nodeName.toLowerCase());
      const row = host?.checks.get(id);
      if (host === undefined || row === undefined) return;
      host.checks.delete(id);
      this.#touchCheck(host, row, write);
    });
  }

  /** A node that comes with the id of another one takes that one's place, with all that is on it. */
  #renameNode(entry: NodeEntry, write: Write): void {
    const key = this.#nodeIds.get(entry.id);
    const host = this.#hosts.get(key ?? '');
    if (host === undefined || key === entry.name.toLowerCase()) return;
    const { row, services, checks } = {
      ...host,
      services: [...host.services.values()],
      checks: [...host.checks.values()],
    };
    this.deleteNode(row.name);
    const renamed = { ...row, ...entry, modifyIndex: write.index };
    this.#hosts.set(entry.name.toLowerCase(), { row: renamed, services: new Map(), checks: new Map() });
    this.#nodeIds.set(entry.id, entry.name.toLowerCase());
    this.#touchTable(NODES, write);
    write.touch(nodeKey(entry.name));
    for (const service of services) this.putService({ ...service, nodeName: entry.name });
    for (const check of checks) this.putCheck({ ...check, nodeName: entry.name });
  }

  #hostOf(nodeName: string, problem: string): Host {
    const host = this.#hosts.get(nodeName.toLowerCase());
    if (host === undefined) throw new HttpError(500, `${problem} on node "${nodeName}"`);
    return host;
  }

  #groupPosition(key: string): Position {
    return { index: this.#groups.index(key) ?? this.#newestTable(), wakeOn: this.#groups.wakeOn(key) };
  }

  #touchTable(table: typeof NODES | typeof SERVICES | typeof CHECKS, write: Write): void {
    this.#tableIndexes[table] = write.index;
    write.touch(table);
  }

  #touchCheck(host: Host, check: CheckRow, write: Write): void {
    this.#touchTable(CHECKS, write);
    for (const service of host.services.values()) {
      if (check.serviceId === '' || isCheckOf(check, service)) this.#groups.touch(service, write);
    }
  }

  #newestTable(): number {
    return Math.max(1, ...Object.values(this.#tableIndexes));
  }
}

/** The row to store: the previous one itself when nothing differs, so that an equal write changes nothing. */
function indexed<Row extends { readonly createIndex: number; readonly modifyIndex: number }>(
  entry: Unindexed<Row>,
  previous: Row | undefined,
  write: Write,
): Row {
  // An entry with its two indexes is a row; TypeScript cannot see that through Omit.
  const row = { ...entry, createIndex: previous?.createIndex ?? write.index, modifyIndex: write.index } as Row;
  if (previous === undefined) return row;
  return isDeepStrictEqual({ ...row, modifyIndex: previous.modifyIndex }, previous) ? previous : row;
}

function isCheckOf(check: CheckRow, service: ServiceRow): boolean {
  return check.serviceId !== '' && check.serviceId.toLowerCase() === service.id.toLowerCase();
}

function byId(a: CheckRow, b: CheckRow): number {
  return compareText(a.id, b.id);
}
