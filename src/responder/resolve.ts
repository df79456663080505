/**
 * From a question to the message that answers it: parse the name, read the rows, compose, follow host names, or ask
 * upstream. Nothing waits unless rows have to be fetched or somebody upstream has to be asked.
 */
import { composeAnswer } from '../answer/compose.js';
import { messageFor } from '../answer/message.js';
import type { Outcome, RecordsOutcome } from '../answer/outcome.js';
import type { AnswerPolicy } from '../answer/policy.js';
import { CatalogError } from '../catalog/catalog-error.js';
import type { CatalogSource, Rows } from '../catalog/source.js';
import type { Aging } from '../compiled/compile.js';
import type { Forwarder } from '../forward/forwarder.js';
import type { Lookup } from '../query/lookup.js';
import { parseName } from '../query/parse-name.js';
import { type Zone, type Zones, zoneOf } from '../query/zones.js';
import { clientSubnetOf } from '../wire/client-subnet.js';
import { CLASSIC_UDP_BYTES, RecordClass, RecordType } from '../wire/constants.js';
import type { Message, Question } from '../wire/message.js';
import { type ChaseResolvers, followChase } from './chase.js';
import { forwardedMessage, recursiveQuery } from './forwarded.js';
import type { Client } from './respond.js';

export interface ResolverParts {
  readonly zones: Zones;
  readonly policy: AnswerPolicy;
  readonly catalog: CatalogSource;
  readonly forwarder: Forwarder;
  /** Aborted when the server stops: ends every wait for rows and recursors. */
  readonly signal: AbortSignal;
}

/** A question on its way, and who asked it. */
export interface Asked {
  readonly query: Message;
  readonly question: Question;
  readonly client: Client;
  /** The largest reply. */
  readonly limitBytes: number;
  /** Whether names outside our zones are looked up for this client. */
  readonly mayRecurse: boolean;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Unix time. */
  readonly nowMs: number;
}

/** The message that answers a question. */
export interface Resolved {
  readonly message: Message;
  /** Undefined for a message that the next question of this kind may not be answered with. */
  readonly lasting: Lasting | undefined;
}

/** What a message may be used again for. */
export interface Lasting {
  readonly dependsOn: readonly string[];
  /** The catalog's snapshot that it tells of; undefined when it tells of several, or of none. */
  readonly madeOf: object | undefined;
  readonly aging: Aging;
  /** The second of the aging that the message is right for. */
  readonly second: number;
  readonly untilMs: number;
}

/** Where an outcome comes from, as far as the reply has to tell. */
interface Provenance {
  readonly zone: Zone | undefined;
  readonly lookup?: Lookup;
  readonly rows?: Rows | undefined;
  /** Rows of names behind aliases are stale. */
  readonly isChaseStale?: boolean;
  /** The catalog entries behind it; undefined when another moment, or another client, may lead to another outcome. */
  readonly dependsOn: readonly string[] | undefined;
}

/** A question within our zones, understood. */
interface Understood {
  readonly question: Question;
  readonly lookup: Lookup;
  readonly zone: Zone;
}

/** What a name behind an alias came to. */
interface Inside {
  readonly outcome: RecordsOutcome;
  readonly isStale: boolean;
}

const NO_OWNERS: Rows = { kind: 'owners', owners: [], isStale: false, dependsOn: [] };
const UNIX_TIME: Aging = { counts: 'serials', epochMs: 0 };

export class Resolver {
  readonly #parts: ResolverParts;

  constructor(parts: ResolverParts) {
    this.#parts = parts;
  }

