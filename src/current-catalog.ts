import type { CatalogCache } from './catalog/cache.js';
import type { CatalogSettings } from './catalog/parts.js';
import type { Clock } from './clock.js';
import type { Closable } from './lifecycle.js';

export interface CurrentCatalogDeps {
  readonly clock: Clock;
  /** Called when another catalog has become the current one, before the old one is closed. */
  readonly onReplaced: () => void;
}

/** A catalog that is to become the current one. */
interface Successor {
  readonly catalog: CatalogCache;
  readonly giveUp: AbortController;
}

const LOOK_EVERY_MS = 1_000;

/**
 * The catalog to answer from, and its replacement by one that was made with other settings.
 *
 * The old one stays until the new one knows as much. In an outage that is when Consul is back: what the old one knows is
 * then all there is.
 */
export class CurrentCatalog implements Closable {
  readonly #deps: CurrentCatalogDeps;
  readonly #replacing = new Set<Promise<void>>();
  #catalog: CatalogCache;
  #successor: Successor | undefined;

  /** Owns the catalogs that it is given. */
  constructor(catalog: CatalogCache, deps: CurrentCatalogDeps) {
    this.#catalog = catalog;
    this.#deps = deps;
  }

  get value(): CatalogCache {
    return this.#catalog;
  }

  /** Settings that the catalogs take over as they are. */
  update(settings: CatalogSettings): void {
    this.#catalog.update(settings);
    this.#successor?.catalog.update(settings);
  }

  /** Has the one and, while it is being replaced, the other one read everything again. */
  startOver(): void {
    this.#catalog.startOver();
    this.#successor?.catalog.startOver();
  }

  /** Resolves once `catalog` has taken over, or another one is to do so in its place. */
  replaceBy(catalog: CatalogCache): Promise<void> {
    this.#successor?.giveUp.abort();
    const successor = { catalog, giveUp: new AbortController() };
    this.#successor = successor;
    const replaced = this.#replace(successor).finally(() => this.#replacing.delete(replaced));
    this.#replacing.add(replaced);
    return replaced;
  }

  async close(): Promise<void> {
    this.#successor?.giveUp.abort();
    await Promise.all(this.#replacing);
    await this.#catalog.close();
  }

  async #replace({ catalog, giveUp: { signal } }: Successor): Promise<void> {
    await catalog.ready({ signal });
    while (!signal.aborted && catalog.serviceNames() === undefined && this.#catalog.serviceNames() !== undefined) {
      await this.#deps.clock.sleep(LOOK_EVERY_MS, { signal }).catch(() => {});
    }
    if (signal.aborted) return catalog.close();
    const old = this.#catalog;
    this.#catalog = catalog;
    this.#successor = undefined;
    this.#deps.onReplaced();
    await old.close();
  }
}
