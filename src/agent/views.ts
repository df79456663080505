/** Rows as the HTTP API shows them (http-api A5). Fields stand in Consul's order; absent ones are `undefined`. */
import { sorted } from './json/sorted.js';
import type { Writable } from './json/write.js';
import { proxyView } from './proxy-view.js';
import type { CheckRow, NodeRow, ServiceFacts, ServiceRow, TaggedAddress } from './rows.js';

export type JsonView = { readonly [field: string]: Writable };

export function nodeView(row: NodeRow, datacenter: string): JsonView {
  return {
    ID: row.id,
    Node: row.name,
    Address: row.address,
    Datacenter: datacenter,
    TaggedAddresses: row.taggedAddresses,
    Meta: row.meta,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

export function serviceView(row: ServiceRow): JsonView {
  return {
    Kind: row.kind || undefined,
    ID: row.id,
    Service: row.service,
    Tags: row.tags,
    Address: row.address,
    TaggedAddresses: row.taggedAddresses.size > 0 ? taggedAddressesView(row.taggedAddresses) : undefined,
    Meta: row.meta,
    Port: row.port,
    Weights: weightsView(row),
    EnableTagOverride: row.enableTagOverride,
    Proxy: proxyView(row.proxy, { inCatalog: true }),
    Connect: row.isConnectNative ? { Native: true } : {},
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** The flat form of catalog/service and catalog/connect. */
export function catalogServiceView(row: ServiceRow, node: NodeRow, datacenter: string): JsonView {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: datacenter,
    TaggedAddresses: node.taggedAddresses,
    NodeMeta: node.meta,
    ServiceKind: row.kind,
    ServiceID: row.id,
    ServiceName: row.service,
    ServiceTags: row.tags,
    ServiceAddress: row.address,
    ServiceTaggedAddresses: row.taggedAddresses.size > 0 ? taggedAddressesView(row.taggedAddresses) : undefined,
    ServiceWeights: weightsView(row),
    ServiceMeta: row.meta ?? {},
    ServicePort: row.port,
    ServiceEnableTagOverride: row.enableTagOverride,
    ServiceProxy: proxyView(row.proxy, { inCatalog: true }),
    ServiceConnect: row.isConnectNative ? { Native: true } : {},
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** The form of agent/services and, with a hash of what it shows, of agent/service/:id. */
export function agentServiceView(facts: ServiceFacts, contentHash?: string): JsonView {
  return {
    Kind: facts.kind || undefined,
    ID: facts.id,
    Service: facts.service,
    Tags: facts.tags,
    Meta: facts.meta ?? {},
    Port: facts.port,
    Address: facts.address,
    TaggedAddresses: facts.taggedAddresses.size > 0 ? taggedAddressesView(facts.taggedAddresses) : undefined,
    Weights: weightsView(facts),
    EnableTagOverride: facts.enableTagOverride,
    ContentHash: contentHash,
    Proxy: facts.kind !== 'connect-proxy' ? undefined : proxyView(facts.proxy, { inCatalog: false }),
    Connect: facts.isConnectNative ? { Native: true } : undefined,
  };
}

export function checkView(row: CheckRow): JsonView {
  return {
    Node: row.nodeName,
    CheckID: row.id,
    Name: row.name,
    Status: row.status,
    Notes: row.notes,
    Output: row.output,
    ServiceID: row.serviceId,
    ServiceName: row.serviceName,
    ServiceTags: row.serviceTags,
    Type: row.type,
    Definition: Object.fromEntries([...row.definition].map(([key, field]) => [key, sorted(field)])),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

function weightsView({ weights }: ServiceFacts): JsonView {
  return { Passing: weights.passing, Warning: weights.warning };
}

function taggedAddressesView(addresses: ReadonlyMap<string, TaggedAddress>): Writable {
  return new Map([...addresses].map(([tag, { address, port }]) => [tag, { Address: address, Port: port }]));
}
