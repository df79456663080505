/** Which entries have rows on which node. */
export class NodeIndex<E> {
  readonly #entriesOn = new Map<string, Set<E>>();
  readonly #nodesOf = new Map<E, readonly string[]>();

  /** The entries with rows on this node. */
  on(node: string): Iterable<E> {
    return this.#entriesOn.get(node) ?? [];
  }

  /** From now on the entry has rows on these nodes and no others. */
  set(entry: E, nodes: readonly string[]): void {
    this.delete(entry);
    if (nodes.length === 0) return;
    this.#nodesOf.set(entry, nodes);
    for (const node of nodes) {
      const entries = this.#entriesOn.get(node);
      if (entries === undefined) this.#entriesOn.set(node, new Set([entry]));
      else entries.add(entry);
    }
  }

  delete(entry: E): void {
    for (const node of this.#nodesOf.get(entry) ?? []) {
      const entries = this.#entriesOn.get(node);
      entries?.delete(entry);
      if (entries?.size === 0) this.#entriesOn.delete(node);
    }
    this.#nodesOf.delete(entry);
  }
}
