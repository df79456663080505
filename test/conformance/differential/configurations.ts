/** One way to set both servers. What is left out stands at Consul's defaults, on both sides. */
export interface Configuration {
  readonly name: string;
  /** Keys of an agent's configuration file. */
  readonly agent: AgentJson;
  /** Keys that only we have, below `consul_dnsd`. */
  readonly own?: Readonly<Record<string, unknown>>;
  /** The zones that questions are about, absolute. */
  readonly zones: readonly string[];
  readonly hasRecursors?: true;
  /** Read the catalog from the server, not from the agent that is compared with: its rows are as they were registered. */
  readonly readsFromServer?: true;
}

export interface AgentJson {
  readonly domain?: string;
  readonly alt_domain?: string;
  readonly translate_wan_addrs?: boolean;
  readonly dns_config?: Readonly<Record<string, unknown>>;
}

const TTLS = {
  node_ttl: '7s',
  // The example of dns-behaviour 10.2, and a key that can never match.
  service_ttl: { '*': '5s', 'we*': '6s', 'web*': '7s', webx: '30s', db: '1500ms', 'Caps-Svc': '9s' },
};

export const CONFIGURATIONS: readonly Configuration[] = [
  { name: 'defaults', agent: {}, zones: ['consul.'], own: { udp_payload_max: 65_467 } },
  {
    name: 'passing-ttls',
    agent: {
      dns_config: {
        ...TTLS,
        only_passing: true,
        enable_truncate: true,
        udp_answer_limit: 8,
        soa: { refresh: 1, retry: 2, expire: 3, min_ttl: 4 },
      },
    },
    zones: ['consul.'],
  },
  {
    name: 'limits',
    agent: { dns_config: { a_record_limit: 5, udp_answer_limit: 0, enable_additional_node_meta_txt: false } },
    zones: ['consul.'],
    own: { udp_payload_max: 4_096 },
  },
  {
    name: 'uncompressed',
    agent: { dns_config: { disable_compression: true, enable_truncate: true, udp_answer_limit: 5, a_record_limit: 1 } },
    zones: ['consul.'],
  },
  {
    name: 'alt-domain',
    agent: { domain: 'Corp.Example.', alt_domain: 'alt.corp.example', dns_config: TTLS },
    zones: ['corp.example.', 'corp.example.', 'alt.corp.example.'],
    own: { udp_payload_max: 4_096 },
  },
  {
    name: 'recursors',
    agent: { alt_domain: 'corp.example', dns_config: TTLS },
    zones: ['consul.', 'consul.', 'corp.example.'],
    hasRecursors: true,
    own: { udp_payload_max: 4_096 },
  },
  {
    name: 'wan-by-agent',
    agent: { translate_wan_addrs: true, dns_config: { node_ttl: '7s' } },
    zones: ['consul.'],
    own: { udp_payload_max: 4_096 },
  },
  {
    name: 'wan-by-us',
    agent: { translate_wan_addrs: true, dns_config: { only_passing: true } },
    zones: ['consul.'],
    readsFromServer: true,
  },
];

/** Consul's defaults where ours differ. */
const CONSUL_DEFAULTS = { only_passing: false, enable_truncate: false, udp_answer_limit: 3 };

/** The configuration file of the agent that is compared with. */
export function agentJson({ agent }: Configuration, recursors: readonly string[]): Readonly<Record<string, unknown>> {
  return { ...agent, dns_config: { ...CONSUL_DEFAULTS, ...agent.dns_config }, recursors };
}
