import type { Node } from './model.js';
import { sameContent } from './same-content.js';

/** What is known already, where the value says the same: of a hundred thousand rows, most copies are of the same few things. */
export function knownOr<T>(known: T | undefined, value: T): T {
  return known !== undefined && sameContent(known, value) ? known : value;
}

/** Enough for every node of a large datacenter, read one after the other. */
const MAX_NODES = 100_000;

/** Gives out rows of nodes that say the same as one object, as long as not too many others come in between. */
export class SharedNodes {
  #recent = new Map<string, Node>();
  /** Those that were recent before. */
  #older: ReadonlyMap<string, Node> = new Map();

  /** The row, frozen, or the one that was given out for its like. */
  share(node: Node): Node {
    const key = `${node.datacenter}/${node.name}`;
    const recent = this.#recent.get(key);
    const shared = knownOr(recent ?? this.#older.get(key), Object.freeze(node));
    if (shared !== recent) this.#remember(key, shared);
    return shared;
  }

  #remember(key: string, node: Node): void {
    if (this.#recent.size >= MAX_NODES) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, node);
  }
}
