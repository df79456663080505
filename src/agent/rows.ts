/** The catalog's rows. They are frozen by agreement: a change replaces the row, so readers may keep one. */
import type { JsonObject } from './json/value.js';
import type { ProxyFields } from './registration/proxy.js';

export type TextMap = ReadonlyMap<string, string>;

export interface NodeRow {
  /** A UUID; empty for a node registered from outside without one. */
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly taggedAddresses: TextMap | null;
  readonly meta: TextMap | null;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface TaggedAddress {
  readonly address: string;
  readonly port: number;
}

export interface Weights {
  readonly passing: number;
  readonly warning: number;
}

/** What a registration says about a service, apart from where it runs and its checks. */
export interface ServiceFacts {
  readonly id: string;
  readonly service: string;
  /** Empty for an ordinary service. */
  readonly kind: string;
  readonly tags: readonly string[];
  /** Empty: the node's address counts. */
  readonly address: string;
  readonly port: number;
  readonly taggedAddresses: ReadonlyMap<string, TaggedAddress>;
  readonly meta: TextMap | null;
  readonly weights: Weights;
  readonly enableTagOverride: boolean;
  /** Undefined for an ordinary service. */
  readonly proxy: ProxyFields | undefined;
  /** The service that a proxy stands for; empty for an ordinary service. */
  readonly destination: string;
  readonly isConnectNative: boolean;
}

export interface ServiceRow extends ServiceFacts {
  readonly nodeName: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface CheckRow {
  readonly nodeName: string;
  readonly id: string;
  readonly name: string;
  /** `passing`, `warning`, `critical`; the catalog stores other texts as they come. */
  readonly status: string;
  readonly notes: string;
  readonly output: string;
  /** Empty for a check of the whole node. */
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /** `http`, `ttl`, ...; empty for a check registered through the catalog. */
  readonly type: string;
  readonly definition: JsonObject;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export const NO_TEXTS: TextMap = new Map();
