import { isObject, type JsonObject, textOf } from './decode-value.js';

/** What an API gateway listens on, and the routes that may hang on it (Consul's configuration entries). */
export type GatewayConfig = ApiGateway | GatewayRoute;

export type GatewayConfigKind = GatewayConfig['kind'];

/** All names of gateways and services are in lower case, as service lookups have them. */
export interface ApiGateway {
  readonly kind: 'api-gateway';
  /** Its instances are registered as a service of this name. */
  readonly name: string;
  readonly listeners: readonly { readonly name: string; readonly isTcp: boolean }[];
}

export interface GatewayRoute {
  readonly kind: 'http-route' | 'tcp-route';
  readonly services: readonly string[];
  readonly parents: readonly GatewayParent[];
}

/** Where a route wants to hang. */
export interface GatewayParent {
  readonly gateway: string;
  /** Empty means all listeners of the gateway. */
  readonly listener: string;
}

/**
 * The API gateways that expose a service, by name.
 *
 * Consul 2.1 knows that from what its controller bound together, and offers no endpoint for it. Its configuration says the
 * same (API gateway, HTTP route and TCP route configuration reference): a gateway exposes the services that a route
 * names, in whichever of its rules, if the route has the gateway among its parents and hangs on one of its listeners at
 * least. That is, the listener is the one that the parent names, or the parent names none; it speaks the route's kind of
 * protocol; and the route's own status does not say that binding it there failed.
 */
export function gatewaysExposing(service: string, config: readonly GatewayConfig[]): readonly string[] {
  const routes = config.filter((entry) => entry.kind !== 'api-gateway' && entry.services.includes(service));
  const isExposedBy = (gateway: ApiGateway): boolean =>
    routes.some((route) => route.kind !== 'api-gateway' && hangsOn(route, gateway));
  return config.flatMap((entry) => (entry.kind === 'api-gateway' && isExposedBy(entry) ? [entry.name] : [])).sort();
}

function hangsOn({ kind, parents }: GatewayRoute, { name, listeners }: ApiGateway): boolean {
  return parents.some(
    ({ gateway, listener: wanted }) =>
      gateway === name &&
      listeners.some(
        (listener) => (wanted === '' || wanted === listener.name) && listener.isTcp === (kind === 'tcp-route'),
      ),
  );
}

/** A row of /v1/config/KIND; undefined when it is none. */
export function decodeGatewayConfig(kind: GatewayConfigKind, row: unknown): GatewayConfig | undefined {
  if (!isObject(row)) return undefined;
  if (kind === 'api-gateway') return decodeGateway(row);
  const rules = kind === 'http-route' ? objectsOf(row['Rules']) : [row];
  const services = rules.flatMap((rule) => objectsOf(rule['Services'])).map((service) => nameOf(service));
  return Object.freeze({
    kind,
    services: Object.freeze([...new Set(services)].filter((name) => name !== '').sort()),
    parents: decodeParents(row),
  });
}

function decodeGateway(row: JsonObject): ApiGateway {
  const listeners = objectsOf(row['Listeners']).map((listener) =>
    Object.freeze({ name: textOf(listener['Name']), isTcp: /^(tcp)?$/i.test(textOf(listener['Protocol'])) }),
  );
  return Object.freeze({ kind: 'api-gateway', name: nameOf(row), listeners: Object.freeze(listeners) });
}

/** Those that may be gateways, without those that the status says to have failed. */
function decodeParents(row: JsonObject): readonly GatewayParent[] {
  const status = row['Status'];
  const failed = objectsOf(isObject(status) ? status['Conditions'] : undefined)
    .filter((condition) => textOf(condition['Type']) === 'Bound' && textOf(condition['Status']) === 'False')
    .map((condition) => condition['Resource'])
    .filter(isObject)
    .map(decodeParent);
  const isBound = (parent: GatewayParent): boolean =>
    !failed.some(({ gateway, listener }) => gateway === parent.gateway && listener === parent.listener);
  const parents = objectsOf(row['Parents']).filter((parent) => /^(api-gateway)?$/.test(textOf(parent['Kind'])));
  return Object.freeze(parents.map(decodeParent).filter(isBound));
}

function decodeParent(row: JsonObject): GatewayParent {
  return Object.freeze({ gateway: nameOf(row), listener: textOf(row['SectionName']) });
}

function nameOf(row: JsonObject): string {
  return textOf(row['Name']).toLowerCase();
}

function objectsOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}
