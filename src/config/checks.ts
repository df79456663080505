import type { ConfigProblem } from './config-error.js';
import type { Origins } from './layer.js';
import type { Config, SettingName } from './settings.js';

/** First labels that Consul reserves (dns-behaviour section 17): below them, alt names could not be told from names. */
const RESERVED_LABELS = ['service', 'connect', 'node', 'query', 'addr'];

/** Reads of single services that may run beside the long polls, and the polls over the whole catalog (http-api A3.5). */
const OTHER_CONNECTIONS = 20;

/** Settings that are right one by one and wrong together. */
export function checkTogether(config: Config, origins: Origins): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const conflict = (name: SettingName, message: string): void => {
    problems.push({ code: 'conflict', where: origins[name] ?? name, message });
  };

  const [altLabel = ''] = config.altDomain?.split('.') ?? [];
  const reserved = config.datacenter === undefined ? RESERVED_LABELS : [...RESERVED_LABELS, config.datacenter];
  if (reserved.includes(altLabel)) {
    conflict(
      'altDomain',
      `"${config.altDomain}" must not begin with "${altLabel}.", which names in the zone begin with`,
    );
  }
  if (config.clientCert !== undefined && config.clientKey === undefined) {
    conflict('clientCert', 'needs the key of the certificate as well (--client-key or CONSUL_CLIENT_KEY)');
  }
  if (config.clientKey !== undefined && config.clientCert === undefined) {
    conflict('clientKey', 'needs the certificate of the key as well (--client-cert or CONSUL_CLIENT_CERT)');
  }
  if (config.consistency === 'stale' && !config.allowStale && origins.consistency !== undefined) {
    conflict('consistency', `"stale" contradicts ${origins.allowStale ?? 'allow_stale'}, which is false`);
  }
  if (isPlainHttp(config.httpAddr) && config.maxWatches + OTHER_CONNECTIONS > config.maxConnections) {
    const name = origins.maxConnections === undefined ? 'maxWatches' : 'maxConnections';
    conflict(
      name,
      `${config.maxConnections} connections are too few for ${config.maxWatches} watches and ${OTHER_CONNECTIONS} other requests`,
    );
  }
  if (
    config.tcpMaxConnectionsPerClient > config.tcpMaxConnections &&
    origins.tcpMaxConnectionsPerClient !== undefined
  ) {
    conflict('tcpMaxConnectionsPerClient', `must not be above the total, ${config.tcpMaxConnections}`);
  }
  return problems;
}

/** Over https one connection carries many requests (HTTP/2); otherwise each has its own. */
function isPlainHttp(addresses: readonly string[]): boolean {
  return addresses.some((address) => !address.startsWith('https:'));
}
