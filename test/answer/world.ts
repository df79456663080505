/** A catalog as plain rows, and questions put to it the way the responder does, without a socket or a clock. */
import { type AnswerContext, composeAnswer } from '../../src/answer/compose.js';
import { messageFor } from '../../src/answer/message.js';
import type { Outcome } from '../../src/answer/outcome.js';
import type { AnswerPolicy } from '../../src/answer/policy.js';
import type { Check, Instance, Node, QueryResult } from '../../src/catalog/model.js';
import type { AddressOwner, CatalogLookup, Rows } from '../../src/catalog/source.js';
import { parseName } from '../../src/query/parse-name.js';
import { createZones, zoneOf } from '../../src/query/zones.js';
import { parseType, RecordClass } from '../../src/wire/constants.js';
import type { Edns } from '../../src/wire/edns.js';
import type { Message, Question } from '../../src/wire/message.js';
import { absolute } from '../../src/wire/name.js';
import type { ResourceRecord } from '../../src/wire/rdata.js';
import { rr } from '../support/records.js';

export const NOW_SECONDS = 1_700_000_000;
export const SOA = rr(`consul. 0 IN SOA ns.consul. hostmaster.consul. ${NOW_SECONDS} 3600 600 86400 0`);

/** Settings as Consul has them out of the box, but for names they share with nobody. */
export const CONSUL_POLICY: AnswerPolicy = {
  datacenter: 'dc1',
  onlyPassing: false,
  nodeTtlSeconds: 0,
  serviceTtlSeconds: new Map(),
  soa: { refreshSeconds: 3600, retrySeconds: 600, expireSeconds: 86_400, minTtlSeconds: 0 },
  aRecordLimit: 0,
  udpAnswerLimit: 0,
  enableTruncate: true,
  disableCompression: false,
  additionalNodeMetaTxt: true,
  serviceMetaTxt: false,
  translateWanAddresses: false,
  advertise: [],
  udpPayloadMaxBytes: 1232,
};

export function node(name: string, address: string, rest: Partial<Node> = {}): Node {
  return { name, address, datacenter: 'dc1', taggedAddresses: {}, meta: {}, ...rest };
}

export function instance(service: string, on: Node, rest: Partial<Instance> = {}): Instance {
  return {
    node: on,
    id: `${service}-${on.name}`,
    service,
    kind: '',
    address: '',
    port: 8080,
    ports: [],
    tags: [],
    taggedAddresses: {},
    meta: {},
    weights: { passing: 1, warning: 1 },
    checks: [],
    ...rest,
  };
}

/** A check of the whole node; with a service's ID and name, of that service. */
export function check(status: string, rest: Partial<Check> = {}): Check {
  return { id: 'a-check', status, serviceId: '', serviceName: '', ...rest };
}

export interface World {
  readonly datacenters: readonly string[];
  readonly nodes: readonly Node[];
  readonly instances: readonly Instance[];
  /** By service: mesh proxies, gateways. */
  readonly connect: Readonly<Record<string, readonly Instance[]>>;
  readonly ingress: Readonly<Record<string, readonly Instance[]>>;
  readonly queries: Readonly<Record<string, QueryResult>>;
  readonly owners: Readonly<Record<string, readonly AddressOwner[]>>;
}

export const EMPTY_WORLD: World = {
  datacenters: ['dc1'],
  nodes: [],
  instances: [],
  connect: {},
  ingress: {},
  queries: {},
  owners: {},
};

/** The rows Consul's HTTP API would give. */
export function rowsOf(world: World, lookup: CatalogLookup, isStale = false): Rows {
  const facts = { isStale, dependsOn: [] };
  const wanted =
    'locality' in lookup ? lookup.locality.datacenter : 'datacenter' in lookup ? lookup.datacenter : undefined;
  const datacenter = wanted ?? 'dc1';
  if (lookup.kind !== 'non-terminal' && !world.datacenters.includes(datacenter)) {
    return { ...facts, kind: 'unknown-datacenter', datacenter };
  }
  const called = (instances: readonly Instance[], name: string) =>
    instances.filter(({ service, node: on }) => service.toLowerCase() === name && on.datacenter === datacenter);
  switch (lookup.kind) {
    case 'service': {
      const { view, service } = lookup;
      const instances = view === 'service' ? called(world.instances, service) : (viewOf(world, view)[service] ?? []);
      return { ...facts, kind: 'instances', instances, datacenter };
    }
    case 'virtual':
      return { ...facts, kind: 'instances', instances: world.connect[lookup.service] ?? [], datacenter };
    case 'apex':
      return { ...facts, kind: 'instances', instances: called(world.instances, 'consul'), datacenter };
    case 'node': {
      const found = world.nodes.find((on) => on.name.toLowerCase() === lookup.node && on.datacenter === datacenter);
      return { ...facts, kind: 'node', node: found, datacenter };
    }
    case 'prepared-query':
      return { ...facts, kind: 'prepared-query', result: world.queries[lookup.query] };
    case 'reverse':
      return { ...facts, kind: 'owners', owners: world.owners[lookup.address] ?? [] };
    case 'non-terminal':
      return { ...facts, kind: 'datacenters', datacenters: world.datacenters };
  }
}

