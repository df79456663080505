import { describe, expect, test } from 'vitest';
import type { Instance, Node } from '../../src/catalog/model.js';
import { ask, check, EMPTY_WORLD, instance, node, rrs } from './world.js';

/** The addresses an A, AAAA or ANY question about one instance, or SRV glue, comes with. */
function addressesOf(service: Partial<Instance>, on: Node, type: string, dc = 'dc1', translate = false): string[] {
  const world = {
    ...EMPTY_WORLD,
    datacenters: ['dc1', 'dc2'],
    instances: [instance('db', { ...on, datacenter: dc }, service)],
  };
  const reply = ask(`db.service.${dc}.consul ${type}`, { world, policy: { translateWanAddresses: translate } });
  return [...reply.answer, ...reply.additional].map(({ data }) => {
    if ('address' in data) return data.address;
    return data.kind === 'SRV' ? `-> ${data.target}${data.port === 8080 ? '' : ` ${data.port}`}` : data.kind;
  });
}

const lan4 = { lan_ipv4: { address: '10.9.9.4', port: 9999 } };
const lan6 = { lan_ipv6: { address: '2001:db8::9', port: 9999 } };
const v4Node = node('n', '10.0.0.1');
const v6Node = node('n', '2001:db8::1');

describe('the address of an instance (dns-behaviour 7.1, 7.2)', () => {
  test.each([
    { own: {}, on: v4Node, type: 'A', gives: ['10.0.0.1'], why: 'C119: none of its own, so its node’s' },
    { own: { address: '192.0.2.1' }, on: v4Node, type: 'A', gives: ['192.0.2.1'], why: '7.1.4: its own' },
    { own: {}, on: v4Node, type: 'AAAA', gives: [], why: 'C106: wrong family' },
    { own: {}, on: v6Node, type: 'AAAA', gives: ['2001:db8::1'], why: '7.2: IPv6' },
    { own: {}, on: v6Node, type: 'ANY', gives: ['2001:db8::1'], why: 'C105: either family' },
    {
      own: { address: '2001:db8::5' },
      on: v4Node,
      type: 'A',
      gives: [],
      why: 'C106: an address of its own, of the other family, keeps the node out (seen with 1.8.7)',
    },
    { own: { address: '::ffff:192.0.2.1' }, on: v6Node, type: 'A', gives: ['192.0.2.1'], why: '7.4: mapped is IPv4' },
    { own: { taggedAddresses: { ...lan4, ...lan6 } }, on: v4Node, type: 'A', gives: ['10.9.9.4'], why: 'C121' },
    { own: { taggedAddresses: { ...lan4, ...lan6 } }, on: v4Node, type: 'AAAA', gives: ['2001:db8::9'], why: 'C121' },
    {
      own: { taggedAddresses: { ...lan4, ...lan6 } },
      on: v4Node,
      type: 'ANY',
      gives: ['2001:db8::9'],
      why: 'C121: never both',
    },
    { own: { address: '192.0.2.1', taggedAddresses: lan4 }, on: v4Node, type: 'ANY', gives: ['10.9.9.4'], why: 'C121' },
    {
      own: { address: '192.0.2.1', taggedAddresses: { lan: { address: '10.9.9.9', port: 9999 } } },
      on: v4Node,
      type: 'A',
      gives: ['192.0.2.1'],
      why: 'C122: the plain lan tag is never used',
    },
    {
      own: { address: '192.0.2.1', taggedAddresses: lan4 },
      on: v4Node,
      type: 'SRV',
      gives: ['-> 0a090904.addr.dc1.consul.', '10.9.9.4'],
      why: 'C122: nor are ports of lan tags',
    },
    {
      own: {},
      on: node('n', '10.0.0.1', { taggedAddresses: { lan_ipv4: '10.0.0.1', wan: '198.51.100.1' } }),
      type: 'SRV',
      gives: ['-> n.node.dc1.consul.', '10.0.0.1'],
      why: 'tags equal to the address change nothing',
    },
    {
      own: {},
      on: node('n', '2001:db8::1', { taggedAddresses: { lan_ipv4: '10.0.0.7' } }),
      type: 'SRV',
      gives: ['-> 0a000007.addr.dc1.consul.', '10.0.0.7'],
      why: '6.2.3: a tag replaced the node’s address',
    },
    { own: {}, on: node('n', ''), type: 'A', gives: [], why: '7.1.1: nothing at all' },
  ])('$type gives $gives ($why)', ({ own, on, type, gives }) => {
    expect(addressesOf(own, on, type)).toEqual(gives);
  });
});

