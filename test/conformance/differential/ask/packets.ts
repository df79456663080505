import { RecordClass, RecordType } from '../../../../src/wire/constants.js';
import { packetNames, readPacket } from '../../../support/packets.js';
import type { SeededRandom } from '../random.js';
import { type AskedBytes, type AskedQuestion, packetOf } from './asked.js';

/** What becomes of a sound packet when it is damaged, by what was done to it. */
const DAMAGE: readonly (readonly [what: string, (packet: Uint8Array, random: SeededRandom) => Uint8Array])[] = [
  ['shorter than a header (C001)', (packet, random) => packet.slice(0, random.below(12))],
  ['a response (C002)', (packet) => withByte(packet, 2, (flags) => flags | 0x80)],
  ['no question (C005)', (packet) => withCount(packet, 4, 0)],
  ['two questions (C005)', (packet) => withCount(packet, 4, 2)],
  ['an answer announced (C006)', (packet) => withCount(packet, 6, 1)],
  ['two answers announced (C006)', (packet) => withCount(packet, 6, 2)],
  ['two authority records announced (C006)', (packet) => withCount(packet, 8, 2)],
  ['three additional records announced (C006)', (packet) => withCount(packet, 10, 3)],
  ['a name that ends early (C007)', (packet, random) => packet.slice(0, 13 + random.below(packet.length - 13))],
  ['a name that points at itself (C007)', (packet) => replaced(packet, [0xc0, 12, 0, 1, 0, 1])],
  ['a name that points forward (C007)', (packet) => replaced(packet, [0xc0, 20, 0, 1, 0, 1, 0, 0, 1, 97, 0])],
  ['a name that is too long (C007)', (packet) => replaced(packet, [...tooLong(), 0, 1, 0, 1])],
  ['a label of a reserved kind (C007)', (packet) => replaced(packet, [0x80, 1, 97, 0, 0, 1, 0, 1])],
  ['a header alone (C008)', (packet) => packet.slice(0, 12)],
  ['bytes behind its end (C010)', (packet, random) => concat(packet, bytesOf(1 + random.below(40), random))],
  ['an answer record (C006)', (packet) => withRecord(packet, 6)],
  ['an authority record (C006)', (packet) => withRecord(packet, 8)],
];

/** A damaged packet, or one of those that broke somebody once. */
export function makeBadPacket(sound: AskedQuestion, random: SeededRandom): AskedBytes {
  const { transport } = sound;
  if (random.chance(0.25)) {
    const name = random.pick(packetNames());
    return { kind: 'bytes', what: `fixture ${name}`, bytes: readPacket(name), transport };
  }
  const [what, damage] = random.pick(DAMAGE);
  // Without EDNS the question is the packet's end.
  const packet = packetOf({ ...sound, type: RecordType.A, class: RecordClass.IN, edns: undefined, opcode: 0 }, 0);
  return { kind: 'bytes', what, bytes: damage(packet, random), transport };
}

function withByte(packet: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  return packet.map((byte, index) => (index === at ? change(byte) : byte));
}

function withCount(packet: Uint8Array, at: number, count: number): Uint8Array {
  return withByte(packet, at + 1, () => count);
}

/** Puts an A record of the root behind the question. */
function withRecord(packet: Uint8Array, countAt: number): Uint8Array {
  return concat(withCount(packet, countAt, 1), Uint8Array.from([0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]));
}

function replaced(packet: Uint8Array, body: readonly number[]): Uint8Array {
  return concat(packet.slice(0, 12), Uint8Array.from(body));
}

function tooLong(): readonly number[] {
  const label = [63, ...new Array<number>(63).fill(97)];
  return [...label, ...label, ...label, ...label, 0];
}

function bytesOf(count: number, random: SeededRandom): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
