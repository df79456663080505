/** The gRPC health protocol (grpc.health.v1.Health/Check): one unary call, on a connection of its own. */
import { isIPv6 } from 'node:net';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs/minimal.js';
import type { GrpcProbe } from '../registration/check.js';
import { GrpcConnection, notDialed } from './grpc-connection.js';
import type { CheckResult, ProbeOptions } from './result.js';
import { splitTarget } from './target.js';

const METHOD = '/grpc.health.v1.Health/Check';
const UNKNOWN = 0;
const SERVING = 1;
/** Field 1 of either message: a string in the request, a number in the response. */
const SERVICE_TAG = (1 << 3) | 2;
const STATUS_TAG = 1 << 3;

/** One try, straight to the target, of which nothing outlives the channel. */
const CHANNEL_OPTIONS = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

/** Asks for the health of a service, or of the whole server when the target names none: only SERVING passes. */
export async function probeGrpc(probe: GrpcProbe, { signal }: ProbeOptions): Promise<CheckResult> {
  const { target, usesTls, tls } = probe;
  const slash = target.indexOf('/');
  const address = slash < 0 ? target : target.slice(0, slash);
  const service = slash < 0 ? '' : target.slice(slash + 1);
  const parts = splitTarget(address);
  if (parts === undefined) {
    return failed(status.UNAVAILABLE, notDialed(`dial tcp: address ${address}: missing port in address`));
  }
  const { host, port } = parts;
  const connection = new GrpcConnection({ host, usesTls, tls });
  const client = new Client(`dns:${isIPv6(host) ? `[${host}]` : host}:${port}`, connection, CHANNEL_OPTIONS);
  try {
    const answer = await check(client, service, signal);
    if (answer === SERVING) return { status: 'passing', output: `gRPC check ${target}: success` };
    if (typeof answer === 'number') {
      return { status: 'critical', output: "gRPC application didn't report service healthy" };
    }
    if (signal.aborted) return failed(status.DEADLINE_EXCEEDED, 'context deadline exceeded');
    return failed(answer.code, connection.problem(address, answer.details) ?? answer.details);
  } finally {
    client.close();
    connection.close();
  }
}

/** The serving status that the server gives for a service, or what kept it from doing so. */
function check(client: Client, service: string, signal: AbortSignal): Promise<number | ServiceError> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest(METHOD, encodeRequest, decodeResponse, service, (error, servingStatus) =>
      resolve(error ?? servingStatus ?? UNKNOWN),
    );
    if (signal.aborted) call.cancel();
    signal.addEventListener('abort', () => call.cancel(), { once: true });
  });
}

/** HealthCheckRequest { string service = 1; } */
function encodeRequest(service: string): Buffer {
  const writer = protobuf.Writer.create();
  if (service !== '') writer.uint32(SERVICE_TAG).string(service);
  return Buffer.from(writer.finish());
}

/** HealthCheckResponse { ServingStatus status = 1; } */
function decodeResponse(message: Uint8Array): number {
  const reader = protobuf.Reader.create(message);
  let servingStatus = UNKNOWN;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === STATUS_TAG) servingStatus = reader.int32();
    else reader.skipType(tag & 7);
  }
  return servingStatus;
}

function failed(code: status, details: string): CheckResult {
  return { status: 'critical', output: `rpc error: code = ${codeName(code)} desc = ${details}` };
}

/** The name of a status code as Go, and so Consul, writes it. */
function codeName(code: status): string {
  if (code === status.CANCELLED) return 'Canceled';
  // A server may send any number.
  const name: string | undefined = status[code];
  if (name === undefined) return `Code(${code})`;
  return name.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
}
