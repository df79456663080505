import type { Endpoint } from './endpoint.js';

/** Which endpoint a path belongs to: the one of that very path or else, as in Go's ServeMux, the longest that it lies below. */
export class Router {
  readonly #endpoints: ReadonlyMap<string, Endpoint>;

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = new Map(endpoints.map((endpoint) => [endpoint.path, endpoint]));
  }

  find(path: string): Endpoint | undefined {
    const exact = this.#endpoints.get(path);
    if (exact !== undefined) return exact;
    // The root stands for itself alone.
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const above = this.#endpoints.get(path.slice(0, slash + 1));
      if (above !== undefined) return above;
    }
    return undefined;
  }

  /** Whether only the final slash is missing. */
  isFolder(path: string): boolean {
    return !this.#endpoints.has(path) && this.#endpoints.has(`${path}/`);
  }
}
