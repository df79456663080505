/** What every registration of a service has in common, whether it comes by HTTP, through the catalog or from a file. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Log } from '../../telemetry/log.js';
import { type Decoded, flag, integer, mapOf, object, opaque, text, textList, textMap } from '../json/decode.js';
import type { ServiceFacts, TaggedAddress, TextMap, Weights } from '../rows.js';
import { proxy, upstreamProblems } from './proxy.js';

const weights = object('Weights', { Passing: integer, Warning: integer });
const taggedAddress = object('ServiceAddress', { Address: text, Port: integer });

/** The fields of a service that all registrations know. */
export const SERVICE_FIELDS = {
  Kind: text,
  ID: text,
  Tags: textList,
  Address: text,
  TaggedAddresses: mapOf(taggedAddress, 'map[string]structs.ServiceAddress'),
  Meta: textMap,
  Port: integer,
  Weights: weights,
  EnableTagOverride: flag,
  Proxy: proxy,
  Connect: object('ServiceConnect', { Native: flag, SidecarService: opaque }),
};

export type ServiceFields = Decoded<typeof SERVICE_FIELDS>;

/** The facts of a registration. A service without an id is known by its name; weights are taken literally when given. */
export function serviceFacts(name: string, fields: ServiceFields): ServiceFacts {
  return {
    id: fields.ID || name,
    service: name,
    kind: fields.Kind ?? '',
    tags: fields.Tags ?? [],
    address: fields.Address ?? '',
    port: fields.Port ?? 0,
    taggedAddresses: taggedAddresses(fields),
    meta: fields.Meta ?? null,
    weights: weightsOf(fields),
    enableTagOverride: fields.EnableTagOverride ?? false,
    proxy: fields.Proxy,
    destination: fields.Proxy?.DestinationServiceName ?? '',
    isConnectNative: fields.Connect?.Native ?? false,
  };
}

function taggedAddresses(fields: ServiceFields): ReadonlyMap<string, TaggedAddress> {
  const given = [...(fields.TaggedAddresses ?? [])];
  return new Map(given.map(([tag, { Address = '', Port = 0 }]) => [tag, { address: Address, port: Port }]));
}

function weightsOf({ Weights: given }: ServiceFields): Weights {
  if (given === undefined) return { passing: 1, warning: 1 };
  return { passing: given.Passing ?? 0, warning: given.Warning ?? 0 };
}

/** An agent tags the address of its own services by family; tags that were given stay. */
export function withFamilyAddresses(facts: ServiceFacts): ServiceFacts {
  const { address, port } = facts;
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  if (family === undefined) return facts;
  const own = new Map([`lan_${family}`, `wan_${family}`].map((tag) => [tag, { address, port }]));
  return { ...facts, taggedAddresses: new Map([...own, ...facts.taggedAddresses]) };
}

/** Says so when a service's name cannot be asked for: it is registered all the same. */
export function warnOfUnanswerableName({ service }: ServiceFacts, log: Log): void {
  if (!/^[A-Za-z0-9-]+$/.test(service)) {
    log.warn('service name will not be discoverable via DNS because of its characters', { service });
  }
}

/** Addresses to bind to, not to be reached at. */
export function isWildcardAddress(address: string): boolean {
  return ['0.0.0.0', '::', '[::]'].includes(address);
}

const MAX_WEIGHT = 65_535;

/** Undefined when the weights are fine. */
export function weightsProblem({ passing, warning }: Weights): string | undefined {
  if (passing < 1) return 'Passing must be greater than 0';
  if (warning < 0) return 'Warning must be greater or equal than 0';
  const isTooLarge = passing > MAX_WEIGHT || warning > MAX_WEIGHT;
  return isTooLarge ? 'DNS Weight must be between 0 and 65535' : undefined;
}

const MAX_META_PAIRS = 64;
const MAX_META_KEY = 128;
const MAX_META_VALUE = 512;

/** Undefined when the metadata is fine. */
export function metaProblem(meta: TextMap | null): string | undefined {
  if (meta === null) return undefined;
  if (meta.size > MAX_META_PAIRS) return `Node metadata cannot contain more than ${MAX_META_PAIRS} key/value pairs`;
  for (const [key, value] of meta) {
    const problem = metaPairProblem(key, value);
    if (problem !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${problem}`;
  }
  return undefined;
}

function metaPairProblem(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[a-zA-Z0-9_-]+$/.test(key)) return 'Key contains invalid characters';
  if (key.length > MAX_META_KEY) return `Key is too long (limit: ${MAX_META_KEY} characters)`;
  if (key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use";
  return value.length > MAX_META_VALUE ? `Value is too long (limit: ${MAX_META_VALUE} characters)` : undefined;
}

/** Undefined unless the service is a proxy that lacks something. */
export function proxyProblem(facts: ServiceFacts): string | undefined {
  if (facts.kind !== 'connect-proxy') return undefined;
  const problems = [
    ...(facts.destination.trim() === ''
      ? ['Proxy.DestinationServiceName must be non-empty for Connect proxy services']
      : []),
    ...(facts.port === 0 ? ['Port must be set for a Connect proxy'] : []),
    ...(facts.isConnectNative ? ['A Proxy cannot also be Connect Native, only typical services'] : []),
    ...upstreamProblems(facts.proxy ?? {}),
  ];
  if (problems.length === 0) return undefined;
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  return `${count} occurred:\n${problems.map((problem) => `\t* ${problem}\n`).join('')}\n`;
}
