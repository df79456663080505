/** What the admin endpoint tells of the server. */
export interface AdminView {
  /** In Prometheus' text format, all processes together. */
  metricsText(): Promise<string>;
  status(): ServerStatus;
}

export interface ServerStatus {
  /** How many services the catalog holds; undefined while that is not known. */
  readonly services: number | undefined;
  /** Why Consul could not be asked the last time; undefined while it can. */
  readonly backendDownBy: string | undefined;
  /** Rows are the last that Consul gave before it went away. */
  readonly isStale: boolean;
}
