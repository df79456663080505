/** Which answers were made from which catalog entries. */
export class DependencyIndex<K> {
  readonly #keys = new Map<string, Set<K>>();

  add(key: K, dependsOn: readonly string[]): void {
    for (const entry of dependsOn) {
      const keys = this.#keys.get(entry);
      if (keys === undefined) this.#keys.set(entry, new Set([key]));
      else keys.add(key);
    }
  }

  remove(key: K, dependsOn: readonly string[]): void {
    for (const entry of dependsOn) {
      const keys = this.#keys.get(entry);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(entry);
    }
  }

  /** The keys of all answers that were made from this entry. */
  of(entry: string): readonly K[] {
    return [...(this.#keys.get(entry) ?? [])];
  }
}
