import { formatIp, parseIp } from '../wire/ip.js';
import type { Node } from './model.js';
import { sameContent } from './same-content.js';

/** All nodes of a datacenter, found by name or by address. */
export class NodeTable {
  readonly #byName = new Map<string, Node>();
  readonly #nodes: readonly Node[];
  #byAddress: ReadonlyMap<string, readonly Node[]> | undefined;

  /** Of several nodes whose names differ only in case the first counts. */
  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    for (const node of nodes) {
      const name = node.name.toLowerCase();
      if (!this.#byName.has(name)) this.#byName.set(name, node);
    }
  }

  get size(): number {
    return this.#byName.size;
  }

  /** By its name in lower case. */
  find(name: string): Node | undefined {
    return this.#byName.get(name);
  }

  /** The nodes with this address, given in canonical text, in the server's order. */
  at(address: string): readonly Node[] {
    // Not before somebody asks: most servers never see a reverse lookup.
    this.#byAddress ??= this.#indexAddresses();
    return this.#byAddress.get(address) ?? [];
  }

  /** The names, in lower case, of nodes that came, went or changed since `previous`. */
  changedSince(previous: NodeTable): string[] {
    const changed: string[] = [];
    // Nearly always an equal node is the same object (`SharedNodes`), which takes no time to see.
    for (const [name, node] of this.#byName) if (!sameContent(previous.#byName.get(name), node)) changed.push(name);
    for (const name of previous.#byName.keys()) if (!this.#byName.has(name)) changed.push(name);
    return changed;
  }

  #indexAddresses(): Map<string, Node[]> {
    const index = new Map<string, Node[]>();
    for (const node of this.#nodes) {
      const address = canonicalAddress(node.address);
      if (address === undefined) continue;
      const nodes = index.get(address);
      if (nodes === undefined) index.set(address, [node]);
      else nodes.push(node);
    }
    return index;
  }
}

/** The one text that all spellings of an address share; undefined for what is none, such as a host name. */
export function canonicalAddress(text: string): string | undefined {
  const ip = parseIp(text);
  return ip && formatIp(ip.bytes);
}
