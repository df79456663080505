/** The zone's own records: SOA and NS (dns-behaviour 5.9, 5.10, 6.6), and the name `ns.ZONE`. */
import type { Instance } from '../catalog/model.js';
import type { Zone } from '../query/zones.js';
import { RecordType } from '../wire/constants.js';
import { lowerName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { parseIpText } from './chosen-address.js';
import { nodeAddressAnswer } from './node.js';
import { type Chase, type Outcome, records } from './outcome.js';
import { nodeName, placeOf } from './place.js';
import type { AnswerPolicy } from './policy.js';
import { addressRecord, type Owner, record } from './record.js';
import { healthyOnes, shuffled } from './select.js';

const MAX_NAME_SERVERS = 3;
/** Resolvers expect a host's name; Consul allows its nodes any. */
const HOST_LABEL = /^[A-Za-z0-9-]+$/;

interface ZoneFacts {
  readonly zone: Zone;
  readonly policy: AnswerPolicy;
}

/** The SOA record; `nowSeconds` (Unix time) is its serial. The reverse zone is served by the primary zone's server. */
export function soaRecord({ zone, policy, nowSeconds }: ZoneFacts & { readonly nowSeconds: number }): ResourceRecord {
  const { soa } = policy;
  const domain = zone.kind === 'reverse' ? zone.domain : zone.name;
  return record(
    { name: zone.name, ttlSeconds: soa.minTtlSeconds },
    {
      kind: 'SOA',
      soa: {
        mname: `ns.${domain}`,
        rname: `hostmaster.${domain}`,
        serial: Math.floor(nowSeconds) >>> 0,
        refreshSeconds: soa.refreshSeconds,
        retrySeconds: soa.retrySeconds,
        expireSeconds: soa.expireSeconds,
        minimumSeconds: soa.minTtlSeconds,
      },
    },
  );
}

export interface Servers {
  /** Instances of the service `consul`; none when they are not known. */
  readonly instances: readonly Instance[];
  readonly datacenter: string;
}

/** Answers a SOA or NS question for any name in the zone. Without servers, NS is answered with nothing. */
export function zoneAnswer(
  type: number,
  servers: Servers,
  context: ZoneFacts & { readonly nowSeconds: number; readonly random: () => number },
): Outcome {
  const { nameServers, additional, chase } = nameServersOf(servers, context);
  if (type === RecordType.NS) return records({ answer: nameServers, additional, chase });
  return records({ answer: [soaRecord(context)], authority: nameServers, additional, chase });
}

/** Answers `ns.ZONE`, whose addresses are those of `advertise`. */
export function nsAnswer(owner: Owner, type: number, policy: AnswerPolicy): Outcome {
  const answer = advertised(owner, policy).filter((found) => type === RecordType.ANY || type === found.type);
  return answer.length === 0 ? { kind: 'no-data' } : records({ answer });
}

interface NameServers {
  readonly nameServers: readonly ResourceRecord[];
  /** Their addresses, or aliases. */
  readonly additional: readonly ResourceRecord[];
  readonly chase: readonly Chase[];
}

function nameServersOf(servers: Servers, context: ZoneFacts & { readonly random: () => number }): NameServers {
  const { zone, policy } = context;
  const ttlSeconds = policy.nodeTtlSeconds;
  const owner = { name: zone.name, ttlSeconds };
  if (policy.advertise.length > 0) {
    const target = `ns.${zone.name}`;
    const additional = advertised({ name: target, ttlSeconds }, policy);
    return { nameServers: [record(owner, { kind: 'NS', target })], additional, chase: [] };
  }
  const place = placeOf(zone.name, { datacenter: servers.datacenter, peer: undefined }, policy);
  const nameServers = new Map<string, ResourceRecord>();
  const additional: ResourceRecord[] = [];
  const chase: Chase[] = [];
  for (const { node } of shuffled(healthyOnes(servers.instances, policy), context.random)) {
    const target = lowerName(nodeName(node.name, place));
    if (!HOST_LABEL.test(node.name) || nameServers.has(target)) continue;
    nameServers.set(target, record(owner, { kind: 'NS', target }));
    const glue = nodeAddressAnswer(node, { type: RecordType.ANY, name: target, place }, { name: target, ttlSeconds });
    additional.push(...(glue?.answer ?? []));
    chase.push(...(glue?.chase ?? []).map((next) => ({ ...next, into: 'additional' as const })));
    if (nameServers.size === MAX_NAME_SERVERS) break;
  }
  return { nameServers: [...nameServers.values()], additional, chase };
}

function advertised(owner: Owner, { advertise }: AnswerPolicy): readonly ResourceRecord[] {
  const ips = advertise.map(parseIpText).filter((ip) => ip !== undefined);
  return [...new Map(ips.map((ip) => [ip.address, addressRecord(owner, ip)])).values()];
}
