/** The data of a scripted Consul: what each endpoint answers, at which index (http-api A3.2, A5). */

export interface FakeCheck {
  readonly id: string;
  readonly status: string;
  readonly output?: string;
}

export interface FakeNode {
  readonly name: string;
  readonly address: string;
  readonly taggedAddresses?: Readonly<Record<string, string>>;
  readonly meta?: Readonly<Record<string, string>>;
  /** Checks of the whole node. */
  readonly checks?: readonly FakeCheck[];
}

export interface FakeInstance {
  /** `node-1` when left out; an unknown node is made up with an address of its own. */
  readonly node?: string;
  /** The service's name when left out. */
  readonly id?: string;
  readonly address?: string;
  readonly port?: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly taggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  readonly kind?: string;
  readonly ports?: readonly { readonly Name: string; readonly Port: number; readonly Default?: boolean }[];
  /** One passing check when left out. */
  readonly checks?: readonly FakeCheck[];
}

export interface FakeQuery {
  readonly service: string;
  /** `DNS.TTL`; empty when left out. */
  readonly ttl?: string;
  readonly datacenter?: string;
  /** The instances of `service` when left out; may depend on who asks. */
  readonly instances?: readonly FakeInstance[] | ((sourceAddress: string) => readonly FakeInstance[]);
}

export type ServiceTable = 'service' | 'connect' | 'ingress';

type Table = 'nodes' | 'services' | 'checks';

interface Stored {
  readonly name: string;
  readonly instances: readonly FakeInstance[];
  index: number;
}

export interface Reading {
  /** Undefined where the endpoint has none. */
  readonly index: number | undefined;
  readonly body: unknown;
}

