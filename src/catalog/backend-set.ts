import type { Closable } from '../lifecycle.js';
import { Backend, type BackendOptions, type RawAnswer } from './backend.js';
import type { BackendAddress } from './backend-address.js';
import { CatalogError, isOutage } from './catalog-error.js';
import { withDeadline } from './deadline.js';

export interface BackendSetOptions extends BackendOptions {
  /** Asks `/v1/status/leader`. */
  readonly readLeader: (backend: Backend, signal: AbortSignal) => Promise<RawAnswer>;
}

const PROBE_EVERY_MS = 5_000;
const PROBE_TIMEOUT_MS = 1_000;

/**
 * Several addresses of one Consul: requests go to one as long as it works, then to the next.
 *
 * Away from the first, the ones before are probed until one has a leader again.
 */
export class BackendSet implements Closable {
  readonly #backends: readonly Backend[];
  readonly #options: BackendSetOptions;
  readonly #closing = new AbortController();
  #current: Backend;
  #isProbing = false;

  constructor(addresses: readonly BackendAddress[], options: BackendSetOptions) {
    this.#options = options;
    this.#backends = addresses.map((address) => new Backend(address, options));
    const [first] = this.#backends;
    if (first === undefined) throw new TypeError('Cannot ask a backend: no address is given');
    this.#current = first;
  }

  get current(): Backend {
    return this.#current;
  }

  get openSockets(): number {
    return this.#backends.reduce((sum, backend) => sum + backend.openSockets, 0);
  }

  /**
   * What the first address that is not out of order answers. `refusalOf` tells which answers are errors.
   *
   * Fails with the first address's error when all are out of order.
   */
  async ask(
    get: (backend: Backend) => Promise<RawAnswer>,
    refusalOf: (answer: RawAnswer) => CatalogError | undefined,
  ): Promise<RawAnswer> {
    let firstFailure: unknown;
    for (let tries = 0; tries < this.#backends.length; tries += 1) {
      const backend = this.#current;
      try {
        const answer = await get(backend);
        const refusal = refusalOf(answer);
        if (refusal === undefined) return answer;
        throw refusal;
      } catch (error) {
        if (!isOutage(error)) throw error;
        firstFailure ??= error;
        this.#moveOnFrom(backend);
        // The caller's time is over; the next request goes elsewhere.
        if (error instanceof CatalogError && error.code === 'timeout') break;
      }
    }
    throw firstFailure;
  }

  async close(): Promise<void> {
    this.#closing.abort(new CatalogError('closed', 'Cannot ask the backend: the client was closed'));
    await Promise.all(this.#backends.map((backend) => backend.close()));
  }

  #moveOnFrom(failed: Backend): void {
    if (this.#backends.length === 1 || failed !== this.#current) return;
    const next = this.#backends[(this.#backends.indexOf(failed) + 1) % this.#backends.length];
    // The remainder is an index of the list.
    this.#current = next!;
    this.#options.log.warn('moved to another backend address', {
      from: failed.address.label,
      to: this.#current.address.label,
    });
    if (!this.#isProbing) void this.#probe();
  }

  /** Runs until the first address is in use again. */
  async #probe(): Promise<void> {
    this.#isProbing = true;
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    while (this.#current !== this.#backends[0]) {
      try {
        await clock.sleep(PROBE_EVERY_MS, { signal });
      } catch {
        return;
      }
      const better = await this.#firstWithLeader();
      if (better !== undefined) {
        log.info('moved back to a preferred backend address', { to: better.address.label });
        this.#current = better;
      }
    }
    this.#isProbing = false;
  }

  async #firstWithLeader(): Promise<Backend | undefined> {
    for (const backend of this.#backends) {
      if (backend === this.#current) return undefined;
      const probe = {
        ms: PROBE_TIMEOUT_MS,
        signal: this.#closing.signal,
        clock: this.#options.clock,
        what: 'the leader',
      };
      const answer = await withDeadline((signal) => this.#options.readLeader(backend, signal), probe).catch(
        () => undefined,
      );
      // An agent without a leader answers an empty JSON string.
      if (answer?.status === 200 && answer.body.toString('utf8').trim() !== '""') return backend;
    }
    return undefined;
  }
}
