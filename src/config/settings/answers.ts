import { boolean, integer, single, ttlMap, ttlSeconds } from '../value-types.js';
import { setting } from './setting.js';

const UINT32_MAX = 2 ** 32 - 1;

const datacenter = single({
  expects: 'a datacenter name of letters, digits, - and _',
  placeholder: 'name',
  parse: (value) => (/^[\w-]{1,63}$/.test(value) ? value.toLowerCase() : undefined),
});

const nodeName = single({
  expects: 'a node name',
  placeholder: 'name',
  parse: (value) => (value.trim() === '' ? undefined : value),
});

/** What answers say; Consul's own names and, unless the help says otherwise, defaults (dns-behaviour section 17). */
export const ANSWER_SETTINGS = {
  datacenter: setting<string | undefined>({
    flag: '--datacenter',
    env: ['CONSUL_DNSD_DATACENTER'],
    keys: ['datacenter'],
    type: datacenter,
    fallback: undefined,
    fallbackText: "the Consul agent's; dc1 for dev",
    reloadable: false,
    help: 'The datacenter that names without one mean',
  }),
  nodeName: setting<string | undefined>({
    flag: '--node',
    env: ['CONSUL_DNSD_NODE'],
    keys: ['node_name'],
    type: nodeName,
    fallback: undefined,
    fallbackText: 'the host name',
    reloadable: false,
    help: 'For dev, the one node there is; else without effect, for prepared queries start from the node of the Consul agent',
  }),
  onlyPassing: setting({
    flag: '--only-passing',
    env: ['CONSUL_DNSD_ONLY_PASSING'],
    keys: ['dns_config.only_passing'],
    type: boolean,
    fallback: true,
    reloadable: true,
    help: 'Leave out instances with a warning, too (Consul: false)',
  }),
  nodeTtlSeconds: setting({
    flag: '--node-ttl',
    env: ['CONSUL_DNSD_NODE_TTL'],
    keys: ['dns_config.node_ttl'],
    type: ttlSeconds,
    fallback: 0,
    reloadable: true,
    help: 'TTL of node addresses and of name servers',
  }),
  serviceTtlSeconds: setting({
    flag: '--service-ttl',
    env: ['CONSUL_DNSD_SERVICE_TTL'],
    keys: ['dns_config.service_ttl'],
    type: ttlMap,
    fallback: new Map(),
    fallbackText: '0s for all',
    reloadable: true,
    help: 'TTL by service name; a name may end in *, the longest match counts',
  }),
  enableTruncate: setting({
    flag: '--enable-truncate',
    env: ['CONSUL_DNSD_ENABLE_TRUNCATE'],
    keys: ['dns_config.enable_truncate'],
    type: boolean,
    fallback: true,
    reloadable: true,
    help: 'Set TC when records had to be left out for size (Consul: false)',
  }),
  udpAnswerLimit: setting({
    flag: '--udp-answer-limit',
    env: ['CONSUL_DNSD_UDP_ANSWER_LIMIT'],
    keys: ['dns_config.udp_answer_limit'],
    type: integer({ min: 0, max: 65_535 }),
    fallback: 0,
    fallbackText: '0 (no limit)',
    reloadable: true,
    help: 'Answers in a UDP reply of at most 512 bytes (Consul: 3)',
  }),
  aRecordLimit: setting({
    flag: '--a-record-limit',
    env: ['CONSUL_DNSD_A_RECORD_LIMIT'],
    keys: ['dns_config.a_record_limit'],
    type: integer({ min: 0, max: 65_535 }),
    fallback: 0,
    fallbackText: '0 (no limit)',
    reloadable: true,
    help: 'Addresses in a reply',
  }),
  disableCompression: setting({
    flag: '--disable-compression',
    env: ['CONSUL_DNSD_DISABLE_COMPRESSION'],
    keys: ['dns_config.disable_compression'],
    type: boolean,
    fallback: false,
    reloadable: true,
    help: 'Spell every name out',
  }),
  enableAdditionalNodeMetaTxt: setting({
    flag: '--enable-additional-node-meta-txt',
    env: ['CONSUL_DNSD_ENABLE_ADDITIONAL_NODE_META_TXT'],
    keys: ['dns_config.enable_additional_node_meta_txt'],
    type: boolean,
    fallback: true,
    reloadable: true,
    help: "Add nodes' metadata as TXT records to the additional section",
  }),
  serviceMetaTxt: setting({
    flag: '--service-meta-txt',
    env: ['CONSUL_DNSD_SERVICE_META_TXT'],
    keys: ['consul_dnsd.service_meta_txt'],
    type: boolean,
    fallback: false,
    reloadable: true,
    help: "Answer TXT questions for a service with its instances' metadata",
  }),
  translateWanAddrs: setting({
    flag: '--translate-wan-addrs',
    env: ['CONSUL_DNSD_TRANSLATE_WAN_ADDRS'],
    keys: ['translate_wan_addrs'],
    type: boolean,
    fallback: false,
    reloadable: true,
    help: 'Give WAN addresses for other datacenters',
  }),
  preferNamespace: setting({
    flag: '--prefer-namespace',
    env: ['CONSUL_DNSD_PREFER_NAMESPACE'],
    keys: ['dns_config.prefer_namespace'],
    type: boolean,
    fallback: false,
    reloadable: true,
    help: 'Without effect: names of Consul Enterprise are not answered',
  }),
  soaRefreshSeconds: soaSetting('refresh', 3600, 'How often secondaries look for a new zone'),
  soaRetrySeconds: soaSetting('retry', 600, 'How soon they try again after a failure'),
  soaExpireSeconds: soaSetting('expire', 86_400, 'How long they answer without having reached us'),
  soaMinTtlSeconds: soaSetting('min_ttl', 0, 'How long "no such name" may be cached'),
};

function soaSetting(field: string, fallback: number, help: string) {
  const name = `soa-${field.replace('_', '-')}`;
  return setting({
    flag: `--${name}`,
    env: [`CONSUL_DNSD_${name.replaceAll('-', '_').toUpperCase()}`],
    keys: [`dns_config.soa.${field}`],
    type: integer({ min: 0, max: UINT32_MAX }),
    fallback,
    reloadable: true,
    help: `${help}, in seconds`,
  });
}
