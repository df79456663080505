/** A service's proxy as the HTTP API shows it: fields without a value are left out, but for two that always stand there. */
import { sorted } from './json/sorted.js';
import type { ExposePathFields, ProxyFields, UpstreamFields } from './registration/proxy.js';
import type { JsonView } from './views.js';

/** The catalog tells more of an upstream than the agent does. */
export function proxyView(fields: ProxyFields = {}, { inCatalog }: { readonly inCatalog: boolean }): JsonView {
  const { Config: config, Upstreams: upstreams = [], Expose: expose = {} } = fields;
  return {
    DestinationServiceName: fields.DestinationServiceName || undefined,
    DestinationServiceID: fields.DestinationServiceID || undefined,
    LocalServiceAddress: fields.LocalServiceAddress || undefined,
    LocalServicePort: fields.LocalServicePort || undefined,
    Config: config === undefined || config.size === 0 ? undefined : sorted(config),
    Upstreams: upstreams.length === 0 ? undefined : upstreams.map((one) => upstreamView(one, inCatalog)),
    MeshGateway: { Mode: fields.MeshGateway?.Mode || undefined },
    Expose: {
      Checks: expose.Checks || undefined,
      Paths: expose.Paths === undefined || expose.Paths.length === 0 ? undefined : expose.Paths.map(exposePathView),
    },
  };
}

function upstreamView(fields: UpstreamFields, inCatalog: boolean): JsonView {
  const { Config: config, Datacenter: datacenter = '' } = fields;
  const isPlain = config === undefined || config.size === 0;
  return {
    DestinationType: fields.DestinationType || 'service',
    DestinationNamespace: fields.DestinationNamespace || undefined,
    DestinationName: fields.DestinationName ?? '',
    Datacenter: inCatalog ? datacenter : datacenter || undefined,
    LocalBindAddress: fields.LocalBindAddress || undefined,
    LocalBindPort: fields.LocalBindPort || undefined,
    Config: isPlain ? (inCatalog ? sorted(config ?? null) : undefined) : sorted(config),
    MeshGateway: { Mode: fields.MeshGateway?.Mode || undefined },
  };
}

function exposePathView(fields: ExposePathFields): JsonView {
  return {
    ListenerPort: fields.ListenerPort || undefined,
    Path: fields.Path || undefined,
    LocalPathPort: fields.LocalPathPort || undefined,
    Protocol: fields.Protocol || undefined,
    ParsedFromCheck: fields.ParsedFromCheck ?? false,
  };
}