function viewOf(
  world: World,
  view: 'connect' | 'ingress' | 'api-gateway',
): Readonly<Record<string, readonly Instance[]>> {
  return view === 'connect' ? world.connect : view === 'ingress' ? world.ingress : {};
}

export interface AskOptions {
  readonly world?: World;
  readonly policy?: Partial<AnswerPolicy>;
  readonly altDomain?: string;
  readonly context?: Partial<AnswerContext>;
  readonly isStale?: boolean;
  readonly edns?: Edns;
}

/** `name type`, as dig takes it. */
export function question(text: string): Question {
  const [name = '', type = ''] = text.split(' ');
  const number = parseType(type);
  if (number === undefined) throw new Error(`Cannot ask "${text}": unknown type`);
  return { name: absolute(name), type: number, class: RecordClass.IN };
}

/** What a question comes to; `refused` for names that are not ours. Rows come in their order unless told otherwise. */
export function outcomeOf(text: string, options: AskOptions = {}): Outcome {
  const asked = question(text);
  const parsed = parseName(asked, zonesOf(options));
  if (parsed.kind === 'not-ours') return { kind: 'refused' };
  if (parsed.kind !== 'lookup') return { kind: parsed.kind };
  const { lookup, zone } = parsed;
  const rows = lookup.kind === 'address' ? undefined : rowsOf(options.world ?? EMPTY_WORLD, lookup, options.isStale);
  const context = { random: keepOrder, nowSeconds: NOW_SECONDS, isSmallUdp: false, ...options.context };
  return composeAnswer({ question: asked, lookup, zone, rows }, { ...CONSUL_POLICY, ...options.policy }, context);
}

/** The whole reply, its host names not chased. */
export function ask(text: string, options: AskOptions = {}): Message {
  const asked = question(text);
  const parsed = parseName(asked, zonesOf(options));
  return messageFor(queryFor(asked, options.edns), outcomeOf(text, options), {
    zone: zoneOf(zonesOf(options), asked.name),
    policy: { ...CONSUL_POLICY, ...options.policy },
    nowSeconds: NOW_SECONDS,
    recursionAvailable: false,
    lookupKind: parsed.kind === 'lookup' ? parsed.lookup.kind : undefined,
    isStale: options.isStale ?? false,
  });
}

export function queryFor(asked: Question, edns?: Edns): Message {
  return {
    id: 0x1a2b,
    isResponse: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    rcode: 0,
    questions: [asked],
    answer: [],
    authority: [],
    additional: [],
    edns,
  };
}

export function rrs(...lines: readonly string[]): readonly ResourceRecord[] {
  return lines.map(rr);
}

/** A random source that makes a shuffle change nothing. */
export const keepOrder = (): number => 0;

function zonesOf({ altDomain }: AskOptions) {
  return createZones({ domain: 'consul', altDomain });
}

const srv1 = node('srv-1', '127.0.0.1');
const web1 = node('web-1', '10.20.0.1', { meta: { rack: 'a7' } });
const web2 = node('web-2', '10.20.0.2');
const web6 = node('web-6', '2001:db8::6');
const web9 = node('web-9', '10.20.0.9');
const ext1 = node('ext-1', 'db.example.net');

const web = [
  instance('web', web1, { tags: ['v1'] }),
  instance('web', web2, {
    address: '192.0.2.22',
    port: 8081,
    tags: ['v2', 'canary'],
    weights: { passing: 5, warning: 2 },
  }),
];

/** The catalog of the specification's worked examples (dns-behaviour 0). */
export const EXAMPLE_WORLD: World = {
  ...EMPTY_WORLD,
  nodes: [srv1, web1, web2, web6, web9, ext1],
  instances: [
    instance('consul', srv1, { port: 8300 }),
    ...web,
    instance('web6', web6),
    instance('api', web9, { address: 'api.example.net', port: 443 }),
    instance('extdb', ext1, { port: 5432 }),
  ],
  connect: {
    web: [
      instance('web-sidecar-proxy', web1, {
        port: 21_000,
        taggedAddresses: { 'consul-virtual': { address: '240.0.0.1', port: 20_000 } },
      }),
    ],
  },
  queries: { q1: { service: 'web', instances: web, ttlSeconds: 13, datacenter: 'dc1' } },
  owners: {
    '10.20.0.1': [{ kind: 'node', name: 'web-1', datacenter: 'dc1' }],
    '192.0.2.22': [{ kind: 'service', name: 'web', datacenter: 'dc1' }],
  },
};
