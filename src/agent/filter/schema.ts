/** What filter expressions may select (http-api B2.1): the fields of each list's rows. */

export type Schema =
  | 'string'
  | 'int'
  | 'bool'
  | { readonly kind: 'struct'; readonly fields: Readonly<Record<string, Schema>> }
  | { readonly kind: 'list'; readonly element: Schema }
  | { readonly kind: 'map'; readonly value: Schema };

const struct = (fields: Readonly<Record<string, Schema>>): Schema => ({ kind: 'struct', fields });
const list = (element: Schema): Schema => ({ kind: 'list', element });
const map = (value: Schema): Schema => ({ kind: 'map', value });

const TEXTS = map('string');
const ADDRESSES = map(struct({ Address: 'string', Port: 'int' }));
const WEIGHTS = struct({ Passing: 'int', Warning: 'int' });
const CONNECT = struct({ Native: 'bool' });
const GATEWAY = struct({ Mode: 'string' });
const PROXY = struct({
  DestinationServiceName: 'string',
  DestinationServiceID: 'string',
  LocalServiceAddress: 'string',
  LocalServicePort: 'int',
  MeshGateway: GATEWAY,
  Upstreams: list(
    struct({
      DestinationType: 'string',
      DestinationNamespace: 'string',
      DestinationName: 'string',
      Datacenter: 'string',
      LocalBindAddress: 'string',
      LocalBindPort: 'int',
      MeshGateway: GATEWAY,
    }),
  ),
  Expose: struct({
    Checks: 'bool',
    Paths: list(struct({ ListenerPort: 'int', LocalPathPort: 'int', Path: 'string', Protocol: 'string' })),
  }),
});

const NODE = {
  ID: 'string',
  Node: 'string',
  Address: 'string',
  Datacenter: 'string',
  TaggedAddresses: TEXTS,
  Meta: TEXTS,
} as const;

const SERVICE = {
  Kind: 'string',
  ID: 'string',
  Service: 'string',
  Tags: list('string'),
  Address: 'string',
  TaggedAddresses: ADDRESSES,
  Meta: TEXTS,
  Port: 'int',
  Weights: WEIGHTS,
  EnableTagOverride: 'bool',
  Proxy: PROXY,
  Connect: CONNECT,
} as const;

const CHECK = {
  Node: 'string',
  CheckID: 'string',
  Name: 'string',
  Status: 'string',
  Notes: 'string',
  Output: 'string',
  ServiceID: 'string',
  ServiceName: 'string',
  ServiceTags: list('string'),
  Type: 'string',
} as const;

/** catalog/nodes */
export const NODE_ROW = struct(NODE);
/** catalog/node, catalog/node-services, agent/services */
export const SERVICE_ROW = struct(SERVICE);
/** health/node, health/checks, health/state, agent/checks */
export const CHECK_ROW = struct(CHECK);
/** health/service, health/connect, health/ingress */
export const HEALTH_ROW = struct({ Node: struct(NODE), Service: struct(SERVICE), Checks: list(struct(CHECK)) });
/** catalog/service, catalog/connect */
export const CATALOG_ROW = struct({
  ID: 'string',
  Node: 'string',
  Address: 'string',
  Datacenter: 'string',
  TaggedAddresses: TEXTS,
  NodeMeta: TEXTS,
  ServiceKind: 'string',
  ServiceID: 'string',
  ServiceName: 'string',
  ServiceTags: list('string'),
  ServiceAddress: 'string',
  ServiceTaggedAddresses: ADDRESSES,
  ServiceWeights: WEIGHTS,
  ServiceMeta: TEXTS,
  ServicePort: 'int',
  ServiceEnableTagOverride: 'bool',
  ServiceProxy: PROXY,
  ServiceConnect: CONNECT,
});
