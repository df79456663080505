/** Where a lookup is to be made; both undefined means the backend's own datacenter (Consul's locality suffixes). */
export interface Locality {
  readonly datacenter: string | undefined;
  /** The cluster peer whose exported services are meant; never set together with `datacenter`. */
  readonly peer: string | undefined;
}

/** What a question name asks of the catalog. Names are lower-cased ASCII text; other bytes stand as `\DDD`. */
export type Lookup =
  | ServiceLookup
  | NodeLookup
  | AddressLookup
  | VirtualLookup
  | PreparedQueryLookup
  | ReverseLookup
  | ApexLookup
  | NonTerminalLookup;

export type LookupKind = Lookup['kind'];

/** The four ways to a list of instances: by name, mesh-capable, behind an ingress gateway, behind an API gateway. */
export type ServiceView = 'service' | 'connect' | 'ingress' | 'api-gateway';

export interface ServiceLookup {
  readonly kind: 'service';
  readonly view: ServiceView;
  readonly service: string;
  /** Only instances with this one tag; only for the view `service`. */
  readonly tag: string | undefined;
  /** `X.port` suffix: the named port that SRV records are to carry. */
  readonly portName: string | undefined;
  readonly locality: Locality;
}

export interface NodeLookup {
  readonly kind: 'node';
  readonly node: string;
  readonly locality: Locality;
}

/** `HEX.addr.DOMAIN`: the answer is in the name itself. */
export interface AddressLookup {
  readonly kind: 'address';
  /** The label as asked, in lower case: 8 or 32 hexadecimal digits. */
  readonly label: string;
  /** In canonical text form. */
  readonly address: string;
  readonly family: 4 | 6;
}

export interface VirtualLookup {
  readonly kind: 'virtual';
  readonly service: string;
  readonly portName: string | undefined;
  readonly locality: Locality;
}

export interface PreparedQueryLookup {
  readonly kind: 'prepared-query';
  /** Name or ID. */
  readonly query: string;
  readonly datacenter: string | undefined;
}

/** A reverse name that spells a whole address; other names under `arpa.` are never looked up. */
export interface ReverseLookup {
  readonly kind: 'reverse';
  /** In canonical text form. */
  readonly address: string;
}

/** The records of the zone itself. The name servers are the instances of the service `consul`. */
export interface ApexLookup {
  readonly kind: 'apex';
  /** `zone`: SOA and NS questions, which any name in the zone may carry; `ns`: the name `ns.DOMAIN`. */
  readonly part: 'zone' | 'ns';
}

/** A name that owns no records but has names below it (RFC 8020) if this datacenter is known: `service.dc1.consul`. */
export interface NonTerminalLookup {
  readonly kind: 'non-terminal';
  readonly datacenter: string;
}
