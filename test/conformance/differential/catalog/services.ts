import { type InstanceOptions, instance, type ServiceRegistration } from './registration.js';

function each(service: string, all: readonly InstanceOptions[]): readonly ServiceRegistration[] {
  return all.map((options) => instance(service, options));
}

/** A service on so many nodes of a row (see nodeRow), every third instance with an address of its own. */
export function wide(service: string, row: string, { net, count }: { net: number; count: number }) {
  return Array.from({ length: count }, (_, index) =>
    instance(service, {
      node: `${row}-${index}`,
      ...(index % 3 === 0 && { Address: `172.16.${net + ((index / 250) | 0)}.${(index % 250) + 1}` }),
      Tags: index % 2 === 0 ? ['even'] : ['odd'],
    }),
  );
}

/** Services as they mostly are: few and many instances, tags, families, tagged addresses. */
const USUAL: readonly ServiceRegistration[] = [
  ...each('single', [{ node: 'n-1', Tags: ['v1'] }]),
  ...each('pair', [
    { node: 'meta-1', Tags: ['v1', 'dot.ted', 'Caps'] },
    {
      node: 'n-2',
      Address: '192.0.2.22',
      Tags: ['v2', 'canary', '_under', 'udp'],
      Weights: { Passing: 5, Warning: 2 },
    },
  ]),
  ...wide('octet', 'n', { net: 8, count: 8 }),
  ...wide('sixty', 'wide', { net: 60, count: 60 }),
  ...wide('many', 'wide', { net: 30, count: 300 }),
  // Many ports on one node, for which addresses repeat.
  ...Array.from({ length: 20 }, (_, index) => instance('ports', { node: 'n-3', id: `ports-${index}` })),
  ...each('twice', [
    { node: 'n-4', id: 'twice-1', Port: 80, Weights: { Passing: 1, Warning: 1 } },
    { node: 'n-4', id: 'twice-2', Port: 80, Weights: { Passing: 9, Warning: 1 } },
    { node: 'n-5', id: 'twice-3', Port: 80, Address: '10.20.0.5' },
    { node: 'n-6', id: 'twice-4', Port: 80, Address: '10.20.0.5' },
  ]),
  ...each('v6only', [{ node: 'v6-1' }, { node: 'v6-2' }, { node: 'n-1', Address: '2001:DB8::0:66' }]),
  ...each('dual', [
    { node: 'v6-1' },
    { node: 'n-7' },
    { node: 'mapped' },
    { node: 'n-8', Address: '::ffff:192.0.2.8' },
  ]),
  ...each('tagged', [
    { node: 'tagged-v4' },
    { node: 'tagged-v6' },
    { node: 'tagged-dual' },
    { node: 'tagged-same' },
    { node: 'v6-with-v4' },
    { node: 'n-1', id: 't1', Address: '192.0.2.1', TaggedAddresses: { lan_ipv4: { Address: '192.0.2.11', Port: 11 } } },
    {
      node: 'n-2',
      id: 't2',
      Address: '192.0.2.2',
      TaggedAddresses: { lan_ipv6: { Address: '2001:db8::2', Port: 12 } },
    },
    { node: 'n-3', id: 't3', TaggedAddresses: { lan: { Address: '192.0.2.3', Port: 13 } } },
    { node: 'n-4', id: 't4', TaggedAddresses: { lan_ipv4: { Address: '192.0.2.4', Port: 14 } } },
    { node: 'n-5', id: 't5', Address: '2001:db8::5', TaggedAddresses: { wan: { Address: '198.18.0.5', Port: 15 } } },
  ]),
  ...each('tagged-host-node', [{ node: 'tagged-host' }]),
  ...['web', 'webx', 'weby', 'wee', 'db'].flatMap((name) => each(name, [{ node: 'n-1' }, { node: 'n-2' }])),
];

