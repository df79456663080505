/** The part of the configuration that shapes answers (dns-behaviour section 17; `dns_config` keys in brackets). */
export interface AnswerPolicy {
  /** The datacenter that a lookup without a suffix means, in lower case. */
  readonly datacenter: string;
  /** [only_passing] Leave out everything that is not passing; otherwise only what is critical. */
  readonly onlyPassing: boolean;
  /** [node_ttl] */
  readonly nodeTtlSeconds: number;
  /** [service_ttl] Lower-case service name, or prefix followed by `*`, to seconds. */
  readonly serviceTtlSeconds: ReadonlyMap<string, number>;
  /** [soa] */
  readonly soa: {
    readonly refreshSeconds: number;
    readonly retrySeconds: number;
    readonly expireSeconds: number;
    readonly minTtlSeconds: number;
  };
  /** [a_record_limit] 0 means no limit. */
  readonly aRecordLimit: number;
  /** [udp_answer_limit] For UDP questions whose size limit is 512 bytes; 0 means no limit. */
  readonly udpAnswerLimit: number;
  /** [enable_truncate] Set TC when records were left out for size. */
  readonly enableTruncate: boolean;
  /** [disable_compression] */
  readonly disableCompression: boolean;
  /** [enable_additional_node_meta_txt] */
  readonly additionalNodeMetaTxt: boolean;
  /** Answer TXT questions for a service with its instances' metadata. */
  readonly serviceMetaTxt: boolean;
  /** [translate_wan_addrs, top level] */
  readonly translateWanAddresses: boolean;
  /** Addresses that `ns.DOMAIN` answers; with any, `ns.DOMAIN` is the only name server of the zone. */
  readonly advertise: readonly string[];
  /** Largest UDP reply, whatever the client can take. */
  readonly udpPayloadMaxBytes: number;
}
