export type Transport = 'udp' | 'tcp';

/** Who asks, and how. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
}

/** Answers one packet; undefined means "send nothing". Synchronous whenever nothing has to be fetched first. */
export type Respond = (packet: Uint8Array, client: Client) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