const HEALTH: readonly ServiceRegistration[] = [
  ...each('health', [
    { node: 'n-1', checks: [] },
    { node: 'n-2', checks: ['passing', 'warning'], Weights: { Passing: 7, Warning: 3 } },
    { node: 'n-3', checks: ['passing', 'critical'] },
    { node: 'n-4', checks: ['unheard-of'] },
    { node: 'n-5', checks: ['passing'], Weights: { Passing: 65535, Warning: 0 } },
    { node: 'n-6', checks: [''] },
    { node: 'n-7', namedChecks: { '_service_maintenance:health@n-7': 'critical' } },
    { node: 'n-8', namedChecks: { '_service_maintenance:health@n-8': 'warning' } },
    { node: 'n-9', checks: ['warning'], Weights: { Passing: 7, Warning: 0 } },
    { node: 'sick' },
    { node: 'queasy', Weights: { Passing: 4, Warning: 2 } },
    { node: 'strange' },
    { node: 'repair' },
    { node: 'repair-soft' },
  ]),
  // A neighbour on the same node that fails.
  ...each('sick-neighbour', [{ node: 'n-1', checks: ['critical'] }]),
  // Two instances on one node: a service check of one counts for the other's weight, for it goes by the service's name.
  ...each('siblings', [
    { node: 'n-1', id: 'sib-1', checks: ['warning'], Weights: { Passing: 8, Warning: 4 } },
    { node: 'n-1', id: 'sib-2', checks: ['passing'], Weights: { Passing: 8, Warning: 4 } },
  ]),
  ...each('all-critical', [{ node: 'n-1', checks: ['critical'] }, { node: 'sick' }]),
  ...each('all-warning', [{ node: 'n-1', checks: ['warning'] }, { node: 'queasy' }]),
];

const HOSTS: readonly ServiceRegistration[] = [
  ...each('host-out', [{ node: 'meta-1', Address: 'api.example.net' }]),
  ...each('host-dual', [{ node: 'n-1', Address: 'dual.example.net' }]),
  ...each('host-alias', [{ node: 'n-1', Address: 'Alias.Example.net.' }]),
  ...each('host-back', [{ node: 'n-1', Address: 'back.example.net' }]),
  ...each('host-big', [{ node: 'n-1', Address: 'big.example.net' }]),
  ...each('host-nx', [{ node: 'n-1', Address: 'nx.example.net' }]),
  ...each('host-three', [
    { node: 'n-1', Address: 'api.example.net' },
    { node: 'n-2', Address: 'pair.service.consul' },
    { node: 'n-3', Address: 'db.example.net' },
  ]),
  ...each('host-same', [
    { node: 'n-1', Address: 'api.example.net' },
    { node: 'n-2', Address: 'api.example.net' },
  ]),
  ...each('host-mixed', [
    { node: 'n-1', Address: 'api.example.net' },
    { node: 'n-2' },
    { node: 'v6-1', Address: 'db.example.net' },
  ]),
  ...each('host-in', [{ node: 'meta-2', Address: 'pair.service.consul' }]),
  ...each('host-in-many', [{ node: 'n-1', Address: 'many.service.consul' }]),
  ...each('host-in-node', [{ node: 'n-1', Address: 'Meta-1.node.consul' }]),
  ...each('host-in-query', [{ node: 'n-1', Address: 'q-pair.query.consul' }]),
  ...each('host-in-addr', [{ node: 'n-1', Address: 'c0000207.addr.consul' }]),
  ...each('host-in-v6', [{ node: 'n-1', Address: 'v6only.service.consul' }]),
  ...each('host-in-nope', [{ node: 'n-1', Address: 'nope.service.consul' }]),
  ...each('host-in-far', [{ node: 'n-1', Address: 'far.service.dc2.consul' }]),
  ...each('host-corp', [{ node: 'n-1', Address: 'pair.service.corp.example' }]),
  ...each('host-alt', [{ node: 'n-1', Address: 'pair.service.alt.corp.example' }]),
  ...each('host-self', [{ node: 'n-1', Address: 'host-self.service.consul' }]),
  ...each('host-self-ext', [{ node: 'ext-out', Address: 'host-self-ext.service.consul' }]),
  ...each('host-self-corp', [{ node: 'n-1', Address: 'host-self-corp.service.corp.example.' }]),
  ...each('host-self-tag', [{ node: 'n-1', Address: 'v1.host-self-tag.service.consul', Tags: ['v1'] }]),
  ...each('loop-a', [{ node: 'n-1', Address: 'loop-b.service.consul' }]),
  ...each('loop-b', [{ node: 'n-1', Address: 'loop-a.service.consul' }]),
  ...[1, 2, 3, 4, 5, 6].map((step) =>
    instance(`chain-${step}`, { node: 'n-1', Address: `chain-${step + 1}.service.consul` }),
  ),
  ...each('chain-7', [{ node: 'n-1' }]),
  ...['ext-out', 'ext-alias', 'ext-in', 'ext-svc', 'ext-self', 'ext-loop-a', 'ext-nowhere', 'ext-corp'].map((name) =>
    instance(`on-${name}`, { node: name }),
  ),
  ...each('host-odd', [{ node: 'n-1', Address: 'not a host!' }]),
  ...each('host-ip-port', [{ node: 'n-1', Address: '10.0.0.1:80' }]),
];

