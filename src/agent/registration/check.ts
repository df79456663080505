/** Check definitions, as they come by HTTP or from a file, and the rules that they must keep (http-api B5). */
import { type Decoded, durationMs, flag, integer, mapOf, text, textList } from '../json/decode.js';

/** How often a probe runs and how long it may take. */
interface Schedule {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

interface TlsOptions {
  readonly skipVerify: boolean;
  /** Empty: the name in the address. */
  readonly serverName: string;
}

export interface HttpProbe extends Schedule {
  readonly kind: 'http';
  readonly url: string;
  readonly method: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
  readonly followsRedirects: boolean;
  readonly tls: TlsOptions;
}

export interface AddressProbe extends Schedule {
  readonly kind: 'tcp' | 'udp';
  /** `host:port` */
  readonly target: string;
}

export interface GrpcProbe extends Schedule {
  readonly kind: 'grpc';
  /** `host:port` or `host:port/service` */
  readonly target: string;
  readonly usesTls: boolean;
  readonly tls: TlsOptions;
}

export interface ScriptProbe extends Schedule {
  readonly kind: 'script';
  readonly args: readonly string[];
}

/** A probe that runs again and again. */
export type ScheduledProbe = HttpProbe | AddressProbe | GrpcProbe | ScriptProbe;

export type Probe =
  | ScheduledProbe
  | { readonly kind: 'ttl'; readonly ttlMs: number }
  /** Takes over the status of another service; an empty node is our own. */
  | { readonly kind: 'alias'; readonly node: string; readonly serviceId: string }
  | { readonly kind: 'maintenance' };

export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** Empty for a check of the whole node. */
  readonly serviceId: string;
  /** The status to start with; empty starts critical. */
  readonly status: string;
  readonly probe: Probe;
  readonly thresholds: Thresholds;
  /** 0: never. */
  readonly deregisterAfterMs: number;
  /** What was asked for and is too short: it was raised, and whoever runs the check says so. */
  readonly raised: readonly RaisedTime[];
  readonly outputMaxBytes: number;
}

export interface RaisedTime {
  readonly key: 'Interval' | 'DeregisterCriticalServiceAfter';
  readonly askedMs: number;
  readonly minimumMs: number;
}

/** How many results in a row it takes to change the status; 0 and 1 are the same. */
export interface Thresholds {
  readonly passing: number;
  readonly warning: number;
  readonly critical: number;
}

/** The fields that describe how to check, wherever a check is defined. */
export const CHECK_FIELDS = {
  CheckID: text,
  Name: text,
  Notes: text,
  Status: text,
  ServiceID: text,
  Args: textList,
  ScriptArgs: textList,
  HTTP: text,
  Method: text,
  Header: mapOf(textList, 'map[string][]string'),
  Body: text,
  DisableRedirects: flag,
  TLSSkipVerify: flag,
  TLSServerName: text,
  TCP: text,
  UDP: text,
  GRPC: text,
  GRPCUseTLS: flag,
  H2PING: text,
  H2PingUseTLS: flag,
  OSService: text,
  DockerContainerID: text,
  Shell: text,
  AliasNode: text,
  AliasService: text,
  Interval: durationMs,
  Timeout: durationMs,
  TTL: durationMs,
  SuccessBeforePassing: integer,
  FailuresBeforeWarning: integer,
  FailuresBeforeCritical: integer,
  DeregisterCriticalServiceAfter: durationMs,
  OutputMaxSize: integer,
  Token: text,
  ProxyHTTP: text,
  ProxyGRPC: text,
};

export type CheckFields = Decoded<typeof CHECK_FIELDS>;

