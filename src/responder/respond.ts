import type { ReplyMemory } from '../compiled/patch.js';

export type Transport = 'udp' | 'tcp';

/** Who asks, and how. */
export interface Client {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
}

/**
 * Answers one packet; undefined means "send nothing". Synchronous whenever nothing has to be fetched first: such a reply
 * may stand in `memory`. Without that, and later, it has memory of its own.
 */
export type Respond = (
  packet: Uint8Array,
  client: Client,
  memory?: ReplyMemory,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
