/** Bodies of `POST /v1/query` (dns-behaviour 5.4). */
export interface PreparedQuery {
  readonly Name: string;
  readonly Service: {
    readonly Service: string;
    readonly OnlyPassing?: boolean;
    readonly Tags?: readonly string[];
    readonly Near?: string;
    readonly NodeMeta?: Readonly<Record<string, string>>;
    readonly IgnoreCheckIDs?: readonly string[];
    readonly Connect?: boolean;
    readonly Failover?: { readonly NearestN?: number; readonly Datacenters?: readonly string[] };
  };
  readonly DNS?: { readonly TTL: string };
  readonly Template?: { readonly Type: string; readonly Regexp?: string };
}

export const QUERIES: readonly PreparedQuery[] = [
  { Name: 'q-pair', Service: { Service: 'pair' }, DNS: { TTL: '13s' } },
  { Name: 'q-zero', Service: { Service: 'webx' }, DNS: { TTL: '0s' } },
  { Name: 'q-split', Service: { Service: 'pair' }, DNS: { TTL: '1500ms' } },
  { Name: 'q-own-ttl', Service: { Service: 'webx' } },
  { Name: 'Q-Caps', Service: { Service: 'single' } },
  { Name: 'q.dot.ted', Service: { Service: 'single' } },
  { Name: '_lead', Service: { Service: 'single' } },
  { Name: 'q-passing', Service: { Service: 'health', OnlyPassing: true } },
  { Name: 'q-health', Service: { Service: 'health' } },
  { Name: 'q-ignoring', Service: { Service: 'health', OnlyPassing: true, IgnoreCheckIDs: ['ping'] } },
  { Name: 'q-tags', Service: { Service: 'octet', Tags: ['even'] } },
  { Name: 'q-not-tags', Service: { Service: 'octet', Tags: ['!even'] } },
  { Name: 'q-meta', Service: { Service: 'pair', NodeMeta: { rack: 'a7' } } },
  { Name: 'q-near', Service: { Service: 'octet', Near: '_agent' } },
  { Name: 'q-near-ip', Service: { Service: 'octet', Near: '_ip' } },
  { Name: 'q-near-node', Service: { Service: 'octet', Near: 'n-5' } },
  { Name: 'q-connect', Service: { Service: 'pair', Connect: true } },
  { Name: 'q-failover', Service: { Service: 'far', Failover: { Datacenters: ['dc9', 'dc2'] } } },
  { Name: 'q-failover-nearest', Service: { Service: 'far', Failover: { NearestN: 2 } }, DNS: { TTL: '3s' } },
  { Name: 'q-nowhere', Service: { Service: 'nope', Failover: { Datacenters: ['dc2'] } } },
  { Name: 'q-unknown-dc', Service: { Service: 'nope', Failover: { Datacenters: ['dc9'] } } },
  { Name: 'q-empty', Service: { Service: 'all-critical' } },
  { Name: 'q-host', Service: { Service: 'host-out' } },
  { Name: 'q-host-in', Service: { Service: 'host-in' }, DNS: { TTL: '9s' } },
  { Name: 'q-many', Service: { Service: 'many' } },
  { Name: 'q-v6', Service: { Service: 'v6only' } },
  {
    Name: 'tmpl-',
    Service: { Service: `\${match(1)}`, OnlyPassing: true },
    Template: { Type: 'name_prefix_match', Regexp: '^tmpl-(.+)$' },
    DNS: { TTL: '4s' },
  },
];

/** What dc2 has of its own: a query, and a template that takes every other name for that of a service. */
export const FAR_QUERIES: readonly PreparedQuery[] = [
  { Name: 'q-far', Service: { Service: 'far', OnlyPassing: true }, DNS: { TTL: '21s' } },
  { Name: '', Service: { Service: `\${name.full}` }, Template: { Type: 'name_prefix_match' } },
];

/** Names that they answer to, besides those of services. */
export const FAR_QUERY_NAMES: readonly string[] = ['q-far', 'far', 'pair', 'single', 'far-hosts'];