  /** Throws or rejects with whatever keeps it from finding an answer; `fail` says so to the client. */
  resolve(asked: Asked): Resolved | Promise<Resolved> {
    const { query, question } = asked;
    const { zones } = this.#parts;
    if ((query.edns?.version ?? 0) > 0) {
      return this.#tell(asked, { kind: 'bad-version' }, { zone: zoneOf(zones, question.name), dependsOn: [] });
    }
    const parsed = parseName(question, zones);
    if (parsed.kind === 'not-ours') return this.#forward(asked, []);
    if (question.class !== RecordClass.IN && question.class !== RecordClass.ANY) return this.#refuse(asked, []);
    if (parsed.kind !== 'lookup') return this.#finish(asked, parsed, { zone: parsed.zone, dependsOn: [] });

    const rows = this.#read(parsed.lookup, sourceOf(asked));
    return isPromise(rows)
      ? rows.then((fetched) => this.#answer(asked, { ...parsed, question }, fetched))
      : this.#answer(asked, { ...parsed, question }, rows);
  }

  /** The message that tells an outcome known from elsewhere. */
  tell(asked: Asked, outcome: Outcome): Message {
    const zone = zoneOf(this.#parts.zones, asked.question.name);
    return this.#tell(asked, outcome, { zone, dependsOn: undefined }).message;
  }

  #read(lookup: Lookup, sourceAddress: string): Rows | undefined | Promise<Rows | undefined> {
    if (lookup.kind === 'address') return undefined;
    try {
      const rows = this.#parts.catalog.read(lookup, { signal: this.#parts.signal, sourceAddress });
      return isPromise(rows) ? rows.catch((error: unknown) => this.#withoutRows(lookup, error)) : rows;
    } catch (error) {
      return this.#withoutRows(lookup, error);
    }
  }

  /**
   * What can be said while the catalog cannot be asked: the zone has its SOA even if nobody knows its servers (C095), and
   * whose an address is, somebody upstream may know (dns-behaviour 5.11). Nothing else can do without rows.
   */
  #withoutRows(lookup: Lookup, error: unknown): Rows | undefined {
    if (error instanceof CatalogError) {
      if (lookup.kind === 'apex') return undefined;
      if (lookup.kind === 'reverse' && this.#parts.forwarder.available) return NO_OWNERS;
    }
    throw error;
  }

  #answer(asked: Asked, understood: Understood, rows: Rows | undefined): Resolved | Promise<Resolved> {
    const { zone, lookup } = understood;
    const outcome = this.#compose(asked, understood, rows);
    return this.#finish(asked, outcome, { zone, lookup, rows, dependsOn: dependenciesOf(lookup, rows) });
  }

  #compose({ limitBytes, client, random, nowMs }: Asked, understood: Understood, rows: Rows | undefined): Outcome {
    return composeAnswer({ ...understood, rows }, this.#parts.policy, {
      random,
      nowSeconds: Math.floor(nowMs / 1000),
      isSmallUdp: client.transport === 'udp' && limitBytes <= CLASSIC_UDP_BYTES,
    });
  }

  /** What is left once the outcome is known: ask upstream for addresses that are not ours after all, follow host names. */
  #finish(asked: Asked, outcome: Outcome, from: Provenance): Resolved | Promise<Resolved> {
    const isNobodys = outcome.kind === 'no-such-name' || outcome.kind === 'failed';
    if (isNobodys && from.zone?.kind === 'reverse' && this.#parts.forwarder.available) {
      return this.#forward(asked, from.dependsOn);
    }
    if (outcome.kind !== 'records' || outcome.chase.length === 0) return this.#tell(asked, outcome, from);
    let isChaseStale = false;
    const resolvers = this.#resolversFor(asked, () => {
      isChaseStale = true;
    });
    return followChase(outcome, resolvers).then((whole) =>
      this.#tell(asked, whole, { ...from, isChaseStale, dependsOn: undefined }),
    );
  }

  /** Names outside our zones: upstream for those who may (D12), REFUSED for everybody else. */
  #forward(asked: Asked, dependsOn: Provenance['dependsOn']): Resolved | Promise<Resolved> {
    const { forwarder, policy, signal } = this.#parts;
    const { query, mayRecurse } = asked;
    if (!query.recursionDesired || !mayRecurse) return this.#refuse(asked, dependsOn);
    const upstream = forwarder.resolve(query, { signal });
    if (isPromise(upstream)) {
      return upstream.then((message) => ({ message: forwardedMessage(query, message, policy), lasting: undefined }));
    }
    const message = forwardedMessage(query, upstream, policy);
    const life = forwarder.lifeOf(query);
    if (life === undefined || dependsOn === undefined) return { message, lasting: undefined };
    const { receivedAtMs: epochMs, ageSeconds: second, untilMs } = life;
    return { message, lasting: { dependsOn, madeOf: undefined, aging: { counts: 'ttls', epochMs }, second, untilMs } };
  }

  #refuse(asked: Asked, dependsOn: Provenance['dependsOn']): Resolved {
    return this.#tell(asked, { kind: 'refused' }, { zone: undefined, dependsOn });
  }

  #resolversFor(asked: Asked, onStale: () => void): ChaseResolvers {
    const { forwarder, zones, signal } = this.#parts;
    return {
      isInside: (name) => zoneOf(zones, name)?.kind === 'consul',
      inside: async (name) => {
        const found = await this.#lookUpInside({ name, type: RecordType.ANY, class: RecordClass.IN }, asked);
        if (found?.isStale) onStale();
        return found?.outcome;
      },
      // A name that nobody can look up just stays without addresses: the rest of the answer is good (C159).
      outside: async (name, type) => {
        if (!forwarder.available) return [];
        const query = recursiveQuery({ name, type, class: RecordClass.IN });
        const reply = await Promise.resolve(forwarder.resolve(query, { signal })).catch(() => undefined);
        return reply?.answer ?? [];
      },
    };
  }

  /** Our own answer for a host name that leads back into our zones; undefined when there is none to be had. */
  async #lookUpInside(question: Question, asked: Asked): Promise<Inside | undefined> {
    const parsed = parseName(question, this.#parts.zones);
    if (parsed.kind !== 'lookup') return undefined;
    try {
      const rows = await this.#read(parsed.lookup, sourceOf(asked));
      const outcome = this.#compose(asked, { ...parsed, question }, rows);
      return outcome.kind === 'records' ? { outcome, isStale: rows?.isStale ?? false } : undefined;
    } catch (error) {
      // The alias is known all the same, and its target may be another datacenter's (dns-behaviour 13.1).
      if (error instanceof CatalogError) return undefined;
      throw error;
    }
  }

  #tell(asked: Asked, outcome: Outcome, { zone, lookup, rows, isChaseStale = false, dependsOn }: Provenance): Resolved {
    const second = Math.floor(asked.nowMs / 1000);
    const message = messageFor(asked.query, outcome, {
      zone,
      policy: this.#parts.policy,
      nowSeconds: second,
      recursionAvailable: asked.mayRecurse,
      lookupKind: lookup?.kind,
      isStale: isChaseStale || (rows?.isStale ?? false),
    });
    if (dependsOn === undefined || outcome.kind === 'failed') return { message, lasting: undefined };
    const untilMs = Number.POSITIVE_INFINITY;
    return { message, lasting: { dependsOn, madeOf: snapshotIn(rows), aging: UNIX_TIME, second, untilMs } };
  }
}

/**
 * What an answer from these rows depends on, if on nothing else than the catalog. Prepared queries depend on who asks, and
 * what was said in an outage is to be said only as long as that lasts.
 */
function dependenciesOf(lookup: Lookup, rows: Rows | undefined): readonly string[] | undefined {
  if (lookup.kind === 'address') return [];
  if (rows === undefined || rows === NO_OWNERS || rows.isStale || rows.kind === 'prepared-query') return undefined;
  return rows.dependsOn;
}

/** What the catalog replaces as a whole when anything in it changes. */
function snapshotIn(rows: Rows | undefined): object | undefined {
  if (rows?.kind === 'instances') return rows.instances;
  return rows?.kind === 'node' ? rows.node : undefined;
}

/** On whose behalf a prepared query is run: of the network a resolver names, else of the client (dns-behaviour 5.4). */
function sourceOf({ query, client }: Asked): string {
  const subnet = query.edns && clientSubnetOf(query.edns);
  return subnet?.address || client.address;
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}
