/** The order in which Consul's tables and JSON maps stand: by the code units of their keys. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The values of a map in the order of their keys. */
export function valuesByKey<T>(rows: ReadonlyMap<string, T>): readonly T[] {
  return [...rows].sort(([a], [b]) => compareText(a, b)).map(([, row]) => row);
}
