/** One EDNS option as it stands in the OPT record (RFC 6891 section 6.1.2). */
export interface EdnsOptionValue {
  readonly code: number;
  readonly data: Uint8Array;
}

/** The OPT pseudo-record of a message (RFC 6891 section 6.1); `Message` carries it beside its sections. */
export interface Edns {
  readonly udpPayloadBytes: number;
  readonly version: number;
  /** DNSSEC OK, bit 0 of the flags (RFC 3225). */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOptionValue[];
}
