import type { Clock } from '../clock.js';
import type { Closable } from '../lifecycle.js';
import type { Client, Transport } from '../responder/respond.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { ListenLimits } from './limits.js';

/** `dns` stands for UDP and TCP on one port. */
export type ListenTransport = Transport | 'dns' | 'http';

export interface ListenAddress {
  readonly transport: ListenTransport;
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
}

/** A bound socket that answers until it is closed. */
export interface Listener extends Closable, AsyncDisposable {
  /** What is really bound: the port is never 0. */
  readonly address: ListenAddress;
}

/** What the DNS listeners are opened with. */
export interface ListenOptions {
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Let other processes that ask for it bind the same address; needs Node.js 22.12, and Linux to be of use. */
  readonly reusePort?: boolean;
  readonly limits: ListenLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type ListenErrorCode = 'address-in-use' | 'permission-denied' | 'address-unavailable' | 'failed';

/** An address cannot be listened on. The message says what to do about it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: ListenErrorCode;
  readonly address: ListenAddress;

  constructor(address: ListenAddress, cause: unknown) {
    const code = codeOf(cause);
    super(`Cannot listen on ${formatAddress(address)}: ${reasonFor(code, address, cause)}`, { cause });
    this.code = code;
    this.address = address;
  }
}

/** For people: `UDP 127.0.0.1:8600`, `TCP [::1]:8600`. */
export function formatAddress({ transport, host, port }: ListenAddress): string {
  return `${transport.toUpperCase()} ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** `respond` is not supposed to fail. If it does, that question goes without a reply, and the others get theirs. */
export function reportUnanswered(error: unknown, client: Client, { log, metrics }: ListenOptions): void {
  metrics.failures.inc({ code: 'respond' });
  log.error('question not answered', { client, error });
}

function codeOf(cause: unknown): ListenErrorCode {
  switch (systemCode(cause)) {
    case 'EADDRINUSE':
      return 'address-in-use';
    case 'EACCES':
    case 'EPERM':
      return 'permission-denied';
    // The kernel's words for: not ours, and, without IPv6, no such family.
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return 'address-unavailable';
    default:
      return 'failed';
  }
}

function reasonFor(code: ListenErrorCode, { transport, port }: ListenAddress, cause: unknown): string {
  const setting = transport === 'http' ? 'port' : '--dns-port';
  switch (code) {
    case 'address-in-use':
      return `another process has this port; stop it ("ss -lnp 'sport = :${port}'" shows it) or choose another ${setting}`;
    case 'permission-denied':
      return port < 1024
        ? `permission denied; ports below 1024 need a right of their own ("setcap cap_net_bind_service=+ep" on the node binary), or choose another ${setting}`
        : 'permission denied';
    case 'address-unavailable':
      return 'no interface of this machine has that address';
    case 'failed':
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function systemCode(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
