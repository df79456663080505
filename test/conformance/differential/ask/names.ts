import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from '../../../../src/wire/constants.js';
import { formatIp, hexLabel, parseIp, reverseName } from '../../../../src/wire/ip.js';
import { absolute, escapeLabel, wireLength } from '../../../../src/wire/name.js';
import type { SeededRandom } from '../random.js';

/** What names are made of: what the catalog holds, and what it does not. */
export interface Pools {
  /** Absolute. */
  readonly zones: readonly string[];
  readonly services: readonly string[];
  readonly nodes: readonly string[];
  readonly tags: readonly string[];
  /** Names and IDs of prepared queries, and names that templates take. */
  readonly queries: readonly string[];
  readonly addresses: readonly string[];
  readonly outside: readonly string[];
  /** How often, in a hundred, to ask for one of those. */
  readonly outsideShare: number;
}

/** Labels as text, from left to right, without the zone. */
type Relative = readonly string[];

const UNKNOWN = ['nope', 'nada', 'zzz', '-', '*', 'a b', 'é', 'web-1'];
const DATACENTERS = ['dc1', 'dc2', 'DC1', 'dc9', 'other'];

/** Names of every kind that Consul's grammar has, and of many that it has not. */
export class NameMaker {
  readonly #random: SeededRandom;
  readonly #pools: Pools;

  constructor(random: SeededRandom, pools: Pools) {
    this.#random = random;
    this.#pools = pools;
  }

  /** An absolute name in presentation format. */
  make(): string {
    for (;;) {
      const name = this.#try();
      if (name !== undefined) return this.#random.chance(0.15) ? this.#inOddCase(name) : name;
    }
  }

