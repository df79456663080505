/**
 * One question's way from packet to reply: accept, parse the name, read the rows, compose, follow host names, encode.
 * Nothing waits unless rows have to be fetched or somebody upstream has to be asked, so most replies are synchronous.
 */
import { composeAnswer } from '../answer/compose.js';
import { messageFor } from '../answer/message.js';
import type { Outcome, RecordsOutcome } from '../answer/outcome.js';
import type { AnswerPolicy } from '../answer/policy.js';
import { CatalogError } from '../catalog/catalog-error.js';
import type { CatalogSource, Rows } from '../catalog/source.js';
import type { Clock } from '../clock.js';
import type { Forwarder } from '../forward/forwarder.js';
import type { Lookup } from '../query/lookup.js';
import { parseName } from '../query/parse-name.js';
import { type Zone, type Zones, zoneOf } from '../query/zones.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { clientSubnetOf } from '../wire/client-subnet.js';
import {
  CLASSIC_UDP_BYTES,
  MAX_MESSAGE_BYTES,
  RecordClass,
  RecordType,
  rcodeName,
  typeName,
} from '../wire/constants.js';
import type { Message, Question } from '../wire/message.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { fitMessage } from '../wire/truncate.js';
import { acceptPacket } from './accept.js';
import { type ChaseResolvers, followChase } from './chase.js';
import { failureOf } from './failure.js';
import { forwardedMessage, recursiveQuery } from './forwarded.js';
import type { Client, Respond } from './respond.js';

/** What a responder answers from; replaced as a whole when the configuration changes. */
export interface ResponderParts {
  readonly zones: Zones;
  readonly policy: AnswerPolicy;
  readonly catalog: CatalogSource;
  readonly forwarder: Forwarder;
  /** Whether a client may have names outside our zones looked up. */
  readonly mayRecurse: (clientAddress: string) => boolean;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Aborted when the server stops: ends every wait for rows and recursors. */
  readonly signal: AbortSignal;
}

/** A question on its way, and who asked it. */
interface Asked {
  readonly query: Message;
  readonly question: Question;
  readonly client: Client;
  readonly limitBytes: number;
}

/** A question within our zones, understood. */
interface Understood {
  readonly question: Question;
  readonly lookup: Lookup;
  readonly zone: Zone;
}

/** Where an outcome comes from, as far as the reply has to tell. */
interface Provenance {
  readonly zone: Zone | undefined;
  readonly lookup?: Lookup;
  readonly rows?: Rows | undefined;
}

type Reply = Uint8Array | undefined;

export function createResponder(parts: ResponderParts): Respond {
  const responder = new Responder(parts);
  return (packet, client) => responder.respond(packet, client);
}

class Responder {
  readonly #parts: ResponderParts;
  readonly #loggedRecords = new Set<string>();

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  respond(packet: Uint8Array, client: Client): Reply | Promise<Reply> {
    const { metrics, policy } = this.#parts;
    const accepted = acceptPacket(packet, { udpPayloadBytes: policy.udpPayloadMaxBytes });
    switch (accepted.kind) {
      case 'ignored':
        metrics.droppedPackets.inc({ reason: accepted.reason });
        return undefined;
      case 'rejected':
        metrics.replies.inc({ rcode: rcodeName(accepted.rcode) });
        return accepted.reply;
      case 'query': {
        const { query, question } = accepted;
        metrics.queries.inc({ transport: client.transport, qtype: typeName(question.type) });
        return this.#answer({ query, question, client, limitBytes: limitFor(client, query, policy) });
      }
    }
  }

  /** Holds the only catch of the path: whatever goes wrong behind it becomes a reply that says so. */
  #answer(asked: Asked): Reply | Promise<Reply> {
    try {
      const reply = this.#resolve(asked);
      return isPromise(reply) ? reply.catch((error: unknown) => this.#fail(asked, error)) : reply;
    } catch (error) {
      return this.#fail(asked, error);
    }
  }

