import { formatHostPort, parseNetwork, parseRecursor } from '../addresses.js';
import { choice, durationMs, integer, list, single } from '../value-types.js';
import { setting } from './setting.js';

const recursor = single({
  expects: 'an address of a DNS server: IP or host name, IP:port or [IPv6]:port, not 0.0.0.0 or ::',
  placeholder: 'host[:port]',
  parse: parseRecursor,
  format: ({ host, port }) => formatHostPort(host, port),
});

const network = single({
  expects: 'a network such as 10.0.0.0/8, or any',
  placeholder: 'network',
  parse: parseNetwork,
});

const LOOPBACK_PRIVATE_LINK_LOCAL = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** What becomes of questions outside our zones. */
export const FORWARDING_SETTINGS = {
  recursors: setting({
    flag: '--recursor',
    env: ['CONSUL_DNSD_RECURSORS'],
    keys: ['recursors'],
    type: list(recursor),
    fallback: [],
    reloadable: true,
    help: 'DNS server to ask about names outside our zones; a host name is looked up at the start and on SIGHUP',
  }),
  recursorStrategy: setting({
    flag: '--recursor-strategy',
    env: ['CONSUL_DNSD_RECURSOR_STRATEGY'],
    keys: ['dns_config.recursor_strategy'],
    type: choice(['sequential', 'random']),
    fallback: 'sequential',
    reloadable: true,
    help: 'In which order to ask them',
  }),
  recursorTimeoutMs: setting({
    flag: '--recursor-timeout',
    env: ['CONSUL_DNSD_RECURSOR_TIMEOUT'],
    keys: ['dns_config.recursor_timeout'],
    type: durationMs({ min: 1, max: 600_000 }),
    fallback: 2000,
    reloadable: true,
    help: 'How long to wait for each',
  }),
  allowRecursion: setting({
    flag: '--allow-recursion',
    env: ['CONSUL_DNSD_ALLOW_RECURSION'],
    keys: ['consul_dnsd.allow_recursion'],
    type: list(network, { words: true }),
    fallback: LOOPBACK_PRIVATE_LINK_LOCAL,
    fallbackText: 'loopback, private and link-local networks',
    reloadable: true,
    help: 'Network whose clients may ask about names outside our zones, or any',
  }),
  forwardCacheEntries: setting({
    flag: '--forward-cache-entries',
    env: ['CONSUL_DNSD_FORWARD_CACHE_ENTRIES'],
    keys: ['consul_dnsd.cache.forwarded'],
    type: integer({ min: 1, max: 10_000_000 }),
    fallback: 10_000,
    reloadable: false,
    help: 'Forwarded replies kept in memory',
  }),
};
