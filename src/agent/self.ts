/** What the agent says about itself: /v1/agent/self and /v1/agent/members (http-api B8). */
import type { JsonView } from './views.js';

export interface SelfFacts {
  readonly nodeName: string;
  readonly nodeId: string;
  readonly datacenter: string;
  /** The DNS domain, without a final dot. */
  readonly domain: string;
  /** The address the node is registered with. */
  readonly address: string;
  readonly dnsPort: number;
  readonly areScriptsEnabled: boolean;
  readonly areLocalScriptsEnabled: boolean;
}

/** The version of Consul whose behaviour this agent shows. */
export const CONSUL_VERSION = '1.8.7';
/** Where a real server would take RPCs; this one only says so. */
export const SERVER_PORT = 8300;
const SERF_LAN_PORT = 8301;
const SERF_WAN_PORT = 8302;

export const NODE_META = new Map([['consul-network-segment', '']]);
export const ZERO_COORDINATE: JsonView = {
  Vec: [0, 0, 0, 0, 0, 0, 0, 0],
  Error: 1.5,
  Adjustment: 0,
  Height: 0.00001,
};

export function nodeTaggedAddresses({ address }: { readonly address: string }): ReadonlyMap<string, string> {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return new Map(['lan', `lan_${family}`, 'wan', `wan_${family}`].map((tag) => [tag, address]));
}

export function memberView(facts: SelfFacts, { isWan }: { readonly isWan: boolean }): JsonView {
  return {
    Name: isWan ? `${facts.nodeName}.${facts.datacenter}` : facts.nodeName,
    Addr: facts.address,
    Port: isWan ? SERF_WAN_PORT : SERF_LAN_PORT,
    Tags: new Map([
      ['acls', '0'],
      ['build', `${CONSUL_VERSION}:`],
      ['dc', facts.datacenter],
      ['ft_fs', '1'],
      ['id', facts.nodeId],
      ['port', String(SERVER_PORT)],
      ['raft_vsn', '3'],
      ['role', 'consul'],
      ['segment', ''],
      ['vsn', '2'],
      ['vsn_max', '3'],
      ['vsn_min', '2'],
      ...(isWan ? [] : [['wan_join_port', String(SERF_WAN_PORT)] as const]),
    ]),
    Status: 1,
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}

export interface Counts {
  readonly services: number;
  readonly checks: number;
  readonly ttlChecks: number;
  readonly index: number;
}

export function selfView(facts: SelfFacts, counts: Counts): JsonView {
  return {
    Config: {
      Datacenter: facts.datacenter,
      NodeName: facts.nodeName,
      NodeID: facts.nodeId,
      Revision: '',
      Server: true,
      Version: CONSUL_VERSION,
    },
    DebugConfig: {
      AdvertiseAddrLAN: facts.address,
      BindAddr: facts.address,
      DNSAltDomain: '',
      DNSDomain: `${facts.domain}.`,
      DNSPort: facts.dnsPort,
      DataDir: '',
      Datacenter: facts.datacenter,
      DevMode: true,
      EnableLocalScriptChecks: facts.areLocalScriptsEnabled,
      EnableRemoteScriptChecks: facts.areScriptsEnabled,
      NodeID: facts.nodeId,
      NodeName: facts.nodeName,
      PrimaryDatacenter: facts.datacenter,
      ServerMode: true,
      TaggedAddresses: nodeTaggedAddresses(facts),
      Version: CONSUL_VERSION,
    },
    Coord: ZERO_COORDINATE,
    Member: memberView(facts, { isWan: false }),
    Stats: stats(facts, counts),
    Meta: NODE_META,
  };
}

/** `consul info` prints these groups as they come. */
function stats({ address }: SelfFacts, { services, checks, ttlChecks, index }: Counts): JsonView {
  return {
    agent: {
      check_monitors: String(checks - ttlChecks),
      check_ttls: String(ttlChecks),
      checks: String(checks),
      services: String(services),
    },
    build: { prerelease: '', revision: '', version: CONSUL_VERSION },
    consul: {
      acl: 'disabled',
      bootstrap: 'false',
      known_datacenters: '1',
      leader: 'true',
      leader_addr: `${address}:${SERVER_PORT}`,
      server: 'true',
    },
    raft: { applied_index: String(index), commit_index: String(index), num_peers: '0', state: 'Leader' },
    runtime: { arch: process.arch, os: process.platform, version: process.version },
    serf_lan: { failed: '0', left: '0', members: '1' },
    serf_wan: { failed: '0', left: '0', members: '1' },
  };
}
