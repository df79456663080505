/**
 * A packet's way to its reply: one that was compiled before, or else accept, resolve, encode, and keep for the next one.
 */
import type { Clock } from '../clock.js';
import type { ReplyMemory } from '../compiled/patch.js';
import type { Asker } from '../compiled/question-key.js';
import type { Slot } from '../compiled/slot.js';
import { CompiledTable } from '../compiled/table.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { MAX_MESSAGE_BYTES, typeName } from '../wire/constants.js';
import { udpLimitBytes } from '../wire/edns.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { fitMessage } from '../wire/truncate.js';
import { acceptPacket } from './accept.js';
import { failureOf } from './failure.js';
import { type Asked, isPromise, type Resolved, Resolver, type ResolverParts } from './resolve.js';
import type { Client, Respond } from './respond.js';
import { Tallies } from './tallies.js';

/** What a responder answers from; replaced as a whole when the configuration changes. */
export interface ResponderParts extends ResolverParts {
  /** Whether a client may have names outside our zones looked up. */
  readonly mayRecurse: (clientAddress: string) => boolean;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Memory for compiled answers; with 0 each is made anew. */
  readonly compiledBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Responder {
  readonly respond: Respond;
  /** Stops listening to the catalog. Answers go on being given to whoever still asks. */
  close(): void;
}

type Reply = Uint8Array | undefined;

/** What is known of a packet before it is looked into. */
interface Arrival {
  readonly asker: Asker;
  readonly nowMs: number;
}

/** All there are, so that none is made per packet. */
const ASKERS = {
  udp: { recursive: { isUdp: true, mayRecurse: true }, plain: { isUdp: true, mayRecurse: false } },
  tcp: { recursive: { isUdp: false, mayRecurse: true }, plain: { isUdp: false, mayRecurse: false } },
} as const;

const MAX_LOGGED_RECORDS = 1_000;

/** Subscribes to the catalog's changes until it is closed. */
export function createResponder(parts: ResponderParts): Responder {
  const { policy, catalog, random, compiledBytes: maxBytes } = parts;
  const compiled = new CompiledTable({
    maxBytes,
    maxUdpBytes: policy.udpPayloadMaxBytes,
    isCompressed: !policy.disableCompression,
    random,
  });
  const answering = new PacketAnswering(parts, compiled);
  const close = catalog.onChange((entry) => compiled.drop(entry));
  return { respond: (packet, client, memory) => answering.respond(packet, client, memory), close };
}

class PacketAnswering {
  readonly #parts: ResponderParts;
  readonly #compiled: CompiledTable;
  readonly #resolver: Resolver;
  readonly #tallies: Tallies;
  readonly #loggedRecords = new Set<string>();

  constructor(parts: ResponderParts, compiled: CompiledTable) {
    this.#parts = parts;
    this.#compiled = compiled;
    this.#resolver = new Resolver(parts);
    this.#tallies = new Tallies(parts.metrics);
  }

  respond(packet: Uint8Array, client: Client, memory?: ReplyMemory): Reply | Promise<Reply> {
    const nowMs = this.#parts.clock.now();
    const asker = this.#askerFor(client);
    return this.#compiled.find(packet, { asker, nowMs, memory }) ?? this.#accept(packet, client, { asker, nowMs });
  }

  #askerFor({ address, transport }: Client): Asker {
    const mayRecurse = this.#parts.forwarder.available && this.#parts.mayRecurse(address);
    return mayRecurse ? ASKERS[transport].recursive : ASKERS[transport].plain;
  }

  #accept(packet: Uint8Array, client: Client, { asker, nowMs }: Arrival): Reply | Promise<Reply> {
    const { metrics, policy, random } = this.#parts;
    const accepted = acceptPacket(packet, { udpPayloadBytes: policy.udpPayloadMaxBytes });
    switch (accepted.kind) {
      case 'ignored':
        metrics.droppedPackets.inc({ reason: accepted.reason });
        return undefined;
      case 'rejected':
        this.#tallies.replies(accepted.rcode).add();
        return accepted.reply;
      case 'query': {
        const { query, question } = accepted;
        this.#tallies.queries(client.transport, question.type).add();
        const slot = this.#compiled.slotFor(packet, asker);
        const advertisedBytes = query.edns?.udpPayloadBytes ?? 0;
        const limitBytes = asker.isUdp ? udpLimitBytes(advertisedBytes, policy.udpPayloadMaxBytes) : MAX_MESSAGE_BYTES;
        const { mayRecurse } = asker;
        return this.#answer(
          { query, question, client, limitBytes, mayRecurse, random: slot?.random ?? random, nowMs },
          slot,
        );
      }
    }
  }

  /** Holds the only catch of the path: whatever goes wrong behind it becomes a reply that says so. */
  #answer(asked: Asked, slot: Slot | undefined): Reply | Promise<Reply> {
    try {
      const resolved = this.#resolver.resolve(asked);
      if (!isPromise(resolved)) return this.#encode(asked, resolved, slot);
      // What had to be waited for may be out of date by now, and is not kept.
      return resolved
        .then((answer) => this.#encode(asked, answer, undefined))
        .catch((error: unknown) => this.#fail(asked, error));
    } catch (error) {
      return this.#fail(asked, error);
    }
  }

  #encode(asked: Asked, { message, lasting }: Resolved, slot: Slot | undefined): Reply {
    const { policy } = this.#parts;
    const { bytes, kept, unencodable } = fitMessage(message, {
      limitBytes: asked.limitBytes,
      compress: !policy.disableCompression,
      setTruncated: policy.enableTruncate,
    });
    for (const record of unencodable) this.#noteUnencodable(record);
    const replies = this.#tallies.replies(message.rcode);
    replies.add();
    if (slot !== undefined && lasting !== undefined && unencodable.length === 0) {
      const tallies = [this.#tallies.queries(asked.client.transport, asked.question.type), replies];
      if (lasting.aging.counts === 'ttls') tallies.push(this.#tallies.forwardCacheHits);
      const { second, ...facts } = lasting;
      this.#compiled.keep(slot, { bytes, message: kept, second }, { ...facts, nowMs: asked.nowMs, tallies });
    }
    return bytes;
  }

  #fail(asked: Asked, error: unknown): Reply {
    const { log, metrics } = this.#parts;
    const { outcome, code, isOurFault } = failureOf(error);
    metrics.failures.inc({ code });
    const { name, type } = asked.question;
    log[isOurFault ? 'error' : 'debug']('question failed', { qname: name, qtype: typeName(type), code, error });
    return this.#encode(asked, { message: this.#resolver.tell(asked, outcome), lasting: undefined }, undefined);
  }

  /** Says so once for each record, not once for each question that meets it (D19). */
  #noteUnencodable({ name, type }: ResourceRecord): void {
    this.#parts.metrics.unencodableRecords.inc({ type: typeName(type) });
    const key = `${type} ${name}`;
    if (this.#loggedRecords.has(key) || this.#loggedRecords.size >= MAX_LOGGED_RECORDS) return;
    this.#loggedRecords.add(key);
    this.#parts.log.warn('record left out: it has no wire form', { owner: name, type: typeName(type) });
  }
}
