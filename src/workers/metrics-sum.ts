import { AggregatorRegistry, type Registry } from 'prom-client';

/** What prom-client gives as a registry's content. */
type MetricsJson = readonly object[];

/** The metrics of several processes, added up. Each tells its own about once a second. */
export class MetricsSum {
  readonly #own: Registry;
  readonly #told = new Map<number, MetricsJson>();
  /** Counters of processes that have ended: without them the sum would fall, which means "restarted" to Prometheus. */
  #past: Promise<MetricsJson> = Promise.resolve([]);

  constructor(own: Registry) {
    this.#own = own;
  }

  /** Takes what a process says of itself, in place of what it said before. */
  tell(process: number, metrics: MetricsJson): void {
    this.#told.set(process, metrics);
  }

  /** The process has ended. What it counted stays, what it measured goes. */
  end(process: number): void {
    const counters = this.#told.get(process)?.filter((metric) => 'type' in metric && metric.type !== 'gauge') ?? [];
    this.#told.delete(process);
    this.#past = this.#past.then((past) => sumOf([past, counters]).getMetricsAsJSON());
  }

  /** In Prometheus' text format. */
  async text(): Promise<string> {
    const [own, past] = await Promise.all([this.#own.getMetricsAsJSON(), this.#past]);
    return sumOf([own, past, ...this.#told.values()]).metrics();
  }
}

function sumOf(metrics: readonly MetricsJson[]): Registry {
  return AggregatorRegistry.aggregate([...metrics]);
}
