/** What a listener may hold on to for its clients, and for how long (RFC 7766 sections 6.2 and 10). */
export interface ListenLimits {
  /** UDP questions being answered at one time; further ones are dropped. */
  readonly udpInFlight: number;
  /** Open TCP connections. At the limit the one that has been idle longest gives way to a new one. */
  readonly tcpConnections: number;
  /** Open TCP connections of one client address; further ones are closed at once. */
  readonly tcpConnectionsPerClient: number;
  /** Questions of one connection being answered at one time; until then nothing more is read from it. */
  readonly tcpInFlight: number;
  /**
   * Bytes of replies that one connection's client has yet to take; with more, nothing is read from it until it has
   * taken all. No less than 64 KiB: a socket that buffers less need not tell when that is gone.
   */
  readonly tcpBacklogBytes: number;
  /** How long a connection may stay without a question, its first one included, or with too large a backlog. */
  readonly tcpIdleMs: number;
  /** How long a question may take to come in, from its first byte to its last. */
  readonly tcpFrameMs: number;
  /** How long `close` waits for replies under way. */
  readonly drainMs: number;
}

/** The limits that are no settings: ample for a busy resolver, and no client can use up the process with them. */
export const FIXED_LIMITS = {
  udpInFlight: 10_000,
  tcpInFlight: 128,
  tcpBacklogBytes: 256 * 1024,
  tcpFrameMs: 2_000,
  drainMs: 2_000,
} as const satisfies Partial<ListenLimits>;
