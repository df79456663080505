/** What is registered for the benchmark. */

export interface BenchService {
  readonly name: string;
  readonly instances: readonly BenchInstance[];
}

export interface BenchInstance {
  readonly node: string;
  readonly address: string;
  readonly port: number;
}

export interface ServiceShape {
  readonly instances: number;
  /** How many nodes there are; instances are spread over them one after the other. */
  readonly nodes?: number;
}

export const TAG = 'v1';
export const DEFAULT_NODES = 500;

/** Services `prefix-0`, `prefix-1` and so on, each with instances on different nodes, as far as there are as many. */
export function createServices(
  prefix: string,
  count: number,
  { instances, nodes = DEFAULT_NODES }: ServiceShape,
): readonly BenchService[] {
  return Array.from({ length: count }, (_, number) => ({
    name: `${prefix}-${number}`,
    instances: Array.from({ length: instances }, (_, instance) => instanceOn((number * instances + instance) % nodes)),
  }));
}

export function createService(name: string, instances: number): BenchService {
  return { name, instances: Array.from({ length: instances }, (_, instance) => instanceOn(instance)) };
}

/** The name to ask for, without a final dot. */
export function qnameOf({ name }: BenchService): string {
  return `${name}.service.consul`;
}

function instanceOn(node: number): BenchInstance {
  return {
    node: `node-${node}`,
    address: `10.${(node >> 16) & 255}.${(node >> 8) & 255}.${node & 255}`,
    port: 8000 + (node % 1000),
  };
}
