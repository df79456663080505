/**
 * A record's data. Names are in presentation format (see name.ts), addresses are text, bytes are not to be changed.
 *
 * `opaque` stands for every type without a kind of its own (RFC 3597). Its bytes are complete in themselves: where
 * a type may hold compressed names (RFC 3597 section 4), decoding has written them out in full.
 */
export type Rdata =
  | { readonly kind: 'A'; readonly address: string }
  | { readonly kind: 'AAAA'; readonly address: string }
  | { readonly kind: 'CNAME' | 'NS' | 'PTR' | 'DNAME'; readonly target: string }
  | { readonly kind: 'SOA'; readonly soa: SoaFields }
  | { readonly kind: 'MX'; readonly preference: number; readonly exchange: string }
  | { readonly kind: 'TXT'; readonly strings: readonly Uint8Array[] }
  | {
      readonly kind: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly kind: 'opaque'; readonly bytes: Uint8Array };

/** RFC 1035 section 3.3.13. */
export interface SoaFields {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refreshSeconds: number;
  readonly retrySeconds: number;
  readonly expireSeconds: number;
  readonly minimumSeconds: number;
}

/** `type` always agrees with `data.kind`; for `opaque` it is the only word on what the bytes mean. */
export interface ResourceRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly data: Rdata;
}