const ODD: readonly ServiceRegistration[] = [
  ...['Caps-Svc', 'under_score', 'dot.ted', 'sp ace', 'ünïcode', 'node', 'query', 'service', 'connect', 'addr'].flatMap(
    (name) => each(name, [{ node: 'Caps-Node', Tags: ['v1', 'node'] }]),
  ),
  ...['_tcp', '_lead', 'virtual', 'dc1', 'peer', 'x'.repeat(63), 'y'.repeat(64)].flatMap((name) =>
    each(name, [{ node: 'n-1', Tags: ['v1'] }]),
  ),
  ...each('odd-nodes', [
    { node: 'dot.ted.name' },
    { node: 'Caps-Node' },
    { node: 'under_score' },
    { node: 'sp ace' },
    { node: 'ünode' },
    { node: 'node' },
    { node: 'x'.repeat(63) },
  ]),
  ...each('port-0', [{ node: 'n-1', Port: 0 }]),
  ...each('port-max', [{ node: 'n-1', Port: 65_535 }]),
];

const REMOTE: readonly ServiceRegistration[] = [
  ...each('far', [
    { node: 'far-plain' },
    { node: 'far-wan' },
    { node: 'far-wan4' },
    { node: 'far-wan6' },
    { node: 'far-mixed' },
    { node: 'far-usual' },
    { node: 'far-same' },
    { node: 'far-plain', id: 'f1', TaggedAddresses: { wan: { Address: '198.18.0.1', Port: 4001 } } },
    {
      node: 'far-plain',
      id: 'f2',
      Address: '10.41.0.2',
      TaggedAddresses: { lan: { Address: '10.41.0.2', Port: 2 }, wan: { Address: '198.18.0.2', Port: 4002 } },
    },
    { node: 'far-wan', id: 'f3', Address: '10.41.0.3', TaggedAddresses: { wan: { Address: '198.18.0.3', Port: 0 } } },
    {
      node: 'far-wan',
      id: 'f4',
      Address: '10.41.0.4',
      TaggedAddresses: { wan_ipv4: { Address: '198.18.0.4', Port: 4 } },
    },
  ]),
  ...each('far-hosts', [{ node: 'far-host' }]),
  ...each('far-host-wan', [
    { node: 'far-plain', Address: '10.41.0.5', TaggedAddresses: { wan: { Address: 'wan.example.net', Port: 443 } } },
  ]),
  ...each('single', [{ node: 'far-plain', Address: '192.0.2.200', Tags: ['v1'] }]),
  ...each('pair', [{ node: 'far-usual' }, { node: 'far-wan' }]),
].map((far) => ({ ...far, Datacenter: 'dc2' }));

export const SERVICES: readonly ServiceRegistration[] = [...USUAL, ...HEALTH, ...HOSTS, ...ODD, ...REMOTE];