  #try(): string | undefined {
    const random = this.#random;
    const make = random.weighted<() => string | undefined>([
      [94 - this.#pools.outsideShare, () => this.#inZone(this.#relative())],
      [6, () => this.#reverse()],
      [this.#pools.outsideShare, () => absolute(random.pick(this.#pools.outside))],
    ]);
    return make();
  }

  #relative(): Relative {
    const random = this.#random;
    const make = random.weighted<() => Relative>([
      [46, () => [...this.#serviceLeft(), 'service', ...this.#suffix()]],
      [3, () => [`_${this.#service()}`, random.pick(['_tcp', '_udp', '_TCP', this.#tag()])]],
      [7, () => [...this.#meshLeft(), random.pick(['connect', 'ingress', 'connect']), ...this.#suffix()]],
      [3, () => [...this.#meshLeft(), random.pick(['virtual', 'api-gateway']), ...this.#suffix()]],
      [14, () => [...this.#node().split('.'), 'node', ...this.#suffix()]],
      [11, () => [...this.#queryLeft(), 'query', ...this.#suffix()]],
      [6, () => [...this.#addressLeft(), 'addr', ...this.#suffix()]],
      [6, () => this.#bare()],
    ]);
    const relative = make();
    return random.chance(0.04) ? this.#disturbed(relative) : relative;
  }

  #service(): string {
    return this.#random.pick(this.#random.chance(0.05) ? UNKNOWN : this.#pools.services);
  }

  #tag(): string {
    return this.#random.pick(this.#random.chance(0.1) ? UNKNOWN : this.#pools.tags);
  }

  #node(): string {
    return this.#random.pick(this.#random.chance(0.08) ? UNKNOWN : this.#pools.nodes);
  }

  #serviceLeft(): Relative {
    const random = this.#random;
    return random.weighted<() => Relative>([
      [60, () => [this.#service()]],
      [18, () => [...this.#tag().split('.'), this.#service()]],
      [3, () => [this.#tag(), this.#tag(), this.#service()]],
      [8, () => [`_${this.#service()}`, '_tcp']],
      [8, () => [`_${this.#service()}`, `_${this.#tag()}`]],
      [1, () => [`_${this.#service()}`, `_${this.#tag()}`, '_tcp']],
      // A dot that is part of the label.
      [2, () => [`${this.#tag()}.${this.#service()}`]],
    ])();
  }

  #meshLeft(): Relative {
    const known = ['single', 'pair', 'native', 'gateway', 'single-sidecar', 'Single', 'mesh'];
    const service = this.#random.chance(0.8) ? this.#random.pick(known) : this.#service();
    return this.#random.weighted<() => Relative>([
      [80, () => [service]],
      [12, () => [this.#tag(), service]],
      [8, () => [`_${service}`, '_tcp']],
    ])();
  }

  #queryLeft(): Relative {
    const query = this.#random.pick(this.#random.chance(0.06) ? UNKNOWN : this.#pools.queries);
    return this.#random.weighted<() => Relative>([
      [88, () => query.split('.')],
      [8, () => [...`_${query}`.split('.'), '_tcp']],
      [4, () => [this.#tag(), ...query.split('.')]],
    ])();
  }

  #addressLeft(): Relative {
    const random = this.#random;
    const hex = hexLabel(canonical(random.pick(this.#pools.addresses)) ?? '192.0.2.1') ?? '';
    return random.weighted<() => Relative>([
      [80, () => [hex]],
      [4, () => [hex.slice(1)]],
      [4, () => [`${hex}0`]],
      [4, () => [`z${hex.slice(1)}`]],
      [4, () => ['extra', hex]],
      [4, () => ['00000000000000000000ffffc0000201']],
    ])();
  }

  /** Names without a kind, and kinds without a name: the apex, the ones in between, and those that mean nothing. */
  #bare(): Relative {
    const random = this.#random;
    const kinds = ['service', 'node', 'query', 'connect', 'ingress', 'addr', 'virtual', 'api-gateway'];
    return random.weighted<() => Relative>([
      [3, () => []],
      [2, () => ['ns']],
      [1, () => ['hostmaster']],
      [6, () => [random.pick(kinds), ...this.#suffix()]],
      [4, () => this.#suffix()],
      [2, () => ['_tcp', random.pick(['service', 'query', 'connect', 'node'])]],
      [2, () => ['_tcp', ...this.#suffix()]],
      [3, () => [this.#service()]],
      [1, () => [this.#service(), this.#service()]],
      [2, () => [random.pick(['dc', 'peer', 'port', 'ns', 'ap', 'sg'])]],
      [1, () => ['ns', ...this.#suffix()]],
    ])();
  }

  #suffix(): Relative {
    const random = this.#random;
    const datacenter = random.pick(DATACENTERS);
    const pair = () => [
      random.pick([...DATACENTERS, 'x', 'http']),
      random.pick(['dc', 'peer', 'port', 'ns', 'ap', 'sg']),
    ];
    return random.weighted<() => Relative>([
      [62, () => []],
      [24, () => [datacenter]],
      [4, () => [datacenter, 'dc']],
      [3, pair],
      [2, () => [...pair(), ...pair()]],
      [1, () => [...pair(), ...pair(), ...pair()]],
      [2, () => [datacenter, random.pick(['extra', 'dc1', 'service'])]],
      [1, () => ['a', datacenter, 'dc']],
    ])();
  }

  #disturbed(relative: Relative): Relative {
    const at = this.#random.below(relative.length + 1);
    const odd = [...UNKNOWN, 'service', 'node', 'query', '_tcp', 'dc1', 'x'.repeat(63)];
    return this.#random.weighted<() => Relative>([
      [2, () => relative.filter((_, index) => index !== at)],
      [2, () => relative.toSpliced(at, 0, this.#random.pick(odd))],
      [1, () => relative.toReversed()],
      [1, () => relative.toSpliced(at, 0, relative[0] ?? 'a')],
    ])();
  }

  #inZone(relative: Relative): string | undefined {
    // Below a zone, or of a name that only looks as if it were.
    const zone = this.#random.chance(0.02) ? 'notconsul.' : this.#random.pick(this.#pools.zones);
    if (relative.some((label) => label === '' || Buffer.byteLength(label) > MAX_LABEL_BYTES)) return undefined;
    const name = [...relative.map(escapeLabel), zone].join('.');
    return wireLength(name) > MAX_NAME_BYTES ? undefined : name;
  }

  #reverse(): string {
    const random = this.#random;
    const ip = parseIp(random.chance(0.2) ? '10.99.99.99' : (canonical(random.pick(this.#pools.addresses)) ?? '::1'));
    const name = reverseName(ip === undefined ? '192.0.2.1' : formatIp(ip.bytes)) ?? 'arpa.';
    return random.weighted<() => string>([
      [80, () => name],
      [8, () => name.split('.').slice(1).join('.') || 'arpa.'],
      [8, () => `extra.${name}`],
      [4, () => random.pick(['arpa.', 'in-addr.arpa.', 'ip6.arpa.', 'x.arpa.', '256.0.0.10.in-addr.arpa.'])],
    ])();
  }

  #inOddCase(name: string): string {
    return name.replace(/[a-zA-Z]/g, (letter) =>
      this.#random.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase(),
    );
  }
}

function canonical(address: string): string | undefined {
  const ip = parseIp(address);
  return ip && formatIp(ip.bytes);
}
