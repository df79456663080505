/** What listeners may hold on to, and for how long; the waits of TCP are RFC 7766 section 6.2.3's business. */
export interface ListenLimits {
  /** UDP questions being answered at one time; further ones are dropped. */
  readonly udpInFlight: number;
  /** Open TCP connections. At the limit the one that has been idle longest gives way to a new one. */
  readonly tcpConnections: number;
  /** Open TCP connections of one client address; further ones are closed at once. */
  readonly tcpConnectionsPerClient: number;
  /** Questions of one connection being answered at one time; until then nothing more is read from it. */
  readonly tcpInFlight: number;
  /** Bytes of replies that one connection's client has yet to take; until then nothing more is read from it. */
  readonly tcpBacklogBytes: number;
  /** How long a connection may stay without a question, its first one included, or with too large a backlog. */
  readonly tcpIdleMs: number;
  /** How long a question may take to come in, from its first byte to its last. */
  readonly tcpFrameMs: number;
  /** How long `close` waits for replies under way. */
  readonly drainMs: number;
}

/** Ample for a busy resolver in front of us, and small enough that no client can use up the process. */
export const USUAL_LIMITS: ListenLimits = {
  udpInFlight: 10_000,
  tcpConnections: 1024,
  tcpConnectionsPerClient: 128,
  tcpInFlight: 128,
  tcpBacklogBytes: 256 * 1024,
  tcpIdleMs: 10_000,
  tcpFrameMs: 2_000,
  drainMs: 2_000,
};
