import { isObject, type JsonObject, secondsOf, textMapOf, textOf, textsOf, uint16Of } from './decode-value.js';
import type { Check, Instance, NamedPort, Node, QueryResult, ServiceAddress } from './model.js';
import { knownOr, SharedNodes } from './shared-rows.js';

/** Why a row could not be used. */
export type DropReason = 'no-object' | 'no-node' | 'no-service' | 'bad-port' | 'bad-check';

/** A check with the node it belongs to, as `/v1/health/state/...` lists them. */
export interface NodeCheck extends Check {
  readonly node: string;
}

export interface RowDecoderOptions {
  readonly onDropped: (reason: DropReason) => void;
}

const DEFAULT_WEIGHTS = Object.freeze({ passing: 1, warning: 1 });
const NO_PORTS: readonly NamedPort[] = Object.freeze([]);
const NO_ADDRESSES: Readonly<Record<string, ServiceAddress>> = Object.freeze({});

/**
 * From the JSON of the HTTP API (http-api A5) to frozen rows.
 *
 * The checks are written by hand because a large catalog is a hundred thousand rows. A row that cannot be used is left
 * out and counted, its neighbours stay. A node's rows in thousands of answers are one object, and so is what an instance
 * has in common with the one decoded before it: of most, that is all but the ID.
 */
export class RowDecoder {
  readonly #onDropped: (reason: DropReason) => void;
  readonly #sharedNodes = new SharedNodes();
  #previous: Instance | undefined;

  constructor({ onDropped }: RowDecoderOptions) {
    this.#onDropped = onDropped;
  }

  /** Rows of /v1/catalog/nodes, in the server's order. */
  nodes(rows: unknown): Node[] {
    return this.#each(rows, (row) => this.#node(row));
  }

  /** `Node` of /v1/catalog/node/:name; undefined for an unknown one. */
  nodeOf(body: unknown): Node | undefined {
    return isObject(body) ? this.#each([body['Node']], (row) => this.#node(row))[0] : undefined;
  }

  /** Rows of /v1/health/service/:name and its like, in the server's order. */
  instances(rows: unknown): Instance[] {
    return this.#each(rows, (row) => this.#instance(row));
  }

  /** Rows of /v1/health/state/:state. */
  nodeChecks(rows: unknown): NodeCheck[] {
    return this.#each(rows, (row) => this.#nodeCheck(row));
  }

  /** `ServiceAddress` of the rows of /v1/catalog/service/:name, empty ones left out. */
  serviceAddresses(rows: unknown): string[] {
    return this.#each(rows, (row) => textOf(row['ServiceAddress']) || undefined);
  }

  /** The answer of /v1/query/:name/execute; undefined when it is none. */
  queryResult(body: unknown): QueryResult | undefined {
    if (!isObject(body)) return undefined;
    const dns = body['DNS'];
    return Object.freeze({
      service: textOf(body['Service']),
      instances: Object.freeze(this.instances(body['Nodes'])),
      ttlSeconds: isObject(dns) ? secondsOf(dns['TTL']) : undefined,
      datacenter: textOf(body['Datacenter']),
    });
  }

  /** What `decode` made of the list's objects, without those it dropped. */
  #each<T>(rows: unknown, decode: (row: JsonObject) => T | undefined): T[] {
    if (!Array.isArray(rows)) return [];
    const decoded: T[] = [];
    for (const row of rows) {
      const result = isObject(row) ? decode(row) : this.#drop('no-object');
      if (result !== undefined) decoded.push(result);
    }
    return decoded;
  }

  #drop(reason: DropReason): undefined {
    this.#onDropped(reason);
  }

  #node(row: JsonObject): Node | undefined {
    const name = textOf(row['Node']);
    if (name === '') return this.#drop('no-node');
    return this.#sharedNodes.share({
      name,
      address: textOf(row['Address']),
      datacenter: textOf(row['Datacenter']),
      taggedAddresses: textMapOf(row['TaggedAddresses']),
      meta: textMapOf(row['Meta']),
    });
  }

  #nodeCheck(row: JsonObject): NodeCheck | undefined {
    const node = textOf(row['Node']);
    const check = decodeCheck(row);
    if (node === '') return this.#drop('no-node');
    return check === undefined ? this.#drop('bad-check') : Object.freeze({ node, ...check });
  }

  #instance(row: JsonObject): Instance | undefined {
    const nodeRow = row['Node'];
    const service = row['Service'];
    if (!isObject(nodeRow)) return this.#drop('no-node');
    if (!isObject(service) || textOf(service['Service']) === '') return this.#drop('no-service');
    const port = uint16Of(service['Port']);
    if (port === undefined) return this.#drop('bad-port');
    const previous = this.#previous;
    const id = knownOr(previous?.id, textOf(service['ID']));
    const name = knownOr(previous?.service, textOf(service['Service']));
    // Without all its checks an instance could pass for healthy.
    const checks = decodeChecks(row['Checks'] ?? [], { id, name, alike: previous?.checks ?? [] });
    if (checks === undefined) return this.#drop('bad-check');
    const node = this.#node(nodeRow);
    if (node === undefined) return undefined;
    this.#previous = Object.freeze({
      node,
      id,
      service: name,
      kind: knownOr(previous?.kind, textOf(service['Kind'])),
      address: knownOr(node.address, textOf(service['Address'])),
      port,
      ports: knownOr(previous?.ports, decodeNamedPorts(service['Ports'])),
      tags: knownOr(previous?.tags, textsOf(service['Tags'])),
      taggedAddresses: knownOr(previous?.taggedAddresses, decodeTaggedAddresses(service['TaggedAddresses'])),
      meta: knownOr(previous?.meta, textMapOf(service['Meta'])),
      weights: knownOr(previous?.weights, decodeWeights(service['Weights'])),
      checks,
    });
    return this.#previous;
  }
}