export class CheckError extends Error {
  override readonly name = 'CheckError';
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_SCRIPT_TIMEOUT_MS = 30_000;
const MIN_INTERVAL_MS = 1000;
const MIN_DEREGISTER_MS = 60_000;
const DEFAULT_OUTPUT_BYTES = 4096;

/** The definition that fields describe; throws a `CheckError` when they break a rule. */
export function checkDefinition(
  fields: CheckFields,
  { id, name, serviceId }: { readonly id: string; readonly name: string; readonly serviceId: string },
): CheckDefinition {
  validate(fields);
  const critical = fields.FailuresBeforeCritical ?? 0;
  const warning = fields.FailuresBeforeWarning ?? critical;
  if (warning > critical) throw new CheckError("FailuresBeforeWarning can't be higher than FailuresBeforeCritical");
  const deregisterAfterMs = fields.DeregisterCriticalServiceAfter ?? 0;
  return {
    id,
    name,
    notes: fields.Notes ?? '',
    serviceId,
    status: fields.Status ?? '',
    probe: probeOf(fields),
    thresholds: { passing: fields.SuccessBeforePassing ?? 0, warning, critical },
    deregisterAfterMs: deregisterAfterMs > 0 ? Math.max(deregisterAfterMs, MIN_DEREGISTER_MS) : 0,
    raised: [
      ...raised('Interval', fields.Interval, MIN_INTERVAL_MS),
      ...raised('DeregisterCriticalServiceAfter', deregisterAfterMs, MIN_DEREGISTER_MS),
    ],
    outputMaxBytes: fields.OutputMaxSize || DEFAULT_OUTPUT_BYTES,
  };
}

function raised(key: RaisedTime['key'], askedMs: number | undefined, minimumMs: number): readonly RaisedTime[] {
  return askedMs !== undefined && askedMs > 0 && askedMs < minimumMs ? [{ key, askedMs, minimumMs }] : [];
}

/** Whether the fields name a program to run, which must be allowed first. */
export function isScript(fields: CheckFields): boolean {
  return scriptArgs(fields).length > 0;
}

function validate(fields: CheckFields): void {
  for (const [kind, value] of [
    ['Docker', fields.DockerContainerID],
    ['H2PING', fields.H2PING],
    ['OSService', fields.OSService],
  ]) {
    if (value) throw new CheckError(`${kind} checks are not supported`);
  }
  const [intervalMs, ttlMs] = [fields.Interval ?? 0, fields.TTL ?? 0];
  const runs = isScript(fields) || [fields.HTTP, fields.TCP, fields.UDP, fields.GRPC].some(Boolean);
  const isAlias = Boolean(fields.AliasNode || fields.AliasService);
  if (intervalMs > 0 && ttlMs > 0) throw new CheckError('Interval and TTL cannot both be specified');
  if (runs && intervalMs <= 0) throw new CheckError('Interval must be > 0 for Script, HTTP, or TCP checks');
  if (runs && isAlias) throw new CheckError('Interval cannot be set for Alias checks');
  if (isAlias && ttlMs > 0) throw new CheckError('TTL must be not be set for Alias checks');
  if (!runs && !isAlias && ttlMs <= 0) throw new CheckError('TTL must be > 0 for TTL checks');
  if ((fields.OutputMaxSize ?? 0) < 0) throw new CheckError('MaxOutputMaxSize must be positive');
}

function probeOf(fields: CheckFields): Probe {
  if (fields.TTL !== undefined && fields.TTL > 0) return { kind: 'ttl', ttlMs: fields.TTL };
  const schedule = {
    intervalMs: Math.max(fields.Interval ?? 0, MIN_INTERVAL_MS),
    timeoutMs: fields.Timeout || DEFAULT_TIMEOUT_MS,
  };
  const tls = { skipVerify: fields.TLSSkipVerify ?? false, serverName: fields.TLSServerName ?? '' };
  if (fields.HTTP) {
    return {
      kind: 'http',
      ...schedule,
      url: fields.HTTP,
      method: fields.Method || 'GET',
      headers: fields.Header ?? new Map(),
      body: fields.Body ?? '',
      followsRedirects: !(fields.DisableRedirects ?? false),
      tls,
    };
  }
  if (fields.TCP) return { kind: 'tcp', ...schedule, target: fields.TCP };
  if (fields.UDP) return { kind: 'udp', ...schedule, target: fields.UDP };
  if (fields.GRPC) {
    return { kind: 'grpc', ...schedule, target: fields.GRPC, usesTls: fields.GRPCUseTLS ?? false, tls };
  }
  if (isScript(fields)) {
    const timeoutMs = fields.Timeout || DEFAULT_SCRIPT_TIMEOUT_MS;
    return { kind: 'script', ...schedule, timeoutMs, args: scriptArgs(fields) };
  }
  return { kind: 'alias', node: fields.AliasNode ?? '', serviceId: fields.AliasService ?? '' };
}

function scriptArgs(fields: CheckFields): readonly string[] {
  return fields.ScriptArgs ?? fields.Args ?? [];
}
