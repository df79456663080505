import { MESH } from './mesh.js';
import { NAME_SERVERS, NODES, nodeRow } from './nodes.js';
import { instance, type NodeRegistration, node, type ServiceRegistration } from './registration.js';
import { SERVICES } from './services.js';

/** All that is registered: two datacenters with whatever a catalog can hold. */
export const RICH_NODES: readonly NodeRegistration[] = [...NODES, ...nodeRow('wide', 30, 300)];

export const RICH_SERVICES: readonly ServiceRegistration[] = [
  ...SERVICES,
  ...MESH,
  // Instances of `consul` are the zone's name servers.
  ...NAME_SERVERS.map(({ Node }) => instance('consul', { node: Node, Port: 8300 })),
  instance('consul', { node: 'sick', Port: 8300 }),
];

/** What Consul cannot put on the wire, and then sends nothing (D19): no questions are made of these names. */
export const UNENCODABLE_NODES: readonly NodeRegistration[] = [
  node('wordy', '10.25.0.1', { NodeMeta: { note: 'x'.repeat(300) } }),
  node('l'.repeat(64), '10.25.0.2'),
];

export const UNENCODABLE_SERVICES: readonly ServiceRegistration[] = [
  instance('on-wordy', { node: 'wordy', Port: 80 }),
  instance('on-long-names', { node: 'l'.repeat(64), Port: 80 }),
  instance('on-long-names', { node: 'n-1', Port: 80 }),
];

/** What is registered last: who knows it knows everything. */
export const LAST_SERVICES: readonly ServiceRegistration[] = [
  instance('last', { node: 'n-1' }),
  { ...instance('last', { node: 'far-plain' }), Datacenter: 'dc2' },
];

/** The names of all services, or of those of one datacenter. */
export function namesOfServices(datacenter?: string): readonly string[] {
  const wanted = [...RICH_SERVICES, ...LAST_SERVICES].filter(
    ({ Datacenter }) => datacenter === undefined || Datacenter === datacenter,
  );
  return [...new Set(wanted.map(({ Service }) => Service.Service))];
}

export function namesOfNodes(): readonly string[] {
  return RICH_NODES.map(({ Node }) => Node);
}

export function tags(): readonly string[] {
  return [...new Set(RICH_SERVICES.flatMap(({ Service }) => Service.Tags ?? []))];
}

/** Every address that stands anywhere, as it was registered; some are host names. */
export function addresses(): readonly string[] {
  const ofNodes = RICH_NODES.flatMap(({ Address, TaggedAddresses = {} }) => [
    Address,
    ...Object.values(TaggedAddresses),
  ]);
  const ofServices = RICH_SERVICES.flatMap(({ Service: { Address = '', TaggedAddresses = {} } }) => [
    Address,
    ...Object.values(TaggedAddresses).map((tagged) => tagged.Address),
  ]);
  return [...new Set([...ofNodes, ...ofServices])].filter((address) => address !== '');
}