/** In a fixed order, for the API promises none: by node, then by service ID. */
export function inFixedOrder(instances: Instance[]): readonly Instance[] {
  return Object.freeze(instances.sort((a, b) => compare(a.node.name, b.node.name) || compare(a.id, b.id)));
}

/** Status stays the free text it is; all but the fields that health depends on is left out (http-api A1.2 rule 9). */
function decodeCheck(row: JsonObject): Check | undefined {
  const id = row['CheckID'];
  const status = row['Status'];
  if (typeof id !== 'string' || typeof status !== 'string') return undefined;
  return Object.freeze({ id, status, serviceId: textOf(row['ServiceID']), serviceName: textOf(row['ServiceName']) });
}

/** What the checks of an instance are likely to say again. */
interface Around {
  readonly id: string;
  readonly name: string;
  /** Those of another instance. */
  readonly alike: readonly Check[];
}

/** Undefined as soon as one cannot be read. */
function decodeChecks(rows: unknown, around: Around): readonly Check[] | undefined {
  if (!Array.isArray(rows)) return undefined;
  const checks = rows.map((row) => (isObject(row) ? decodeCheck(row) : undefined));
  if (!checks.every((check) => check !== undefined)) return undefined;
  checks.sort((a, b) => compare(a.serviceId, b.serviceId) || compare(a.id, b.id));
  return Object.freeze(checks.map((check, at) => shareCheck(check, around, at)));
}

function shareCheck(check: Check, { id, name, alike }: Around, at: number): Check {
  const known = knownOr(alike[at], check);
  if (known !== check) return known;
  return Object.freeze({
    id: knownOr(alike[at]?.id, check.id),
    status: knownOr(alike[at]?.status, check.status),
    serviceId: knownOr(id, check.serviceId),
    serviceName: knownOr(name, check.serviceName),
  });
}

function decodeNamedPorts(rows: unknown): readonly NamedPort[] {
  if (!Array.isArray(rows) || rows.length === 0) return NO_PORTS;
  const ports: NamedPort[] = [];
  for (const row of rows) {
    const port = isObject(row) ? uint16Of(row['Port']) : undefined;
    if (!isObject(row) || port === undefined || textOf(row['Name']) === '') continue;
    ports.push(Object.freeze({ name: textOf(row['Name']), port, isDefault: row['Default'] === true }));
  }
  return Object.freeze(ports);
}

function decodeTaggedAddresses(map: unknown): Readonly<Record<string, ServiceAddress>> {
  if (!isObject(map)) return NO_ADDRESSES;
  const entries = Object.entries(map).flatMap(([tag, row]) => {
    const port = isObject(row) ? uint16Of(row['Port']) : undefined;
    if (!isObject(row) || port === undefined) return [];
    return [[tag, Object.freeze({ address: textOf(row['Address']), port })] as const];
  });
  return entries.length === 0 ? NO_ADDRESSES : Object.freeze(Object.fromEntries(entries));
}

/** 1/1 where they are missing or cannot be SRV weights, which is what registration makes of such pairs. */
function decodeWeights(value: unknown): Instance['weights'] {
  if (!isObject(value)) return DEFAULT_WEIGHTS;
  const passing = uint16Of(value['Passing']);
  const warning = uint16Of(value['Warning']);
  if (passing === undefined || warning === undefined) return DEFAULT_WEIGHTS;
  return passing === 1 && warning === 1 ? DEFAULT_WEIGHTS : Object.freeze({ passing, warning });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