  #resolve(asked: Asked): Reply | Promise<Reply> {
    const { query, question } = asked;
    const zone = zoneOf(this.#parts.zones, question.name);
    if ((query.edns?.version ?? 0) > 0) return this.#reply(asked, { kind: 'bad-version' }, { zone });
    const parsed = parseName(question, this.#parts.zones);
    if (parsed.kind === 'not-ours') return this.#forward(asked);
    if (question.class !== RecordClass.IN && question.class !== RecordClass.ANY) {
      return this.#reply(asked, { kind: 'refused' }, { zone: undefined });
    }
    if (parsed.kind !== 'lookup') return this.#finish(asked, parsed, { zone });

    const understood = { ...parsed, question };
    const rows = this.#read(parsed.lookup, sourceOf(asked));
    return isPromise(rows)
      ? rows.then((fetched) =>
          this.#finish(asked, this.#compose(understood, asked, fetched), { ...parsed, rows: fetched }),
        )
      : this.#finish(asked, this.#compose(understood, asked, rows), { ...parsed, rows });
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

  #compose({ question, lookup, zone }: Understood, { limitBytes, client }: Asked, rows: Rows | undefined): Outcome {
    const { policy, random } = this.#parts;
    return composeAnswer({ question, lookup, zone, rows }, policy, {
      random,
      nowSeconds: this.#nowSeconds(),
      isSmallUdp: client.transport === 'udp' && limitBytes <= CLASSIC_UDP_BYTES,
    });
  }

  /** What is left once the outcome is known: ask upstream for addresses that are not ours after all, follow host names. */
  #finish(asked: Asked, outcome: Outcome, from: Provenance): Reply | Promise<Reply> {
    const isNobodys = outcome.kind === 'no-such-name' || outcome.kind === 'failed';
    if (isNobodys && from.zone?.kind === 'reverse' && this.#parts.forwarder.available) return this.#forward(asked);
    if (outcome.kind !== 'records' || outcome.chase.length === 0) return this.#reply(asked, outcome, from);
    return followChase(outcome, this.#resolversFor(asked)).then((whole) => this.#reply(asked, whole, from));
  }

  /** Names outside our zones: upstream for those who may (D12), REFUSED for everybody else. */
  #forward(asked: Asked): Reply | Promise<Reply> {
    const { forwarder, policy, signal } = this.#parts;
    const { query } = asked;
    if (!query.recursionDesired || !this.#mayRecurse(asked)) {
      return this.#reply(asked, { kind: 'refused' }, { zone: undefined });
    }
    const upstream = forwarder.resolve(query, { signal });
    return isPromise(upstream)
      ? upstream.then((message) => this.#encode(asked, forwardedMessage(query, message, policy)))
      : this.#encode(asked, forwardedMessage(query, upstream, policy));
  }

  #mayRecurse({ client }: Asked): boolean {
    return this.#parts.forwarder.available && this.#parts.mayRecurse(client.address);
  }

  #resolversFor(asked: Asked): ChaseResolvers {
    const { forwarder, zones, signal } = this.#parts;
    return {
      isInside: (name) => zoneOf(zones, name)?.kind === 'consul',
      inside: async (name) => this.#lookUpInside({ name, type: RecordType.ANY, class: RecordClass.IN }, asked),
      // A name that nobody can look up just stays without addresses: the rest of the answer is good (C159).
      outside: async (name, type) => {
        if (!forwarder.available) return [];
        const query = recursiveQuery({ name, type, class: RecordClass.IN });
        const reply = await Promise.resolve(forwarder.resolve(query, { signal })).catch(() => undefined);
        return reply?.answer ?? [];
      },
    };
  }

  /** Our own answer for a host name that leads back into our zones. */
  async #lookUpInside(question: Question, asked: Asked): Promise<RecordsOutcome | undefined> {
    const parsed = parseName(question, this.#parts.zones);
    if (parsed.kind !== 'lookup') return undefined;
    const rows = await this.#read(parsed.lookup, sourceOf(asked));
    const outcome = this.#compose({ ...parsed, question }, asked, rows);
    return outcome.kind === 'records' ? outcome : undefined;
  }

  #reply(asked: Asked, outcome: Outcome, { zone, lookup, rows }: Provenance): Reply {
    const message = messageFor(asked.query, outcome, {
      zone,
      policy: this.#parts.policy,
      nowSeconds: this.#nowSeconds(),
      recursionAvailable: this.#mayRecurse(asked),
      lookupKind: lookup?.kind,
      isStale: rows?.isStale ?? false,
    });
    return this.#encode(asked, message);
  }

  #encode({ limitBytes }: Asked, message: Message): Reply {
    const { metrics, policy } = this.#parts;
    const { bytes, unencodable } = fitMessage(message, {
      limitBytes,
      compress: !policy.disableCompression,
      setTruncated: policy.enableTruncate,
    });
    for (const record of unencodable) this.#noteUnencodable(record);
    metrics.replies.inc({ rcode: rcodeName(message.rcode) });
    return bytes;
  }

  #fail(asked: Asked, error: unknown): Reply {
    const { log, metrics, zones } = this.#parts;
    const zone = zoneOf(zones, asked.question.name);
    const { outcome, code, isOurFault } = failureOf(error);
    metrics.failures.inc({ code });
    const { name, type } = asked.question;
    log[isOurFault ? 'error' : 'debug']('question failed', { qname: name, qtype: typeName(type), code, error });
    return this.#reply(asked, outcome, { zone });
  }

  /** Says so once for each record, not once for each question that meets it (D19). */
  #noteUnencodable({ name, type }: ResourceRecord): void {
    this.#parts.metrics.unencodableRecords.inc({ type: typeName(type) });
    const key = `${type} ${name}`;
    if (this.#loggedRecords.has(key) || this.#loggedRecords.size >= MAX_LOGGED_RECORDS) return;
    this.#loggedRecords.add(key);
    this.#parts.log.warn('record left out: it has no wire form', { owner: name, type: typeName(type) });
  }

  #nowSeconds(): number {
    return Math.floor(this.#parts.clock.now() / 1000);
  }
}

const NO_OWNERS: Rows = { kind: 'owners', owners: [], isStale: false, dependsOn: [] };
const MAX_LOGGED_RECORDS = 1_000;

/** How large a reply may be: what the client can take and we are willing to send (D4). */
function limitFor({ transport }: Client, { edns }: Message, policy: AnswerPolicy): number {
  if (transport === 'tcp') return MAX_MESSAGE_BYTES;
  return Math.max(CLASSIC_UDP_BYTES, Math.min(edns?.udpPayloadBytes ?? 0, policy.udpPayloadMaxBytes));
}

/** On whose behalf a prepared query is run: of the network a resolver names, else of the client (dns-behaviour 5.4). */
function sourceOf({ query, client }: Asked): string {
  const subnet = query.edns && clientSubnetOf(query.edns);
  return subnet?.address || client.address;
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise;
}
