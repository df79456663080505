/** Rows as Consul's HTTP API gives them (http-api A5), decoded and frozen. Nobody edits a row; everybody may keep one. */

export interface Node {
  readonly name: string;
  /** An IP address or a host name; never validated by Consul. */
  readonly address: string;
  readonly datacenter: string;
  /** `lan`, `wan`, `lan_ipv4`, ... to address. */
  readonly taggedAddresses: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
}

/** `passing`, `warning` and `critical`; the catalog stores other texts as they come. */
export type CheckStatus = string;

export interface Check {
  readonly id: string;
  readonly status: CheckStatus;
  /** Empty for a check of the whole node. */
  readonly serviceId: string;
  readonly serviceName: string;
}

export interface ServiceAddress {
  readonly address: string;
  readonly port: number;
}

/** One of a multi-port service's ports (`Service.Ports`, Consul 1.22 and later). */
export interface NamedPort {
  readonly name: string;
  readonly port: number;
  readonly isDefault: boolean;
}

/** One registration of a service on one node, with the checks that decide its health. */
export interface Instance {
  readonly node: Node;
  readonly id: string;
  readonly service: string;
  /** Empty for an ordinary service; `connect-proxy`, `ingress-gateway`, ... otherwise. */
  readonly kind: string;
  /** Empty means the node's address. */
  readonly address: string;
  /** 0..65535; rows with another number were dropped on the way in. */
  readonly port: number;
  readonly ports: readonly NamedPort[];
  readonly tags: readonly string[];
  readonly taggedAddresses: Readonly<Record<string, ServiceAddress>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly checks: readonly Check[];
}

/** What a prepared query came to; `instances` stand in the server's order. */
export interface QueryResult {
  readonly service: string;
  readonly instances: readonly Instance[];
  /** Undefined when the query sets none. */
  readonly ttlSeconds: number | undefined;
  /** The datacenter that gave the instances; another than ours after a failover. */
  readonly datacenter: string;
}

/** A value at an index. */
export interface Snapshot<T> {
  /** `X-Consul-Index`, kept as text: it is an unsigned 64-bit number. Undefined where the endpoint has none. */
  readonly index: string | undefined;
  readonly value: T;
  /** Milliseconds since the Unix epoch at which the answer came in. */
  readonly fetchedAt: number;
}
