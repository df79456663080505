/** Prepared queries as they are sent and shown (http-api B8). */
import { DurationError, parseDurationMs } from '../duration.js';
import { HttpError } from '../http-error.js';
import { flag, integer, object, text, textList, textMap, unsigned } from '../json/decode.js';
import { metaProblem } from '../registration/service.js';
import type { TextMap } from '../rows.js';
import type { JsonView } from '../views.js';

export interface QueryTemplate {
  /** `name_prefix_match`; empty for a query that is no template. */
  readonly type: string;
  readonly regexp: string;
  readonly removeEmptyTags: boolean;
}

export interface QueryService {
  readonly service: string;
  readonly nearestN: number;
  /** Null when none was given, as Consul shows it; the other lists likewise. */
  readonly datacenters: readonly string[] | null;
  readonly onlyPassing: boolean;
  readonly ignoreCheckIds: readonly string[] | null;
  readonly near: string;
  readonly tags: readonly string[] | null;
  readonly nodeMeta: TextMap | null;
  readonly serviceMeta: TextMap | null;
  readonly connect: boolean;
}

export interface PreparedQuery {
  readonly id: string;
  readonly name: string;
  readonly session: string;
  readonly token: string;
  readonly template: QueryTemplate;
  readonly service: QueryService;
  /** As it was given. */
  readonly ttl: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export type NewQuery = Omit<PreparedQuery, 'createIndex' | 'modifyIndex'>;

export const queryBody = object('PreparedQuery', {
  ID: text,
  Name: text,
  Session: text,
  Token: text,
  Template: object('QueryTemplateOptions', { Type: text, Regexp: text, RemoveEmptyTags: flag }),
  Service: object('ServiceQuery', {
    Service: text,
    Failover: object('QueryDatacenterOptions', { NearestN: integer, Datacenters: textList }),
    OnlyPassing: flag,
    IgnoreCheckIDs: textList,
    Near: text,
    Tags: textList,
    NodeMeta: textMap,
    ServiceMeta: textMap,
    Connect: flag,
  }),
  DNS: object('QueryDNSOptions', { TTL: text }),
  // Sent back by clients that read a query, changed it and put it again.
  CreateIndex: unsigned,
  ModifyIndex: unsigned,
});

export function queryOfBody(body: ReturnType<typeof queryBody>, id: string): NewQuery {
  const { Template: template = {}, Service: service = {} } = body;
  return {
    id,
    name: body.Name ?? '',
    session: body.Session ?? '',
    token: body.Token ?? '',
    template: {
      type: template.Type ?? '',
      regexp: template.Regexp ?? '',
      removeEmptyTags: template.RemoveEmptyTags ?? false,
    },
    service: {
      service: service.Service ?? '',
      nearestN: service.Failover?.NearestN ?? 0,
      datacenters: service.Failover?.Datacenters ?? null,
      onlyPassing: service.OnlyPassing ?? false,
      ignoreCheckIds: service.IgnoreCheckIDs ?? null,
      near: service.Near ?? '',
      tags: service.Tags ?? null,
      nodeMeta: service.NodeMeta ?? null,
      serviceMeta: service.ServiceMeta ?? null,
      connect: service.Connect ?? false,
    },
    ttl: body.DNS?.TTL ?? '',
  };
}

/** Throws the 500 that Consul answers to a query that makes no sense. */
export function validateQuery({ name, session, template, service, ttl }: NewQuery): void {
  const invalid = (problem: string): HttpError => new HttpError(500, `Invalid prepared query: ${problem}`);
  if (name === '' && session === '' && template.type === '') throw invalid('Must be bound to a session');
  if (service.service === '') throw invalid('Must provide a Service name to query');
  if (service.nearestN < 0) throw invalid(`Bad NearestN '${service.nearestN}', must be >= 0`);
  for (const meta of [service.nodeMeta, service.serviceMeta]) {
    const problem = metaProblem(meta);
    if (problem !== undefined) throw invalid(problem);
  }
  if (ttl === '') return;
  try {
    const ms = parseDurationMs(ttl);
    if (ms < 0) throw invalid(`DNS TTL '${Math.round(ms * 1e6)}', must be >=0`);
  } catch (error) {
    throw error instanceof DurationError ? invalid(`Bad DNS TTL '${ttl}': ${error.message}`) : error;
  }
}

export function queryView(query: PreparedQuery): JsonView {
  const { template, service } = query;
  return {
    ID: query.id,
    Name: query.name,
    Session: query.session,
    // Tokens are not shown to those who may not see them; there is nobody who may.
    Token: query.token === '' ? '' : '<hidden>',
    Template: { Type: template.type, Regexp: template.regexp, RemoveEmptyTags: template.removeEmptyTags },
    Service: {
      Service: service.service,
      Failover: { NearestN: service.nearestN, Datacenters: service.datacenters },
      OnlyPassing: service.onlyPassing,
      IgnoreCheckIDs: service.ignoreCheckIds,
      Near: service.near,
      Tags: service.tags,
      NodeMeta: service.nodeMeta,
      ServiceMeta: service.serviceMeta,
      Connect: service.connect,
    },
    DNS: { TTL: query.ttl },
    CreateIndex: query.createIndex,
    ModifyIndex: query.modifyIndex,
  };
}
