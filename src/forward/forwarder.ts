import type { Closable } from '../lifecycle.js';
import type { Message } from '../wire/message.js';
import { respell } from './adapt.js';
import { ForwardError } from './error.js';
import { type Life, MessageCache, type MessageCacheLimits } from './message-cache.js';
import { questionKey, questionOf } from './question-key.js';
import { RecentFailures } from './recent-failures.js';
import { formatRecursor } from './recursor.js';
import { clientSubnet } from './upstream-query.js';
import { type RecursorStats, type UpstreamParts, type UpstreamSettings, Upstreams } from './upstreams.js';

/** How long to ask on when there is an expired answer to give; clients wait little longer (RFC 8767 section 5). */
const STALE_PATIENCE_MS = 1_800;

export interface ForwarderSettings extends UpstreamSettings {
  /** How long one question may take, all recursors together. */
  readonly deadlineMs: number;
  /** How many different questions may be under way; each takes a socket. */
  readonly maxInFlight: number;
  readonly cache: MessageCacheLimits;
}

export interface ForwarderStats {
  readonly cacheEntries: number;
  readonly cacheBytes: number;
  readonly inFlight: number;
  readonly recursors: readonly RecursorStats[];
}

/**
 * Answers questions from outside our zones with what the recursors say.
 *
 * Replies are kept by their TTLs, identical questions share one exchange, failures are remembered for some seconds
 * (RFC 9520), and when nobody answers an expired reply is better than none (RFC 8767). Questions with Client Subnet are
 * shared, but their answers not kept: which other networks they would be good for is the recursor's to know.
 *
 * A question's exchange goes on when the client that caused it is gone; others may wait for it, and all will find its
 * answer in the cache.
 */
export class Forwarder implements Closable {
  readonly #parts: UpstreamParts;
  readonly #upstreams: Upstreams;
  readonly #failures: RecentFailures;
  readonly #flights = new Map<string, Promise<Message>>();
  readonly #running = new Set<AbortController>();
  #settings: ForwarderSettings;
  #cache: MessageCache;
  #closed = false;

  constructor(settings: ForwarderSettings, parts: UpstreamParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#upstreams = new Upstreams(settings, parts);
    this.#failures = new RecentFailures(parts.clock);
    this.#cache = new MessageCache(settings.cache, parts.clock);
  }

  /** Whether there is anybody to ask; a reply's RA bit. */
  get available(): boolean {
    return this.#settings.recursors.length > 0;
  }

  /**
   * The reply to a query with one question: at once if it is in the cache, and then the same object for everybody who
   * asks within the same second. Rcode, flags, sections and TTLs are the recursor's, the question's spelling is the
   * query's; ID and RD are for the caller to fill in, and an OPT record to put the options for the client into.
   *
   * Rejects with ForwardError; with the signal's reason when it is aborted first.
   */
  resolve(query: Message, { signal }: { readonly signal?: AbortSignal } = {}): Message | Promise<Message> {
    const key = questionKey(query);
    const { name } = questionOf(query);
    const kept = this.#cache.find(key, name);
    if (kept !== undefined) {
      this.#parts.metrics.forwardCacheHits.inc();
      return kept;
    }
    const flight = this.#flights.get(key) ?? this.#start(key, query);
    return unlessAborted(flight, signal).then((reply) => respell(reply, name));
  }

  /** The life of the reply that `resolve` gave at once for such a query. */
  lifeOf(query: Message): Life | undefined {
    return this.#cache.lifeOf(questionKey(query));
  }

  /** Takes new settings for the questions to come. What other recursors have said is forgotten. */
  update(settings: ForwarderSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#upstreams.update(settings);
    this.#failures.clear();
    if (cacheScope(before) !== cacheScope(settings)) this.#cache = new MessageCache(settings.cache, this.#parts.clock);
  }

  stats(): ForwarderStats {
    return {
      cacheEntries: this.#cache.entries,
      cacheBytes: this.#cache.bytes,
      inFlight: this.#flights.size,
      recursors: this.#upstreams.stats(),
    };
  }

  /** Gives up the questions under way: they reject with ForwardError (`closed`), as do all that come later. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#upstreams.close();
    for (const flight of this.#running) flight.abort(closed());
    await Promise.allSettled(this.#flights.values());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #start(key: string, query: Message): Promise<Message> {
    if (this.#closed) return Promise.reject(closed());
    const stale = this.#cache.findStale(key, questionOf(query).name);
    const { maxInFlight } = this.#settings;
    if (this.#flights.size >= maxInFlight)
      return stale === undefined ? overloaded(maxInFlight) : Promise.resolve(stale);
    const answer = this.#fly(key, query).finally(() => this.#flights.delete(key));
    const flight = stale === undefined ? answer : this.#orStale(answer, stale);
    // Whoever waits hears of failures; maybe nobody waits any more.
    flight.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, query: Message): Promise<Message> {
    const cache = this.#cache;
    const reply = await this.#ask(key, query);
    if (clientSubnet(query) === undefined) {
      cache.put(key, reply);
      this.#parts.metrics.cacheEntries.set({ cache: 'forward' }, this.#cache.entries);
    }
    return reply;
  }

  /** The answer; the stale one instead when there is none, or not soon enough. */
  #orStale(answer: Promise<Message>, stale: Message): Promise<Message> {
    const settled = new AbortController();
    const whatComes = answer.catch(() => stale).finally(() => settled.abort());
    const patience = this.#parts.clock.sleep(STALE_PATIENCE_MS, { signal: settled.signal });
    return patience.then(
      () => stale,
      () => whatComes,
    );
  }

  async #ask(key: string, query: Message): Promise<Message> {
    const failure = this.#failures.find(key);
    if (failure !== undefined) throw failure;
    const { deadlineMs } = this.#settings;
    const flight = new AbortController();
    const late = (): void => flight.abort(new ForwardError('timeout', `Cannot get an answer within ${deadlineMs} ms`));
    const timer = setTimeout(late, deadlineMs);
    this.#running.add(flight);
    try {
      return await this.#upstreams.ask(query, flight.signal);
    } catch (error) {
      if (error instanceof ForwardError) this.#failures.add(key, error);
      throw error;
    } finally {
      clearTimeout(timer);
      this.#running.delete(flight);
    }
  }
}

/** What the answers in a cache depend on. */
function cacheScope({ recursors, cache }: ForwarderSettings): string {
  return JSON.stringify([recursors.map(formatRecursor).sort(), cache]);
}

function overloaded(maxInFlight: number): Promise<never> {
  return Promise.reject(new ForwardError('overloaded', `Cannot forward query: ${maxInFlight} others are under way`));
}

function closed(): ForwardError {
  return new ForwardError('closed', 'Cannot forward query: shutting down');
}

/** The same promise for one of several who wait for it: rejects with the signal's reason when that comes first. */
function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
