/** What each part gets of the configuration: nobody but the composition roots sees all of it. */
import type { AnswerPolicy } from './answer/policy.js';
import type { AnsweringSettings } from './answering.js';
import type { Config } from './config/settings.js';
import type { ForwarderSettings } from './forward/forwarder.js';
import { FIXED_LIMITS, type ListenLimits } from './listen/limits.js';

/** Memory for forwarded answers, per entry allowed: generous for the usual ones, a bound for the unusual. */
const FORWARD_CACHE_BYTES_PER_ENTRY = 4_096;
const DAY_SECONDS = 86_400;

/** `datacenter` is the backend's own, which only the backend may know. */
export function answeringSettingsOf(config: Config, datacenter: string): AnsweringSettings {
  return {
    bind: config.bind.map((host) => ({ host, port: config.dnsPort })),
    reusePort: false,
    limits: listenLimitsOf(config),
    zones: { domain: config.domain, altDomain: config.altDomain },
    policy: answerPolicyOf(config, datacenter),
    forwarding: forwarderSettingsOf(config),
    allowRecursion: config.allowRecursion,
    logLevel: config.logLevel,
  };
}

function answerPolicyOf(config: Config, datacenter: string): AnswerPolicy {
  return {
    datacenter: datacenter.toLowerCase(),
    onlyPassing: config.onlyPassing,
    nodeTtlSeconds: config.nodeTtlSeconds,
    serviceTtlSeconds: config.serviceTtlSeconds,
    soa: {
      refreshSeconds: config.soaRefreshSeconds,
      retrySeconds: config.soaRetrySeconds,
      expireSeconds: config.soaExpireSeconds,
      minTtlSeconds: config.soaMinTtlSeconds,
    },
    aRecordLimit: config.aRecordLimit,
    udpAnswerLimit: config.udpAnswerLimit,
    enableTruncate: config.enableTruncate,
    disableCompression: config.disableCompression,
    additionalNodeMetaTxt: config.enableAdditionalNodeMetaTxt,
    serviceMetaTxt: config.serviceMetaTxt,
    translateWanAddresses: config.translateWanAddrs,
    advertise: config.advertise,
    udpPayloadMaxBytes: config.udpPayloadMaxBytes,
  };
}

function forwarderSettingsOf(config: Config): ForwarderSettings {
  return {
    recursors: config.recursors,
    strategy: config.recursorStrategy,
    timeoutMs: config.recursorTimeoutMs,
    // Each recursor once; a client has given up by then in any case.
    deadlineMs: Math.max(config.recursorTimeoutMs, config.recursorTimeoutMs * config.recursors.length),
    maxInFlight: 1_000,
    cache: {
      maxBytes: config.forwardCacheEntries * FORWARD_CACHE_BYTES_PER_ENTRY,
      maxTtlSeconds: DAY_SECONDS,
      // RFC 2308 section 5 advises one to three hours.
      maxNegativeTtlSeconds: 3_600,
      maxStaleMs: config.staleMaxAgeMs,
    },
  };
}

function listenLimitsOf(config: Config): ListenLimits {
  return {
    ...FIXED_LIMITS,
    tcpConnections: config.tcpMaxConnections,
    tcpConnectionsPerClient: config.tcpMaxConnectionsPerClient,
    tcpIdleMs: config.tcpIdleMs,
  };
}
