/**
 * The definition of a check that somebody else runs and that the catalog only keeps: known fields are checked and shown
 * again in Consul's order, durations spelled its way, others are passed over (http-api B6).
 */
import { formatDuration } from '../duration.js';
import {
  type Decoded,
  type Decoder,
  durationMs,
  flag,
  mapOf,
  object,
  text,
  textList,
  unsigned,
} from '../json/decode.js';
import { JsonNumber, type JsonObject, type JsonValue } from '../json/value.js';

const FIELDS = {
  Interval: durationMs,
  OutputMaxSize: unsigned,
  Timeout: durationMs,
  DeregisterCriticalServiceAfter: durationMs,
  HTTP: text,
  TLSSkipVerify: flag,
  Header: mapOf(headerValues, 'map[string][]string'),
  Method: text,
  Body: text,
  TCP: text,
  ScriptArgs: textList,
  DockerContainerID: text,
  Shell: text,
  GRPC: text,
  GRPCUseTLS: flag,
  AliasNode: text,
  AliasService: text,
  TTL: durationMs,
};
/** No list is not an empty one when it is shown again. */
function headerValues(...[value, place]: Parameters<typeof textList>): readonly string[] | null {
  return value === null ? null : textList(value, place);
}

const fieldsOf = object('HealthCheckDefinition', FIELDS, { allowsUnknown: true });

export interface CheckRecord {
  readonly shown: JsonObject;
  /** What kind of check the fields make; empty when they make none. */
  readonly type: string;
}

export const checkRecord: Decoder<CheckRecord> = (value, place) => {
  const fields = fieldsOf(value, place);
  const shown = Object.keys(FIELDS).flatMap((name): [string, JsonValue][] => {
    // The keys of FIELDS are those of what it decodes.
    const written = shownField(name, fields[name as keyof typeof FIELDS]);
    return written === undefined ? [] : [[name, written]];
  });
  return { shown: new Map(shown), type: typeOf(fields) };
};

/** Undefined for what is left out: all that says nothing. */
function shownField(
  name: string,
  field: ReturnType<(typeof FIELDS)[keyof typeof FIELDS]> | undefined,
): JsonValue | undefined {
  if (!field) return undefined;
  if (name === 'TTL') return new JsonNumber(String(Math.round(Number(field) * 1e6)));
  if (typeof field === 'number') return formatDuration(field);
  if (typeof field === 'bigint') return new JsonNumber(String(field));
  if (field instanceof Map) return field.size === 0 ? undefined : field;
  return Array.isArray(field) && field.length === 0 ? undefined : field;
}

function typeOf(fields: Decoded<typeof FIELDS>): string {
  const isRun = (fields.Interval ?? 0) > 0;
  if (fields.GRPC && isRun) return 'grpc';
  if (fields.HTTP && isRun) return 'http';
  if ((fields.TTL ?? 0) > 0) return 'ttl';
  if (fields.TCP && isRun) return 'tcp';
  if (fields.AliasNode || fields.AliasService) return 'alias';
  const isScript = fields.ScriptArgs !== undefined && fields.ScriptArgs.length > 0;
  if (fields.DockerContainerID && isScript && isRun) return 'docker';
  return isScript ? 'script' : '';
}
