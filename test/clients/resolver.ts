import { Agent, request } from 'node:http';

/** What a load balancer is told: an instance came or went. */
export interface Turn {
  readonly kind: 'add' | 'delete';
  readonly id: string;
}

interface Answer {
  readonly index: number;
  readonly ids: ReadonlySet<string>;
}

/**
 * Follows the passing instances of a service the way gRPC's resolvers for Consul do: one blocking query after the other
 * on one connection, each with the index of the one before.
 */
export class Resolver {
  readonly turns: Turn[] = [];
  /** How many queries were answered. */
  answers = 0;
  /** The largest fall of an index from one answer to the next. */
  largestFall = 0;
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #closing = new AbortController();
  readonly #onTurn = new Set<() => void>();
  readonly #ended: Promise<void>;
  #known: ReadonlySet<string> = new Set();

  constructor(url: string, service: string) {
    this.#url = new URL(`/v1/health/service/${service}`, url);
    this.#ended = this.#follow();
  }

  /** Resolves when the instance is known, or no longer known. */
  async sees(id: string, isThere: boolean): Promise<void> {
    while (this.#known.has(id) !== isThere) {
      await new Promise<void>((resolve) => this.#onTurn.add(resolve));
    }
  }

  /** Ends the query under way; rejects with what went wrong before, if anything did. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#ended;
    this.#agent.destroy();
  }

  async #follow(): Promise<void> {
    let index = 0;
    while (!this.#closing.signal.aborted) {
      const answer = await this.#ask(index).catch((error: unknown) => {
        if (!this.#closing.signal.aborted) throw error;
      });
      if (answer === undefined) return;
      this.answers += 1;
      this.largestFall = Math.max(this.largestFall, index - answer.index);
      index = answer.index < index ? 0 : answer.index;
      this.#learn(answer.ids);
    }
  }

  #learn(ids: ReadonlySet<string>): void {
    for (const id of this.#known) if (!ids.has(id)) this.turns.push({ kind: 'delete', id });
    for (const id of ids) if (!this.#known.has(id)) this.turns.push({ kind: 'add', id });
    this.#known = ids;
    const waiting = [...this.#onTurn];
    this.#onTurn.clear();
    for (const resolve of waiting) resolve();
  }

  async #ask(index: number): Promise<Answer> {
    const url = new URL(`?passing=1&wait=60000ms${index === 0 ? '' : `&index=${index}`}`, this.#url);
    const body = await new Promise<{ readonly text: string; readonly index: string }>((resolve, reject) => {
      const outgoing = request(url, { agent: this.#agent, signal: this.#closing.signal }, (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk) => {
          text += chunk;
        });
        incoming.on('error', reject);
        incoming.on('end', () => resolve({ text, index: String(incoming.headers['x-consul-index']) }));
      });
      outgoing.on('error', reject).end();
    });
    // Consul's documented shape of health/service.
    const entries = JSON.parse(body.text) as readonly { readonly Service: { readonly ID: string } }[];
    return { index: Number(body.index), ids: new Set(entries.map(({ Service }) => Service.ID)) };
  }
}
