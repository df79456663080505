import type { Closable } from '../lifecycle.js';
import { Aggregates } from './aggregates.js';
import { ApiGateways, type FoundGateways } from './api-gateways.js';
import { CatalogError } from './catalog-error.js';
import { Confidence } from './confidence.js';
import type { NodeCheck } from './decode.js';
import { Entries, type Found } from './entries.js';
import type { EntrySource } from './entry.js';
import { EntryKeys, type ServiceRead } from './entry-keys.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Instance, Node } from './model.js';
import type { NodeTable } from './node-table.js';
import type { CatalogParts } from './parts.js';
import { ServiceAddresses } from './service-addresses.js';
import { TokenBucket } from './token-bucket.js';

export interface DatacenterCatalogOptions extends CatalogParts {
  /** Its name, in lower case. */
  readonly name: string;
  /** Whether requests have to say which datacenter they mean. */
  readonly isNamed: boolean;
  readonly onUnknownDatacenter: () => void;
}

/** How often names may be looked up one by one that no aggregate has: anybody can make up such names. */
const UNLISTED_LOOKUPS_PER_SECOND = 100;
const NO_INSTANCES: Found<readonly Instance[]> = { value: Object.freeze([]), isStale: false };

/** One datacenter's catalog, kept current by its aggregates. */
export class DatacenterCatalog implements Closable {
  readonly name: string;
  readonly confidence: Confidence;
  /** What the rows that are read here depend on. */
  readonly keys: EntryKeys;
  readonly #options: DatacenterCatalogOptions;
  readonly #aggregates: Aggregates;
  readonly #instances: Entries<readonly Instance[]>;
  /** For nodes that the aggregate cannot vouch for. */
  readonly #singleNodes: Entries<Node | undefined>;
  readonly #gateways: ApiGateways;
  readonly #addresses: ServiceAddresses;
  readonly #unlistedLookups: TokenBucket;
  #usedAt: number;
  /** The outage has lasted so long that no rows may be served any more. */
  #hasExpired = false;

