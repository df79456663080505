import { parseHostIp, parseIp } from '../addresses.js';
import { parseDomain } from '../parse.js';
import { durationMs, integer, list, port, single } from '../value-types.js';
import { setting } from './setting.js';

export const ip = single({ expects: 'an IP address', placeholder: 'ip', parse: parseIp });
export const hostIp = single({
  expects: 'an IP address of one machine, not 0.0.0.0 or ::',
  placeholder: 'ip',
  parse: parseHostIp,
});

const domain = single({
  expects: 'a domain name below the root, such as consul or svc.example.net',
  placeholder: 'domain',
  parse: parseDomain,
});

/** Where we listen, and for which zones. */
export const LISTENING_SETTINGS = {
  bind: setting({
    flag: '--bind',
    devFlag: '--client',
    env: ['CONSUL_DNSD_BIND'],
    keys: ['addresses.dns', 'client_addr'],
    type: list(ip, { words: true }),
    fallback: ['127.0.0.1'],
    reloadable: false,
    help: 'Address to answer DNS on, IPv4 or IPv6',
  }),
  dnsPort: setting({
    flag: '--dns-port',
    env: ['CONSUL_DNSD_DNS_PORT'],
    keys: ['ports.dns'],
    type: port,
    fallback: 8600,
    // A Consul agent beside us has its own DNS switched off this way; that is not meant for us.
    passedOver: ['-1'],
    reloadable: false,
    help: 'UDP and TCP port of DNS',
  }),
  domain: setting({
    flag: '--domain',
    env: ['CONSUL_DNSD_DOMAIN'],
    keys: ['domain'],
    type: domain,
    fallback: 'consul.',
    reloadable: true,
    help: 'The zone to answer for',
  }),
  altDomain: setting<string | undefined>({
    flag: '--alt-domain',
    env: ['CONSUL_DNSD_ALT_DOMAIN'],
    keys: ['alt_domain'],
    type: domain,
    fallback: undefined,
    reloadable: true,
    help: 'A second zone with the same names',
  }),
  advertise: setting({
    flag: '--advertise',
    env: ['CONSUL_DNSD_ADVERTISE'],
    keys: ['consul_dnsd.advertise'],
    type: list(hostIp, { words: true }),
    fallback: [],
    only: 'serve',
    reloadable: true,
    help: 'Address of this server as others reach it: makes ns.DOMAIN the one name server of the zone',
  }),
  udpPayloadMaxBytes: setting({
    flag: '--udp-payload-max',
    env: ['CONSUL_DNSD_UDP_PAYLOAD_MAX'],
    keys: ['consul_dnsd.udp_payload_max'],
    type: integer({ min: 512, max: 65_467 }),
    fallback: 1232,
    reloadable: true,
    help: 'Largest UDP reply in bytes, whatever the client can take',
  }),
  tcpIdleMs: setting({
    flag: '--tcp-idle',
    env: ['CONSUL_DNSD_TCP_IDLE'],
    keys: ['consul_dnsd.tcp.idle'],
    type: durationMs({ min: 100, max: 3_600_000 }),
    fallback: 10_000,
    reloadable: false,
    help: 'Close a TCP connection after this long without a question',
  }),
  tcpMaxConnections: setting({
    flag: '--tcp-max-connections',
    env: ['CONSUL_DNSD_TCP_MAX_CONNECTIONS'],
    keys: ['consul_dnsd.tcp.max_connections'],
    type: integer({ min: 1, max: 1_000_000 }),
    fallback: 1024,
    reloadable: false,
    help: 'TCP connections in total',
  }),
  tcpMaxConnectionsPerClient: setting({
    flag: '--tcp-max-connections-per-client',
    env: ['CONSUL_DNSD_TCP_MAX_CONNECTIONS_PER_CLIENT'],
    keys: ['consul_dnsd.tcp.max_connections_per_client'],
    type: integer({ min: 1, max: 1_000_000 }),
    fallback: 128,
    reloadable: false,
    help: 'TCP connections of one client address',
  }),
};
