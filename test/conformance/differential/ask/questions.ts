import { EdnsOption, RecordClass, RecordType } from '../../../../src/wire/constants.js';
import type { Edns, EdnsOptionValue } from '../../../../src/wire/edns.js';
import type { SeededRandom } from '../random.js';
import { type Asked, type AskedQuestion, type Flag, subnetOption } from './asked.js';
import { NameMaker, type Pools } from './names.js';
import { makeBadPacket } from './packets.js';

const TYPES: readonly (readonly [number, number])[] = [
  [26, RecordType.A],
  [14, RecordType.AAAA],
  [24, RecordType.SRV],
  [8, RecordType.ANY],
  [8, RecordType.TXT],
  [3, RecordType.MX],
  [3, RecordType.CNAME],
  [3, RecordType.SOA],
  [3, RecordType.NS],
  [3, RecordType.PTR],
  [1, RecordType.DS],
  [1, RecordType.AXFR],
  [1, RecordType.IXFR],
  [1, RecordType.SVCB],
  [1, RecordType.HTTPS],
  [1, RecordType.CAA],
  [1, RecordType.NAPTR],
  [0.5, RecordType.DNSKEY],
  [0.5, RecordType.NULL],
  [0.5, 0],
  [0.5, 65_280],
  [0.5, 65_535],
];

const CLASSES: readonly (readonly [number, number])[] = [
  [190, RecordClass.IN],
  [4, RecordClass.ANY],
  [2, RecordClass.CH],
  [1, RecordClass.HS],
  [1, RecordClass.NONE],
  [1, 0],
  [1, 4_711],
];

const OPCODES: readonly (readonly [number, number])[] = [
  [194, 0],
  [2, 4],
  [1, 1],
  [1, 2],
  [1, 5],
  [1, 6],
];

/** A network, an address, nothing at all, and the same of IPv6. */
const SUBNETS: readonly EdnsOptionValue[] = [
  subnetOption([203, 0, 113], { prefix: 24 }),
  subnetOption([203, 0, 112], { prefix: 20 }),
  subnetOption([10, 20, 0, 6], { prefix: 32 }),
  subnetOption([], { prefix: 0 }),
  subnetOption([0x20, 0x01, 0x0d, 0xb8, 0, 0, 1], { prefix: 56, family: 2 }),
  subnetOption([0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 6], { prefix: 128, family: 2 }),
];

const UDP_SIZES = [0, 100, 512, 513, 600, 1232, 1232, 1232, 1400, 4096, 4096, 65_535];

/** An endless row of questions, the same for the same random numbers. */
export class QuestionMaker {
  readonly #random: SeededRandom;
  readonly #names: NameMaker;
  readonly #zone: string;

  constructor(random: SeededRandom, pools: Pools) {
    this.#random = random;
    this.#names = new NameMaker(random, pools);
    this.#zone = random.pick(pools.zones);
  }

  next(): Asked {
    const question = this.#question();
    return this.#random.chance(0.02)
      ? makeBadPacket({ ...question, name: `single.service.${this.#zone}` }, this.#random)
      : question;
  }

  #question(): AskedQuestion {
    const random = this.#random;
    return {
      kind: 'question',
      name: this.#names.make(),
      type: random.weighted(TYPES),
      class: random.weighted(CLASSES),
      opcode: random.weighted(OPCODES),
      flags: this.#flags(),
      edns: random.chance(0.6) ? this.#edns() : undefined,
      transport: random.chance(0.35) ? 'tcp' : 'udp',
    };
  }

  #flags(): readonly Flag[] {
    const odds: readonly (readonly [Flag, number])[] = [
      ['rd', 0.7],
      ['cd', 0.1],
      ['ad', 0.1],
      ['tc', 0.01],
      ['z', 0.01],
    ];
    return odds.flatMap(([flag, probability]) => (this.#random.chance(probability) ? [flag] : []));
  }

  #edns(): Edns {
    const random = this.#random;
    return {
      udpPayloadBytes: random.pick(UDP_SIZES),
      version: random.chance(0.02) ? 1 : 0,
      dnssecOk: random.chance(0.2),
      options: this.#options(),
    };
  }

  #options(): readonly EdnsOptionValue[] {
    const random = this.#random;
    const options: EdnsOptionValue[] = [];
    if (random.chance(0.15)) options.push({ code: EdnsOption.COOKIE, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) });
    if (random.chance(0.12)) options.push(random.pick(SUBNETS));
    if (random.chance(0.05)) options.push({ code: EdnsOption.NSID, data: new Uint8Array() });
    if (random.chance(0.05)) options.push({ code: EdnsOption.PADDING, data: new Uint8Array(16) });
    if (random.chance(0.02)) options.push({ code: 65_001, data: Uint8Array.from([1, 2, 3]) });
    return options;
  }
}
