import type { Asker } from './asker.js';
import type { Reply } from './reply.js';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A request as endpoints see it. */
export interface AgentRequest {
  readonly method: string;
  /** The path and query as they were sent. */
  readonly target: string;
  /** What the path holds behind the endpoint's own, percent-decoded; it may contain slashes. */
  readonly argument: string;
  readonly query: URLSearchParams;
  /** By its name in lower case. */
  header(name: string): string | undefined;
  /** The whole body; refused with 413 beyond the server's limit. */
  body(): Promise<Uint8Array>;
  /** Leaves when the client is gone or the agent stops. */
  readonly asker: Asker;
}

export interface Endpoint {
  readonly methods: readonly Method[];
  /** A path; one that ends in a slash takes an argument behind it. */
  readonly path: string;
  /** GET is taken as well from callers that are not browsers (http-api B4, "Lenient methods"). */
  readonly isLenient?: boolean;
  readonly handle: (request: AgentRequest) => Reply | Promise<Reply>;
}
