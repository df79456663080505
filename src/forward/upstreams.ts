import type { Clock } from '../clock.js';
import type { Metrics } from '../telemetry/metrics.js';
import { EdnsOption } from '../wire/constants.js';
import type { Message } from '../wire/message.js';
import { ForwardError } from './error.js';
import { exchange } from './exchange.js';
import { RecursorHealth } from './health.js';
import { type RecursorStrategy, recursorOrder } from './order.js';
import { formatRecursor, type Recursor } from './recursor.js';
import { isAnswer } from './upstream-reply.js';

export interface UpstreamSettings {
  readonly recursors: readonly Recursor[];
  readonly strategy: RecursorStrategy;
  /** [recursor_timeout] How long to wait for one recursor: over UDP, and once more over TCP. */
  readonly timeoutMs: number;
}

export interface UpstreamParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** From 0 up to, but without, 1. */
  readonly random: () => number;
}

export interface RecursorStats {
  readonly recursor: string;
  /** From 0, the best, to 1 (see RecursorHealth). */
  readonly score: number;
  readonly failing: boolean;
}

interface Failure {
  readonly recursor: string;
  readonly error: ForwardError;
}

/** The recursors, and what is known of each. */
export class Upstreams {
  readonly #parts: UpstreamParts;
  readonly #health = new RecursorHealth();
  readonly #probes = new AbortController();
  #settings: UpstreamSettings;

  constructor(settings: UpstreamSettings, parts: UpstreamParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  update(settings: UpstreamSettings): void {
    this.#settings = settings;
    this.#health.keepOnly(settings.recursors);
  }

  /** Ends what nobody waits for; whoever calls `ask` ends that with its signal. */
  close(): void {
    this.#probes.abort(new ForwardError('closed', 'Cannot forward query: shutting down'));
  }

  stats(): readonly RecursorStats[] {
    return this.#settings.recursors.map((recursor) => ({
      recursor: formatRecursor(recursor),
      score: this.#health.score(recursor),
      failing: this.#health.isFailing(recursor),
    }));
  }

  /**
   * The first answer that a recursor gives, asked one after the other (dns-behaviour 14.4).
   *
   * Rejects with ForwardError when none does; with the signal's reason when that comes first.
   */
  async ask(query: Message, signal: AbortSignal): Promise<Message> {
    const { recursors, strategy } = this.#settings;
    const order = recursorOrder(recursors, strategy, { health: this.#health, random: this.#parts.random });
    this.#probe(query, order);
    const failures: Failure[] = [];
    for (const recursor of order) {
      try {
        return await this.#askOne(query, recursor, signal);
      } catch (error) {
        if (signal.aborted || !(error instanceof ForwardError)) throw error;
        failures.push({ recursor: formatRecursor(recursor), error });
      }
    }
    throw allFailed(failures);
  }

  /** Sends the question to a failing recursor as well, if that is to be tried again and would not be asked anyway. */
  #probe(query: Message, [first, ...others]: readonly Recursor[]): void {
    if (first === undefined || this.#health.isFailing(first)) return;
    const nowMs = this.#parts.clock.now();
    const probed = others.find((recursor) => this.#health.isFailing(recursor) && this.#health.isDue(recursor, nowMs));
    // What comes of it goes into health and metrics; nobody waits for the answer.
    if (probed !== undefined) this.#askOne(query, probed, this.#probes.signal).catch(() => undefined);
  }

  async #askOne(query: Message, recursor: Recursor, signal: AbortSignal): Promise<Message> {
    const { clock, metrics } = this.#parts;
    const { timeoutMs } = this.#settings;
    const name = formatRecursor(recursor);
    const askedAtMs = clock.now();
    this.#health.asked(recursor, askedAtMs);
    try {
      const reply = await exchange(query, recursor, { timeoutMs, signal });
      this.#health.finished(recursor, (clock.now() - askedAtMs) / timeoutMs);
      if (!isAnswer(reply)) throw badRcode(reply, name);
      metrics.forwarded.inc({ recursor: name, outcome: 'answered' });
      return reply;
    } catch (error) {
      if (!(error instanceof ForwardError)) throw error;
      if (error.code !== 'bad-rcode' && !signal.aborted) this.#health.finished(recursor, 1);
      metrics.forwarded.inc({ recursor: name, outcome: error.code });
      throw error;
    }
  }
}

function badRcode(reply: Message, recursor: string): ForwardError {
  const extendedErrors = reply.edns?.options.filter(({ code }) => code === EdnsOption.EXTENDED_ERROR) ?? [];
  return new ForwardError('bad-rcode', `Cannot use reply of ${recursor}: rcode ${reply.rcode}`, { extendedErrors });
}

/** One error for all: what a recursor said about the question counts more than that another kept silent. */
function allFailed(failures: readonly Failure[]): ForwardError {
  const last = failures.findLast(({ error }) => error.code === 'bad-rcode') ?? failures.at(-1);
  if (last === undefined) return new ForwardError('no-recursors', 'Cannot forward query: no recursors configured');
  const states = failures.map(({ recursor, error }) => `${recursor} ${error.code}`);
  return new ForwardError(last.error.code, `Cannot get an answer from any recursor: ${states.join(', ')}`, {
    cause: new AggregateError(failures.map(({ error }) => error)),
    extendedErrors: last.error.extendedErrors,
  });
}