describe('translate_wan_addrs (dns-behaviour 7.3, 18.5)', () => {
  const wan = { wan: { address: '198.51.100.5', port: 18_080 } };
  const wanNode = node('n', '10.0.0.1', { taggedAddresses: { lan: '10.0.0.1', wan: '198.51.100.1' } });
  const both = { lan_ipv4: '10.0.0.1', wan_ipv4: '198.51.100.1', wan: '198.51.100.2' };

  test.each([
    {
      own: { address: '10.0.0.5', taggedAddresses: wan },
      on: wanNode,
      type: 'A',
      dc: 'dc2',
      gives: ['198.51.100.5'],
      why: 'C123: foreign',
    },
    {
      own: { address: '10.0.0.5', taggedAddresses: wan },
      on: wanNode,
      type: 'A',
      dc: 'dc1',
      gives: ['10.0.0.5'],
      why: 'C124: our own',
    },
    {
      own: { address: '10.0.0.5', taggedAddresses: wan },
      on: wanNode,
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> c6336405.addr.dc2.consul. 18080', '198.51.100.5'],
      why: 'C123: the port as well',
    },
    {
      own: { address: '10.0.0.5', taggedAddresses: { wan: { address: '198.51.100.5', port: 0 } } },
      on: wanNode,
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> c6336405.addr.dc2.consul.', '198.51.100.5'],
      why: '7.3: unless it is 0',
    },
    {
      own: {},
      on: wanNode,
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> c6336401.addr.dc2.consul.', '198.51.100.1'],
      why: 'C123: addr form',
    },
    {
      own: {},
      on: wanNode,
      type: 'SRV',
      dc: 'dc1',
      gives: ['-> n.node.dc1.consul.', '10.0.0.1'],
      why: 'C124: node form',
    },
    {
      own: {},
      on: node('n', '10.0.0.1', { taggedAddresses: both }),
      type: 'A',
      dc: 'dc2',
      gives: ['198.51.100.1'],
      why: '7.3: wan_ipv4 before wan',
    },
    {
      own: {},
      on: node('n', '10.0.0.1', { taggedAddresses: { lan_ipv4: '10.0.0.1', wan: '198.51.100.2' } }),
      type: 'A',
      dc: 'dc2',
      gives: ['10.0.0.1'],
      why: '7.3: lan_ipv4 stays where there is no wan_ipv4',
    },
    {
      own: {},
      on: node('n', '198.51.100.1', { taggedAddresses: { lan: '10.0.0.1', wan: '198.51.100.1' } }),
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> c6336401.addr.dc2.consul.', '198.51.100.1'],
      why: '18.5: the agent translated already',
    },
    {
      own: {},
      on: node('n', '2001:db8::2', { taggedAddresses: { lan: '10.0.0.1', wan_ipv6: '2001:db8::2' } }),
      type: 'A',
      dc: 'dc2',
      gives: ['10.0.0.1'],
      why: '18.5: the agent chose IPv6; lan tells what it put that in the place of',
    },
    {
      own: {},
      on: node('n', '198.51.100.1', { taggedAddresses: { wan_ipv4: '198.51.100.1' } }),
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> c6336401.addr.dc2.consul.', '198.51.100.1'],
      why: '18.5: translated, and nothing tells from what',
    },
    {
      own: {},
      on: node('n', '10.0.0.1', { taggedAddresses: { lan: '10.0.0.1', wan: '10.0.0.1' } }),
      type: 'SRV',
      dc: 'dc2',
      gives: ['-> n.node.dc2.consul.', '10.0.0.1'],
      why: '18.5: nothing to translate, as agents tag themselves',
    },
    {
      own: {},
      on: node('n', '10.0.0.1', { taggedAddresses: { lan_ipv6: '2001:db8::1', wan_ipv6: '2001:db8::2' } }),
      type: 'AAAA',
      dc: 'dc2',
      gives: ['2001:db8::2'],
      why: '7.3: wan_ipv6 likewise',
    },
  ])('$type in $dc gives $gives ($why)', ({ own, on, type, dc, gives }) => {
    expect(addressesOf(own, on, type, dc, true)).toEqual(gives);
  });

  test('a host name put in the place of an IP address is an alias, never an alias to an IP address (D24)', () => {
    const on = node('n', '10.0.0.1', { datacenter: 'dc2', taggedAddresses: { wan: 'n.example.net' } });
    const world = { ...EMPTY_WORLD, datacenters: ['dc1', 'dc2'], nodes: [on], instances: [instance('db', on)] };
    const policy = { translateWanAddresses: true };
    expect(ask('n.node.dc2.consul A', { world, policy }).answer).toEqual(
      rrs('n.node.dc2.consul. CNAME n.example.net.'),
    );
    expect(ask('db.service.dc2.consul A', { world, policy }).answer).toEqual(
      rrs('db.service.dc2.consul. CNAME n.example.net.'),
    );
  });

  test('rows of a peer are foreign (7.3)', () => {
    const world = { ...EMPTY_WORLD, instances: [instance('db', wanNode, { checks: [check('passing')] })] };
    const reply = ask('db.service.p1.peer.consul A', { world, policy: { translateWanAddresses: true } });
    expect(reply.answer).toEqual(rrs('db.service.p1.peer.consul. A 198.51.100.1'));
  });
});

describe('a host name that is the question’s own (C120, D23)', () => {
  const world = (address: string, on: Node) => ({ ...EMPTY_WORLD, instances: [instance('db', on, { address })] });

  test.each(['db.service.consul', 'db.service.consul.', 'DB.service.Consul'])('%s stands for the node', (address) => {
    const reply = ask('db.service.consul SRV', { world: world(address, v4Node) });
    expect(reply.answer).toEqual(rrs('db.service.consul. SRV 1 1 8080 n.node.dc1.consul.'));
    expect(reply.additional).toEqual(rrs('n.node.dc1.consul. A 10.0.0.1'));
  });

  test('is an alias to itself where the node has no IP address (7.1.6)', () => {
    const reply = ask('db.service.consul A', { world: world('DB.service.consul', node('n', 'n.example.net')) });
    expect(reply.answer).toEqual(rrs('db.service.consul. CNAME DB.service.consul.'));
  });

  test('gives no CNAME to itself for a type the node has no address for', () => {
    expect(ask('db.service.consul AAAA', { world: world('db.service.consul', v4Node) }).answer).toEqual([]);
  });
});
