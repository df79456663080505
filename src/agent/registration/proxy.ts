/**
 * What a registration says of a proxy in the mesh. There is no mesh here: the fields are checked, kept and shown, so
 * that /v1/health/connect can tell which proxies stand for a service.
 */
import { type Decoded, flag, integer, list, object, opaque, text } from '../json/decode.js';

const SNAKE = { snakeCase: true };
const meshGateway = object('MeshGatewayConfig', { Mode: text });

const upstream = object(
  'Upstream',
  {
    DestinationType: text,
    DestinationNamespace: text,
    DestinationName: text,
    Datacenter: text,
    LocalBindAddress: text,
    LocalBindPort: integer,
    Config: opaque,
    MeshGateway: meshGateway,
  },
  SNAKE,
);

const exposePath = object(
  'ExposePath',
  { ListenerPort: integer, Path: text, LocalPathPort: integer, Protocol: text, ParsedFromCheck: flag },
  SNAKE,
);

const PROXY_FIELDS = {
  DestinationServiceName: text,
  DestinationServiceID: text,
  LocalServiceAddress: text,
  LocalServicePort: integer,
  Config: opaque,
  Upstreams: list(upstream, 'structs.Upstreams'),
  MeshGateway: meshGateway,
  Expose: object('ExposeConfig', { Checks: flag, Paths: list(exposePath, '[]structs.ExposePath') }, SNAKE),
};

export const proxy = object('ConnectProxyConfig', PROXY_FIELDS, SNAKE);

export type ProxyFields = Decoded<typeof PROXY_FIELDS>;
export type UpstreamFields = ReturnType<typeof upstream>;
export type ExposePathFields = ReturnType<typeof exposePath>;

const UPSTREAM_TYPES = ['', 'service', 'prepared_query'];

/** What is wrong with a proxy's upstreams, one text for each. */
export function upstreamProblems({ Upstreams = [] }: ProxyFields): readonly string[] {
  const seen = new Set<string>();
  return Upstreams.flatMap((fields) => {
    const { DestinationType: type = '', DestinationName: name = '' } = fields;
    if (!UPSTREAM_TYPES.includes(type)) return [`unknown upstream destination type: ${JSON.stringify(type)}`];
    if (name === '') return ['upstream destination name cannot be empty'];
    if (!fields.LocalBindPort) return ['upstream local bind port cannot be zero'];
    const { DestinationNamespace: namespace = '', Datacenter: datacenter = '' } = fields;
    const key = `[type="${type || 'service'}", name="${name}", namespace="${namespace}", datacenter="${datacenter}"]`;
    if (seen.has(key)) return [`upstreams cannot contain duplicates of ${key}`];
    seen.add(key);
    return [];
  });
}
