import { type NodeRegistration, node, nodeCheck } from './registration.js';

/** Nodes `NAME-0`, `NAME-1`, ... with addresses that count up from `10.NET.0.1`. */
export function nodeRow(name: string, net: number, count: number): readonly NodeRegistration[] {
  return Array.from({ length: count }, (_, index) =>
    node(`${name}-${index}`, `10.${net}.${(index / 250) | 0}.${(index % 250) + 1}`),
  );
}

const META = { rack: 'a7', 'rfc1035-note': 'as it is', 'RFC1035-Up': 'also as it is', 'k=e`y': 'v=a`l' };

/** Every kind of address, tag, name, metadata and health that a node can have. */
const LOCAL: readonly NodeRegistration[] = [
  ...nodeRow('n', 20, 12),
  node('meta-1', '10.21.0.1', { NodeMeta: META }),
  node('meta-2', '10.21.0.2', { NodeMeta: { ' lead': 'x', 'trail ': 'y', empty: '', 'two  words': ' z ' } }),
  node('v6-1', '2001:db8::6', { NodeMeta: { family: '6' } }),
  node('v6-2', '2001:DB8:0:0::7'),
  node('mapped', '::ffff:10.21.0.9'),
  node('tagged-v4', '10.21.1.1', { TaggedAddresses: { lan: '10.21.1.2', lan_ipv4: '10.21.1.3', wan: '198.18.1.1' } }),
  node('tagged-v6', '10.21.1.5', { TaggedAddresses: { lan_ipv6: '2001:db8::15', wan_ipv6: '2001:db8::f15' } }),
  node('tagged-dual', '10.21.1.7', { TaggedAddresses: { lan_ipv4: '10.21.1.8', lan_ipv6: '2001:db8::18' } }),
  node('tagged-same', '10.21.1.9', {
    TaggedAddresses: { lan: '10.21.1.9', lan_ipv4: '10.21.1.9', wan: '10.21.1.9', wan_ipv4: '10.21.1.9' },
  }),
  node('v6-with-v4', '2001:db8::20', { TaggedAddresses: { lan_ipv4: '10.21.1.20' } }),
  node('tagged-host', '10.21.1.21', { TaggedAddresses: { lan_ipv4: 'tagged.example.net' } }),
  node('ext-out', 'db.example.net', { NodeMeta: { where: 'outside' } }),
  node('ext-alias', 'alias.example.net.'),
  node('ext-in', 'n-1.node.consul', { NodeMeta: { where: 'inside' } }),
  node('ext-svc', 'pair.service.consul'),
  node('ext-corp', 'n-1.node.corp.example'),
  node('ext-self', 'ext-self.node.consul'),
  node('ext-loop-a', 'ext-loop-b.node.consul'),
  node('ext-loop-b', 'ext-loop-a.node.consul'),
  node('ext-nowhere', 'nope.service.consul'),
  node('dot.ted.name', '10.22.0.1', { NodeMeta: { dots: 'yes' } }),
  node('Caps-Node', '10.22.0.2', { NodeMeta: { Caps: 'Yes' } }),
  node('under_score', '10.22.0.3'),
  node('sp ace', '10.22.0.4', { NodeMeta: { sp: 'ace' } }),
  node('ünode', '10.22.0.5', { NodeMeta: { ümlaut: 'ü' } }),
  node('node', '10.22.0.6'),
  node('service', '10.22.0.7'),
  node('dc1', '10.22.0.8'),
  node('x'.repeat(63), '10.22.0.9'),
  node('sick', '10.23.0.1', { Checks: [nodeCheck('ping', 'critical')] }),
  node('queasy', '10.23.0.2', { Checks: [nodeCheck('ping', 'warning')] }),
  node('strange', '10.23.0.3', { Checks: [nodeCheck('ping', 'unheard-of')] }),
  node('repair', '10.23.0.4', { Checks: [nodeCheck('_node_maintenance', 'critical')] }),
  node('repair-soft', '10.23.0.5', { Checks: [nodeCheck('_node_maintenance', 'warning')] }),
  node('shared-address', '10.20.0.1'),
  node('a-shared-address', '10.20.0.2'),
];

/** Name servers; the last ones are not to be named. */
export const NAME_SERVERS: readonly NodeRegistration[] = [
  node('NS-two', '10.24.0.2'),
  node('ns-six', '2001:db8:24::6'),
  node('ns-dual', '10.24.0.3', { TaggedAddresses: { lan_ipv4: '10.24.0.4', lan_ipv6: '2001:db8:24::4' } }),
  node('ns-host', 'ns.example.net'),
  node('ns.dotted', '10.24.0.5'),
  node('ns_under', '10.24.0.6'),
];

const REMOTE: readonly NodeRegistration[] = [
  node('far-plain', '10.40.0.1'),
  node('far-wan', '10.40.0.2', { TaggedAddresses: { lan: '10.40.0.2', wan: '198.18.40.2' } }),
  node('far-wan4', '10.40.0.3', {
    TaggedAddresses: { lan: '10.40.0.3', lan_ipv4: '10.40.0.13', wan_ipv4: '198.18.40.3' },
  }),
  node('far-wan6', '10.40.0.4', {
    TaggedAddresses: { lan: '10.40.0.4', lan_ipv6: '2001:db8:40::4', wan_ipv6: '2001:db8:f40::4' },
  }),
  node('far-mixed', '10.40.0.5', { TaggedAddresses: { lan: '10.40.0.5', lan_ipv4: '10.40.0.15', wan: '198.18.40.5' } }),
  node('far-usual', '10.40.0.6', {
    TaggedAddresses: { lan: '10.40.0.6', lan_ipv4: '10.40.0.6', wan: '198.18.40.6', wan_ipv4: '198.18.40.6' },
    NodeMeta: { far: 'away' },
  }),
  node('far-same', '10.40.0.7', {
    TaggedAddresses: { lan: '10.40.0.7', lan_ipv4: '10.40.0.7', wan: '10.40.0.7', wan_ipv4: '10.40.0.7' },
  }),
  node('far-host', '10.40.0.8', { TaggedAddresses: { lan: '10.40.0.8', wan: 'far.example.net' } }),
  node('n-1', '10.40.0.9'),
].map((far) => ({ ...far, Datacenter: 'dc2' }));

export const NODES: readonly NodeRegistration[] = [...LOCAL, ...NAME_SERVERS, ...REMOTE];

/** How far the nodes of the row `n` are from each other, which decides the order of `Near` queries: no two as far. */
export const COORDINATES: readonly unknown[] = Array.from({ length: 8 }, (_unused, index) => ({
  Node: `n-${index}`,
  Coord: { Vec: [0.001 * 2 ** index, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0.00001 },
}));
