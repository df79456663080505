import { readFile } from 'node:fs/promises';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';

/** A message as it is sent, an error, or silence. */
export type Answer = Buffer | { readonly code: number; readonly details: string } | undefined;

interface HealthServer extends AsyncDisposable {
  /** `host:port` */
  readonly address: string;
  /** The messages that were received. */
  readonly asked: readonly Buffer[];
  /** How many calls their clients gave up. */
  readonly cancelled: number;
}

interface HealthServerOptions {
  readonly isSecure?: boolean;
  /** Without an answer for anybody, the server has no health service at all. */
  readonly answer?: (service: string) => Answer;
}

/** A gRPC server, by the reference implementation, with a health service that says what it is told to. */
export async function startHealthServer({ answer, isSecure = false }: HealthServerOptions): Promise<HealthServer> {
  const server = new Server();
  const asked: Buffer[] = [];
  let cancelled = 0;
  const check = (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    asked.push(call.request);
    call.on('cancelled', () => {
      cancelled += 1;
    });
    // Behind the tag and the length, which is one byte for the names that matter.
    const answered = answer?.(call.request.subarray(2).toString());
    if (Buffer.isBuffer(answered)) reply(null, answered);
    else if (answered !== undefined) reply(answered);
  };
  if (answer !== undefined) server.addService({ Check: CHECK }, { Check: check });
  const credentials = isSecure ? await secureCredentials() : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return {
    address: `127.0.0.1:${port}`,
    asked,
    get cancelled() {
      return cancelled;
    },
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

const asIs = (bytes: Buffer): Buffer => bytes;

const CHECK = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
} as const;

/** A certificate that nobody vouches for. */
export async function untrustedCertificate(): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const [key, cert] = await Promise.all([
    readFile('fixtures/catalog/tls/server-key.pem'),
    readFile('fixtures/catalog/tls/server.pem'),
  ]);
  return { key, cert };
}

async function secureCredentials(): Promise<ServerCredentials> {
  const { key, cert } = await untrustedCertificate();
  return ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]);
}
