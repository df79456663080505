import type { Metrics } from '../telemetry/metrics.js';
import type { Tick } from '../telemetry/tick-counter.js';
import { rcodeName, typeName } from '../wire/constants.js';
import type { Transport } from './respond.js';

type Counters = Pick<Metrics, 'queries' | 'replies' | 'forwardCacheHits'>;

/** The counters of every question and reply, each child looked up once. */
export class Tallies {
  readonly forwardCacheHits: Tick;
  readonly #counters: Counters;
  readonly #queries: Readonly<Record<Transport, Map<number, Tick>>> = { udp: new Map(), tcp: new Map() };
  readonly #replies = new Map<number, Tick>();

  constructor(counters: Counters) {
    this.#counters = counters;
    this.forwardCacheHits = counters.forwardCacheHits.tick({});
  }

  queries(transport: Transport, type: number): Tick {
    const known = this.#queries[transport].get(type);
    if (known !== undefined) return known;
    const name = typeName(type);
    // Types that nobody has given a name could be made up without end, and each would be counted apart.
    if (name.startsWith('TYPE')) return this.#counters.queries.tick({ transport, qtype: 'other' });
    const tick = this.#counters.queries.tick({ transport, qtype: name });
    this.#queries[transport].set(type, tick);
    return tick;
  }

  replies(rcode: number): Tick {
    const known = this.#replies.get(rcode);
    if (known !== undefined) return known;
    const tick = this.#counters.replies.tick({ rcode: rcodeName(rcode) });
    this.#replies.set(rcode, tick);
    return tick;
  }
}