/** One datacenter's data. Every write takes the next index and wakes those who wait. */
export class FakeCatalog {
  readonly datacenter: string;
  readonly queries = new Map<string, FakeQuery>();
  readonly #nodes = new Map<string, FakeNode>();
  readonly #services: Record<ServiceTable, Map<string, Stored>> = {
    service: new Map(),
    connect: new Map(),
    ingress: new Map(),
  };
  /** Configuration entries by kind, as they are sent; a kind that was never set is unknown. */
  readonly #config = new Map<string, { readonly entries: readonly unknown[]; readonly index: number }>();
  readonly #waiters = new Set<() => void>();
  #index = 10;
  #indexes = { nodes: 10, services: 10, checks: 10, extinction: 10 };

  constructor(datacenter: string) {
    this.datacenter = datacenter;
    this.setNode({ name: 'node-1', address: '10.0.0.1' });
    this.setService('consul', [{ port: 8300, checks: [] }]);
  }

  setNode(node: FakeNode): void {
    const { checks: before = [] } = this.#nodes.get(node.name.toLowerCase()) ?? {};
    this.#nodes.set(node.name.toLowerCase(), node);
    this.#write(['nodes', ...(sameText(before, node.checks ?? []) ? [] : (['checks'] as const))], (stored) =>
      stored.instances.some((instance) => nodeOf(instance) === node.name),
    );
  }

  /** Takes the node and all its instances away. */
  removeNode(name: string): void {
    this.#nodes.delete(name.toLowerCase());
    for (const table of Object.values(this.#services)) {
      for (const [key, stored] of table) {
        const instances = stored.instances.filter((instance) => nodeOf(instance) !== name);
        if (instances.length === 0) table.delete(key);
        else if (instances.length < stored.instances.length) table.set(key, { ...stored, instances });
      }
    }
    this.#indexes.extinction = this.#index + 1;
    this.#write(['nodes', 'services', 'checks']);
  }

  /**
   * Sets all instances of a service; none takes it away. `isSilent` leaves its own index where it is, as a rename under
   * the same ID does (http-api A1.7).
   */
  setService(
    name: string,
    instances: readonly FakeInstance[],
    { table = 'service', isSilent = false }: { readonly table?: ServiceTable; readonly isSilent?: boolean } = {},
  ): void {
    const services = this.#services[table];
    const key = name.toLowerCase();
    const before = services.get(key);
    for (const instance of instances) this.#inventNode(nodeOf(instance));
    if (instances.length === 0) {
      services.delete(key);
      if (!isSilent) this.#indexes.extinction = this.#index + 1;
    } else {
      services.set(key, { name, instances, index: before?.index ?? this.#index + 1 });
    }
    const checksChanged = !sameText(before?.instances.map(checksOf), instances.map(checksOf));
    this.#write(['services', ...(checksChanged ? (['checks'] as const) : [])], (stored) =>
      isSilent ? false : stored === services.get(key),
    );
  }

  /** Changes the status of all checks of a service's instances: nothing but the checks moves. */
  setStatus(service: string, status: string, { output }: { readonly output?: string } = {}): void {
    const key = service.toLowerCase();
    const stored = this.#services.service.get(key);
    if (stored === undefined) throw new Error(`Cannot set the status of "${service}": there is no such service`);
    const check = { status, ...(output !== undefined && { output }) };
    const instances = stored.instances.map((instance) => ({
      ...instance,
      checks: checksOf(instance).map((before) => ({ ...before, ...check })),
    }));
    const next = { ...stored, instances };
    this.#services.service.set(key, next);
    this.#write(['checks'], (other) => other === next);
  }

  /** Sets all configuration entries of a kind. */
  setConfig(kind: string, entries: readonly unknown[]): void {
    this.#config.set(kind, { entries, index: this.#index + 1 });
    this.#write([]);
  }

  /** As a restored snapshot does: the data stays, all indexes fall. */
  restartIndexes(): void {
    this.#index = 5;
    this.#indexes = { nodes: 5, services: 5, checks: 5, extinction: 5 };
    for (const table of Object.values(this.#services)) for (const stored of table.values()) stored.index = 5;
    this.#wake();
  }

  /** Moves every index without any change. */
  touch(): void {
    this.#write(['nodes', 'services', 'checks'], () => true);
  }

  /** Resolves at the next write. */
  nextWrite(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiters.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      this.#waiters.add(end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }

  /** What a path (without `/v1/`) answers now; undefined when there is no such endpoint. */
  read(path: readonly string[], sourceAddress: string): Reading | undefined {
    const [area, what, name = '', action] = path;
    switch (`${area}/${what}`) {
      case 'catalog/nodes':
        return { index: this.#indexes.nodes, body: [...this.#nodes.values()].map((node) => this.#nodeRow(node)) };
      case 'catalog/services':
        return { index: this.#indexes.services, body: this.#serviceTags() };
      case 'catalog/node':
        return this.#readNode(name);
      case 'catalog/service':
        return this.#readService('service', name, (instance, stored) => this.#catalogRow(instance, stored.name));
      case 'health/service':
      case 'health/connect':
      case 'health/ingress':
        return this.#readService(what as ServiceTable, name, (instance, stored) => this.#entry(instance, stored.name));
      case 'health/state':
        return { index: this.#indexes.checks, body: this.#allChecks().filter((check) => check['Status'] === name) };
      case 'agent/self':
        return { index: undefined, body: { Config: { Datacenter: this.datacenter, NodeName: 'node-1' } } };
      case 'status/leader':
        return { index: undefined, body: '127.0.0.1:8300' };
    }
    const config = area === 'config' ? this.#config.get(what ?? '') : undefined;
    if (config !== undefined) return { index: config.index, body: config.entries };
    return area === 'query' && what !== undefined && name === 'execute' && action === undefined
      ? this.#execute(what, sourceAddress)
      : undefined;
  }

  #write(tables: readonly Table[], moves: (stored: Stored) => boolean = () => false): void {
    this.#index += 1;
    for (const table of tables) this.#indexes[table] = this.#index;
    for (const table of Object.values(this.#services)) {
      for (const stored of table.values()) if (moves(stored)) stored.index = this.#index;
    }
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  #inventNode(name: string): void {
    if (this.#nodes.has(name.toLowerCase())) return;
    const number = this.#nodes.size + 1;
    this.setNode({ name, address: `10.0.${number >> 8}.${number & 255}` });
  }

  #serviceTags(): Record<string, readonly string[]> {
    const names = [...this.#services.service.values()];
    return Object.fromEntries(
      names.map(({ name, instances }) => [name, [...new Set(instances.flatMap(({ tags = [] }) => tags))].reverse()]),
    );
  }

  #readNode(name: string): Reading {
    const node = this.#nodes.get(name.toLowerCase());
    if (node === undefined) return { index: 1, body: null };
    return { index: this.#indexes.nodes, body: { Node: this.#nodeRow(node), Services: {} } };
  }

  #readService(table: ServiceTable, name: string, rowOf: (instance: FakeInstance, stored: Stored) => unknown): Reading {
    const stored = this.#services[table].get(name.toLowerCase());
    if (stored === undefined) return { index: this.#indexes.extinction, body: [] };
    return { index: stored.index, body: stored.instances.map((instance) => rowOf(instance, stored)) };
  }

  #execute(name: string, sourceAddress: string): Reading | undefined {
    const query = this.queries.get(name.toLowerCase());
    if (query === undefined) return undefined;
    const { service, ttl = '', datacenter = this.datacenter } = query;
    const given = typeof query.instances === 'function' ? query.instances(sourceAddress) : query.instances;
    const instances = given ?? this.#services.service.get(service.toLowerCase())?.instances ?? [];
    for (const instance of instances) this.#inventNode(nodeOf(instance));
    const nodes = instances.map((instance) => this.#entry(instance, service));
    return {
      index: undefined,
      body: { Service: service, Nodes: nodes, DNS: { TTL: ttl }, Datacenter: datacenter, Failovers: 0 },
    };
  }

  #nodeRow({ name, address, taggedAddresses, meta }: FakeNode): Record<string, unknown> {
    return {
      ID: '',
      Node: name,
      Address: address,
      Datacenter: this.datacenter,
      TaggedAddresses: taggedAddresses ?? null,
      Meta: meta ?? null,
      CreateIndex: 1,
      ModifyIndex: this.#index,
    };
  }

  #entry(instance: FakeInstance, service: string): unknown {
    const node = this.#nodes.get(nodeOf(instance).toLowerCase());
    if (node === undefined) throw new Error(`Cannot show an instance on "${nodeOf(instance)}": there is no such node`);
    return {
      Node: this.#nodeRow(node),
      Service: {
        ID: instance.id ?? service,
        Service: service,
        Tags: instance.tags ?? null,
        Address: instance.address ?? '',
        Port: instance.port ?? 0,
        Meta: instance.meta ?? null,
        ModifyIndex: this.#index,
        ...(instance.kind !== undefined && { Kind: instance.kind }),
        ...(instance.taggedAddresses !== undefined && { TaggedAddresses: instance.taggedAddresses }),
        ...(instance.weights !== undefined && { Weights: instance.weights }),
        ...(instance.ports !== undefined && { Ports: instance.ports }),
      },
      Checks: [...nodeChecks(node), ...serviceChecks(instance, service)],
    };
  }

  #catalogRow(instance: FakeInstance, service: string): unknown {
    return {
      Node: nodeOf(instance),
      ServiceID: instance.id ?? service,
      ServiceName: service,
      ServiceAddress: instance.address ?? '',
      ServicePort: instance.port ?? 0,
    };
  }

  #allChecks(): Record<string, unknown>[] {
    const ofServices = [...this.#services.service.values()].flatMap(({ name, instances }) =>
      instances.flatMap((instance) => serviceChecks(instance, name)),
    );
    return [...[...this.#nodes.values()].flatMap(nodeChecks), ...ofServices];
  }
}

function nodeOf({ node = 'node-1' }: FakeInstance): string {
  return node;
}

function checksOf({ checks }: FakeInstance): readonly FakeCheck[] {
  return checks ?? [{ id: 'up', status: 'passing' }];
}

function serviceChecks(instance: FakeInstance, service: string): Record<string, unknown>[] {
  return checksOf(instance).map((check) => ({
    ...checkRow(check),
    Node: nodeOf(instance),
    ServiceID: instance.id ?? service,
    ServiceName: service,
  }));
}

function nodeChecks(node: FakeNode): Record<string, unknown>[] {
  return (node.checks ?? []).map((check) => ({ ...checkRow(check), Node: node.name, ServiceID: '', ServiceName: '' }));
}

function checkRow({ id, status, output = '' }: FakeCheck): Record<string, unknown> {
  return { CheckID: id, Name: id, Status: status, Notes: '', Output: output };
}

function sameText(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
