/** The gRPC health protocol (grpc.health.v1.Health/Check): one unary call over HTTP/2, without a gRPC library. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { GrpcProbe } from '../registration/check.js';
import { type CheckResult, dialProblem, type ProbeOptions } from './result.js';

const SERVING = 1;
const STATUS_NAMES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const FRAME_HEAD_BYTES = 5;

export async function probeGrpc(probe: GrpcProbe, { signal }: ProbeOptions): Promise<CheckResult> {
  const { target, usesTls, tls } = probe;
  const slash = target.indexOf('/');
  const authority = slash < 0 ? target : target.slice(0, slash);
  const service = slash < 0 ? '' : target.slice(slash + 1);
  let session: ClientHttp2Session | undefined;
  try {
    session = connect(`${usesTls ? 'https' : 'http'}://${authority}`, {
      rejectUnauthorized: !tls.skipVerify,
      ...(tls.serverName === '' ? {} : { servername: tls.serverName }),
    });
    await once(session, 'connect', { signal });
    // A session that breaks later ends its stream with an error, too.
    session.on('error', () => {});
    const status = await check(session, service, signal);
    if (status === SERVING) return { status: 'passing', output: `gRPC check ${target}: success` };
    return {
      status: 'critical',
      output: `gRPC ${target} serving status: ${STATUS_NAMES[status] ?? status}`,
    };
  } catch (error) {
    const problem = signal.aborted ? 'context deadline exceeded' : dialProblem(error, 'tcp', authority);
    return { status: 'critical', output: error instanceof GrpcError ? error.message : `rpc error: ${problem}` };
  } finally {
    session?.on('error', () => {}).destroy();
  }
}

class GrpcError extends Error {
  override readonly name = 'GrpcError';
}

/** The serving status that the server gives for a service; the empty name asks for the server as a whole. */
async function check(session: ClientHttp2Session, service: string, signal: AbortSignal): Promise<number> {
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'Consul Health Check',
    },
    { signal },
  );
  const trailers: Record<string, unknown> = {};
  // Without a body the status comes with the headers ("trailers-only").
  stream.on('response', (headers) => Object.assign(trailers, headers));
  stream.on('trailers', (headers) => Object.assign(trailers, headers));
  stream.end(frame(encodeRequest(service)));
  const message = await readAll(stream);
  const code = Number(trailers['grpc-status'] ?? 2);
  if (code !== 0) {
    const text = decodeURIComponent(String(trailers['grpc-message'] ?? ''));
    throw new GrpcError(`rpc error: code = ${code} desc = ${text}`);
  }
  return decodeResponse(message);
}

async function readAll(stream: ClientHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A message as gRPC frames it: a byte that says "not compressed", the length, the bytes. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** HealthCheckRequest { string service = 1; } */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return name;
  if (name.length > 127) throw new GrpcError(`gRPC service name is too long: "${service}"`);
  return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
}

/** HealthCheckResponse { ServingStatus status = 1; }: an enum of one byte; absent it is 0. */
function decodeResponse(framed: Buffer): number {
  const message = framed.subarray(FRAME_HEAD_BYTES);
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
