import { isOutage } from './catalog-error.js';
import { withDeadline } from './deadline.js';
import { canonicalAddress } from './node-table.js';
import { type CatalogParts, FIRST_READ_MS } from './parts.js';
import { TokenBucket } from './token-bucket.js';

export interface ServiceAddressesOptions extends CatalogParts {
  /** Undefined means the backend's own datacenter. */
  readonly remote: string | undefined;
  /** Called when an address got another owner. */
  readonly onChange: () => void;
}

const MAX_PARALLEL = 4;
const RESCAN_MS = 60_000;
const RESCANS_PER_SECOND = 200;
/** Without questions for this long the index is not kept current any more. */
const IDLE_MS = 10 * 60_000;
const LONG_AGO = 0;

/**
 * Which services have instances with an address of their own, by that address (dns-behaviour 18.4).
 *
 * Consul cannot be asked that way round, so all services are read, once somebody wants to know, and again every minute
 * as long as that is so. Names that come are read at once. Only addresses are kept.
 */
export class ServiceAddresses {
  readonly #options: ServiceAddressesOptions;
  readonly #addressesOf = new Map<string, readonly string[]>();
  readonly #ownersOf = new Map<string, Set<string>>();
  readonly #pace: TokenBucket;
  #askedAt: number | undefined;
  #scannedAt: number | undefined;
  #scan: Promise<void> | undefined;

  constructor(options: ServiceAddressesOptions) {
    this.#options = options;
    this.#pace = new TokenBucket({
      burst: RESCANS_PER_SECOND,
      refillMs: 1_000 / RESCANS_PER_SECOND,
      clock: options.clock,
    });
  }

  /** True once all services were read. */
  get isComplete(): boolean {
    return this.#scannedAt !== undefined;
  }

  /** The services, in lower case, seen with this address, given in canonical text. */
  ownersOf(address: string): readonly string[] {
    return [...(this.#ownersOf.get(address) ?? [])].sort();
  }

  /** Notes that somebody wants to know; resolves when all these services were read. Never rejects. */
  load(names: ReadonlySet<string>): Promise<void> {
    this.#askedAt = this.#options.clock.now();
    if (this.isComplete) return Promise.resolve();
    return this.#scanAll(names);
  }

  onNames(came: readonly string[], gone: readonly string[]): void {
    for (const name of gone) this.#set(name, []);
    if (this.#askedAt === undefined) return;
    for (const name of came) void this.#read(name);
  }

  /** Reads everything again soon: who asks has changed. */
  startOver(): void {
    if (this.isComplete) this.#scannedAt = LONG_AGO;
  }

  /** To be called about once a second: reads everything again when it is time. */
  sweep(names: ReadonlySet<string> | undefined): void {
    const now = this.#options.clock.now();
    if (names === undefined || this.#askedAt === undefined || this.#scannedAt === undefined) return;
    if (now - this.#askedAt > IDLE_MS || now - this.#scannedAt < RESCAN_MS) return;
    void this.#scanAll(names);
  }

  #scanAll(names: ReadonlySet<string>): Promise<void> {
    this.#scan ??= this.#scanNow(names).finally(() => {
      this.#scan = undefined;
    });
    return this.#scan;
  }

  async #scanNow(names: ReadonlySet<string>): Promise<void> {
    const { clock, signal } = this.#options;
    const isRescan = this.isComplete;
    const left = names.values();
    let isComplete = true;
    const readOn = async (): Promise<void> => {
      for (const name of left) {
        if (signal.aborted || !isComplete) return;
        if (isRescan) await this.#awaitTurn();
        if (!(await this.#read(name))) isComplete = false;
      }
    };
    await Promise.all(Array.from({ length: MAX_PARALLEL }, readOn));
    // After an outage a rescan can wait for its time, but without a first scan nobody can be said to have no owner.
    if (isComplete || isRescan) this.#scannedAt = clock.now();
  }

  async #awaitTurn(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted && !this.#pace.take()) {
      await clock.sleep(this.#pace.waitMs(), { signal }).catch(() => {});
    }
  }

  /** A service that cannot be read keeps the addresses it had. False when that says nothing about the service. */
  async #read(name: string): Promise<boolean> {
    const { client, reads, remote, consistency, clock, signal } = this.#options;
    try {
      const { value } = await withDeadline(
        (ending) =>
          reads.run(() => client.serviceAddresses(name, { signal: ending, consistency, datacenter: remote }), {
            signal: ending,
            isUrgent: false,
          }),
        { ms: FIRST_READ_MS * 4, signal, clock, what: `the addresses of service "${name}"` },
      );
      this.#set(
        name,
        value.map(canonicalAddress).filter((address) => address !== undefined),
      );
      return true;
    } catch (error) {
      return !isOutage(error) && !signal.aborted;
    }
  }

  #set(name: string, addresses: readonly string[]): void {
    const before = this.#addressesOf.get(name) ?? [];
    const unique = [...new Set(addresses)].sort();
    if (before.length === unique.length && before.every((address, index) => address === unique[index])) return;
    for (const address of before) {
      const owners = this.#ownersOf.get(address);
      owners?.delete(name);
      if (owners?.size === 0) this.#ownersOf.delete(address);
    }
    for (const address of unique) {
      const owners = this.#ownersOf.get(address);
      if (owners === undefined) this.#ownersOf.set(address, new Set([name]));
      else owners.add(name);
    }
    if (unique.length === 0) this.#addressesOf.delete(name);
    else this.#addressesOf.set(name, unique);
    this.#options.onChange();
  }
}
