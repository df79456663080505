/**
 * The connection of one gRPC probe. The library has no deadline for a TLS or HTTP/2 handshake, and closing a channel
 * leaves a handshake under way alone (grpc/grpc-node#2785), so that a server that takes connections and stays silent
 * would cost a socket per probe. Credentials see every socket before it is used: these own it.
 */
import { isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { CallCredentials, ChannelCredentials, type experimental } from '@grpc/grpc-js';
import type { GrpcProbe } from '../registration/check.js';
import { dialProblem } from './result.js';

/** How the library words a connection that did not come about: the last error as text, for some with the time. */
const NO_CONNECTION =
  /^No connection established\. Last error: (?:Error: )?(.*?)(?: \([\dT:.Z-]+\))?\. Resolution note:/s;
const SYSTEM_ERROR = /^connect (E[A-Z]+) /;

type ConnectionOptions = Pick<GrpcProbe, 'usesTls' | 'tls'> & { readonly host: string };

/** Opens the way to `host`, in the clear or with TLS. Close it behind the channel: it destroys whatever was opened. */
export class GrpcConnection extends ChannelCredentials {
  readonly #options: ConnectionOptions;
  readonly #sockets = new Set<Socket>();
  #isClosed = false;
  #handshakeProblem: string | undefined;

  constructor(options: ConnectionOptions) {
    super();
    this.#options = options;
  }

  /** What Consul calls a connection that did not come about; undefined when the call failed for another reason. */
  problem(target: string, details: string): string | undefined {
    const [, reason] = NO_CONNECTION.exec(details) ?? [];
    if (reason === undefined) return undefined;
    if (this.#handshakeProblem !== undefined) {
      return connectionError(`authentication handshake failed: ${this.#handshakeProblem}`);
    }
    const [, code] = SYSTEM_ERROR.exec(reason) ?? [];
    if (code === undefined) return connectionError(reason);
    return notDialed(dialProblem(Object.assign(new Error(reason), { code }), 'tcp', target));
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  override _isSecure(): boolean {
    return this.#options.usesTls;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(): experimental.SecureConnector {
    return {
      connect: (socket) => this.#connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  async #connect(socket: Socket): Promise<experimental.SecureConnectResult> {
    if (this.#isClosed) throw new Error('The probe has ended');
    this.#sockets.add(socket);
    if (!this.#options.usesTls) return { socket, secure: false };
    try {
      return { socket: await this.#handshake(socket), secure: true };
    } catch (error) {
      this.#handshakeProblem = error instanceof Error ? error.message.trim() : String(error);
      throw error;
    }
  }

  #handshake(socket: Socket): Promise<TLSSocket> {
    const { host, tls } = this.#options;
    return new Promise((resolve, reject) => {
      const secured = connectTls({
        socket,
        host,
        // An address is no server name (RFC 6066 section 3).
        servername: tls.serverName || (isIP(host) === 0 ? host : ''),
        rejectUnauthorized: !tls.skipVerify,
        ALPNProtocols: ['h2'],
      });
      secured.on('secureConnect', () => resolve(secured)).on('error', reject);
    });
  }
}

/** How Consul words that there was nobody to talk to. */
export function notDialed(problem: string): string {
  return connectionError(`Error while dialing ${problem}`);
}

function connectionError(problem: string): string {
  return `connection error: desc = "transport: ${problem}"`;
}
