import { EdnsOption, type RecordType } from '../../../../src/wire/constants.js';
import type { Edns, EdnsOptionValue } from '../../../../src/wire/edns.js';
import { encodeMessage, type Message } from '../../../../src/wire/message.js';

export type Transport = 'udp' | 'tcp';

/** One packet to send to both servers: a question with all that may stand around it, or bytes as they are. */
export type Asked = AskedQuestion | AskedBytes;

export interface AskedQuestion {
  readonly kind: 'question';
  /** Absolute, in presentation format. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly opcode: number;
  /** Of RD, CD, AD, TC and Z, those that are set. */
  readonly flags: readonly Flag[];
  readonly edns: Edns | undefined;
  readonly transport: Transport;
}

/** A packet that no library would send. */
export interface AskedBytes {
  readonly kind: 'bytes';
  /** What is wrong with it. */
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly transport: Transport;
}

export type Flag = 'rd' | 'cd' | 'ad' | 'tc' | 'z';
export type TypeName = keyof typeof RecordType;

/** The packet, under this ID. */
export function packetOf(asked: Asked, id: number): Uint8Array {
  const bytes = asked.kind === 'bytes' ? Uint8Array.from(asked.bytes) : encodeMessage(messageOf(asked));
  if (bytes.length < 2) return bytes;
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, id);
  if (asked.kind === 'question' && asked.flags.includes('z')) bytes[3] = (bytes[3] ?? 0) | 0x40;
  return bytes;
}

export function messageOf({ name, type, class: asked, opcode, flags, edns }: AskedQuestion): Message {
  return {
    id: 0,
    isResponse: false,
    opcode,
    authoritative: false,
    truncated: flags.includes('tc'),
    recursionDesired: flags.includes('rd'),
    recursionAvailable: false,
    authenticData: flags.includes('ad'),
    checkingDisabled: flags.includes('cd'),
    rcode: 0,
    questions: [{ name, type, class: asked }],
    answer: [],
    authority: [],
    additional: [],
    edns,
  };
}

/** A client subnet option (RFC 7871): the bytes of an address, as far as the prefix goes. */
export function subnetOption(
  address: readonly number[],
  { prefix, family = 1 }: { readonly prefix: number; readonly family?: 1 | 2 },
): EdnsOptionValue {
  return { code: EdnsOption.CLIENT_SUBNET, data: Uint8Array.from([0, family, prefix, 0, ...address]) };
}