  constructor(options: DatacenterCatalogOptions) {
    this.#options = options;
    this.name = options.name;
    this.keys = new EntryKeys(options.name);
    this.#usedAt = options.clock.now();
    this.#unlistedLookups = new TokenBucket({
      burst: UNLISTED_LOOKUPS_PER_SECOND,
      refillMs: 1_000 / UNLISTED_LOOKUPS_PER_SECOND,
      clock: options.clock,
    });
    this.confidence = new Confidence({
      clock: options.clock,
      onTurn: () => {
        this.#hasExpired = false;
        options.announce(this.keys.backend);
      },
      onBack: (downSince) => this.#aggregates.resume(downSince),
    });
    const { confidence } = this;
    this.#instances = new Entries({
      ...options,
      confidence,
      isNegative: (instances) => instances.length === 0,
      nodesOf: (instances) => [...new Set(instances.map(({ node }) => node.name.toLowerCase()))],
      isWatchable: true,
    });
    this.#singleNodes = new Entries({
      ...options,
      confidence,
      isNegative: (node) => node === undefined,
      nodesOf: () => [],
      isWatchable: false,
    });
    this.#gateways = new ApiGateways({ ...options, confidence, remote: this.requested });
    this.#addresses = new ServiceAddresses({
      ...options,
      remote: this.requested,
      onChange: () => options.announce(this.keys.reverse),
    });
    this.#aggregates = new Aggregates({
      ...options,
      remote: this.requested,
      confidence,
      events: {
        onNames: (came, gone) => this.#onNames(came, gone),
        onNodes: (names) => this.#onNodes(names),
        onChecks: (checks) => this.#onChecks(checks),
        onAnything: (since) => {
          this.#instances.markAll(since);
          this.#singleNodes.markAll(since);
        },
      },
    });
  }

  /** The datacenter that requests name; undefined where they mean the backend's own without saying so. */
  get requested(): string | undefined {
    return this.#options.isNamed ? this.name : undefined;
  }

  /** When somebody last read here. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** All service names; undefined while they are not known. */
  get serviceNames(): ReadonlySet<string> | undefined {
    return this.#aggregates.names;
  }

  get nodes(): NodeTable | undefined {
    return this.#aggregates.nodes;
  }

  get addresses(): ServiceAddresses {
    return this.#addresses;
  }

  /** Resolves when the aggregates were read, or failed, once. */
  get loaded(): Promise<void> {
    return this.#aggregates.loaded;
  }

  get watchCount(): number {
    return this.#aggregates.watchCount;
  }

  get entryCount(): number {
    return this.#instances.positiveCount + this.#singleNodes.positiveCount;
  }

  get negativeCount(): number {
    return this.#instances.negativeCount + this.#singleNodes.negativeCount;
  }

  /** How many names wait to be read again. */
  get waitingCount(): number {
    return this.#instances.waitingCount + this.#singleNodes.waitingCount;
  }

  /** All instances; none for an unknown service. Throws or rejects with a `CatalogError`. */
  service(read: ServiceRead): MaybePromise<Found<readonly Instance[]>> {
    this.#usedAt = this.#options.clock.now();
    const key = this.keys.service(read);
    const createSource = () => this.#serviceSource(read);
    const { names, namesAre } = this.#aggregates;
    if (names === undefined || namesAre === 'unknown' || names.has(read.service)) {
      return this.#instances.read(key, createSource);
    }
    if (read.view === 'service' && read.peer === undefined) {
      return this.#isBelievable(namesAre) ? NO_INSTANCES : this.#instances.readDenied(key, createSource);
    }
    // Mesh and gateway lookups and those of peers need no service of that name here.
    if (!this.#instances.knows(key) && !this.#unlistedLookups.take()) {
      throw new CatalogError(
        'overloaded',
        `Cannot read ${read.view} "${read.service}": too many unknown names are asked for`,
      );
    }
    return this.#instances.read(key, createSource);
  }

  /** The API gateways, by name in lower case, behind which a service can be reached. */
  gatewaysExposing(service: string): MaybePromise<FoundGateways> {
    this.#usedAt = this.#options.clock.now();
    return this.#gateways.exposing(service);
  }

  /** By its name in lower case. */
  node(name: string, peer: string | undefined): MaybePromise<Found<Node | undefined>> {
    this.#usedAt = this.#options.clock.now();
    const { nodes, nodesAre } = this.#aggregates;
    const key = this.keys.node(name, peer);
    const createSource = () => this.#nodeSource(name, peer);
    if (peer !== undefined || nodes === undefined) return this.#singleNodes.read(key, createSource);
    const node = nodes.find(name);
    if (nodesAre === 'unknown') {
      if (node !== undefined && this.#mayServeStale()) return { value: node, isStale: true };
      return this.#singleNodes.read(key, createSource);
    }
    if (node !== undefined || this.#isBelievable(nodesAre)) return { value: node, isStale: false };
    return this.#singleNodes.readDenied(key, createSource);
  }

  /** Reads everything again: who asks has changed, and may see other rows. What is known stays until then. */
  startOver(): void {
    const now = this.#options.clock.now();
    this.#aggregates.startOver();
    this.#instances.markAll(now);
    this.#singleNodes.markAll(now);
    this.#gateways.startOver();
    this.#addresses.startOver();
  }

  /** To be called about once a second. */
  sweep(): void {
    this.#instances.sweep();
    this.#singleNodes.sweep();
    this.#gateways.sweep();
    if (this.confidence.downBy === undefined) this.#addresses.sweep(this.serviceNames);
    this.#endStaleness();
  }

  async close(): Promise<void> {
    this.#instances.forgetAll();
    this.#singleNodes.forgetAll();
    this.#gateways.forgetAll();
    this.#options.announce(this.keys.backend);
    await this.#aggregates.close();
  }

  /** Whether absence from an aggregate means absence. One that is a moment old is checked, as often as is bearable. */
  #isBelievable(currency: 'current' | 'kept'): boolean {
    return currency === 'current' || !this.#unlistedLookups.take();
  }

  /** Calls back what was made of rows that are in no entry, such as nodes, when they become too old. */
  #endStaleness(): void {
    if (this.#hasExpired || !this.confidence.isCutOff || this.#mayServeStale()) return;
    this.#hasExpired = true;
    this.#options.announce(this.keys.backend);
  }

  #mayServeStale(): boolean {
    const { clock, settings } = this.#options;
    return this.confidence.isCutOff && clock.now() - this.confidence.vouchedUntil < settings().staleMaxAgeMs;
  }

  #serviceSource({ view, service, peer }: ServiceRead): EntrySource<readonly Instance[]> {
    const { client } = this.#options;
    return {
      key: this.keys.service({ view, service, peer }),
      what: `${view} "${service}"${this.#where(peer)}`,
      isListed: () => view === 'service' && peer === undefined && this.serviceNames?.has(service) === true,
      // The aggregates know neither imported services nor the configuration of ingress gateways.
      isVouchable: peer === undefined && view !== 'ingress',
      read: async (query, known) => {
        const answer = await client.instances(view, service, { ...query, datacenter: this.requested, peer }, known);
        if (peer === undefined && answer.value.some(weighsWarnings)) this.#aggregates.watchWarnings();
        return answer;
      },
    };
  }

  #nodeSource(name: string, peer: string | undefined): EntrySource<Node | undefined> {
    const { client } = this.#options;
    return {
      key: this.keys.node(name, peer),
      what: `node "${name}"${this.#where(peer)}`,
      isListed: () => false,
      isVouchable: peer === undefined,
      read: (query) => client.node(name, { ...query, datacenter: this.requested, peer }),
    };
  }

  #where(peer: string | undefined): string {
    if (peer !== undefined) return ` of peer "${peer}"`;
    return this.#options.isNamed ? ` of "${this.name}"` : '';
  }

  #onNames(came: readonly string[], gone: readonly string[]): void {
    for (const service of gone) this.#instances.forget(this.keys.listed(service));
    for (const service of [...came, ...gone]) this.#options.announce(this.keys.listed(service));
    this.#addresses.onNames(came, gone);
  }

  #onNodes(names: readonly string[]): void {
    for (const name of names) {
      this.#instances.markOnNode(name, () => true);
      this.#singleNodes.forget(this.keys.node(name, undefined));
      this.#options.announce(this.keys.node(name, undefined));
    }
    if (names.length > 0) this.#options.announce(this.keys.reverse);
  }

  #onChecks(checks: readonly NodeCheck[]): void {
    for (const { node, serviceId, serviceName } of checks) {
      const name = node.toLowerCase();
      const isConcerned = (instance: Instance): boolean =>
        instance.node.name.toLowerCase() === name && (serviceId === '' || instance.id === serviceId);
      const areConcerned = (instances: readonly Instance[]): boolean => instances.some(isConcerned);
      this.#instances.markOnNode(name, areConcerned);
      // Of an instance that was not seen yet, its check tells the name.
      this.#instances.mark(this.keys.listed(serviceName.toLowerCase()), (instances) => !areConcerned(instances));
    }
  }
}

/** True when it shows in answers that a check turns from passing to a warning, even if it does not exclude the instance. */
function weighsWarnings({ weights }: Instance): boolean {
  return weights.passing !== weights.warning;
}
