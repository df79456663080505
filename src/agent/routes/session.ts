import { formatDuration, parseDurationMs } from '../duration.js';
import type { AgentRequest, Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { type Decoder, list, object, text, textList } from '../json/decode.js';
import { JsonNumber } from '../json/value.js';
import { checkDatacenter } from '../query-options.js';
import type { Reader } from '../read.js';
import { jsonReply, type Reply, textReply } from '../reply.js';
import type { NewSession, SessionRow, Sessions } from '../sessions.js';
import { checkUuid } from '../uuid.js';
import type { JsonView } from '../views.js';

export interface SessionParts {
  readonly sessions: Sessions;
  readonly reader: Reader;
  readonly nodeName: string;
  readonly datacenter: string;
}

const DEFAULT_LOCK_DELAY_MS = 15_000;
const MIN_TTL_MS = 10_000;
const MAX_TTL_MS = 86_400_000;
/** Numbers below this many nanoseconds come from clients of long ago that meant seconds. */
const OLD_LOCK_DELAY = 1000;

const lockDelayMs: Decoder<number> = (value, place) => {
  const count = value instanceof JsonNumber ? Number(value.literal) : Number.NaN;
  return count < OLD_LOCK_DELAY ? count * 1000 : place.dialect.durationMs(value, place);
};

const sessionBody = object(
  '',
  {
    Node: text,
    Name: text,
    LockDelay: lockDelayMs,
    Behavior: text,
    TTL: text,
    Checks: textList,
    NodeChecks: textList,
    ServiceChecks: list(object('ServiceCheck', { ID: text, Namespace: text }), '[]structs.ServiceCheck'),
  },
  { allowsUnknown: true },
);

/** /v1/session/... (http-api B8). */
export function sessionEndpoints(parts: SessionParts): readonly Endpoint[] {
  const { sessions, reader } = parts;
  return [
    { methods: ['PUT'], path: '/v1/session/create', handle: (request) => create(parts, request) },
    {
      methods: ['PUT'],
      path: '/v1/session/destroy/',
      handle: ({ argument, query }) => {
        checkDatacenter(query.get('dc'), parts.datacenter);
        sessions.destroy(named(argument));
        return jsonReply(true);
      },
    },
    {
      methods: ['PUT'],
      path: '/v1/session/renew/',
      handle: ({ argument, query }) => {
        checkDatacenter(query.get('dc'), parts.datacenter);
        const row = sessions.renew(named(argument));
        if (row === undefined) return textReply(404, `Session id '${argument}' not found`);
        return jsonReply([sessionView(row)]);
      },
    },
    {
      methods: ['GET'],
      path: '/v1/session/info/',
      handle: (request) => {
        const id = named(request.argument);
        return reader.answer(request, () => {
          checkUuid(id, 'failed session lookup');
          return {
            ...sessions.position(),
            value: () =>
              sessions
                .all()
                .filter((row) => row.id === id)
                .map(sessionView),
          };
        });
      },
    },
    {
      methods: ['GET'],
      path: '/v1/session/list',
      handle: (request) =>
        reader.answer(request, () => ({ ...sessions.position(), value: () => sessions.all().map(sessionView) })),
    },
    {
      methods: ['GET'],
      path: '/v1/session/node/',
      handle: (request) => {
        const node = request.argument.toLowerCase();
        if (node === '') throw new HttpError(400, 'Missing node name');
        return reader.answer(request, () => ({
          ...sessions.position(),
          value: () =>
            sessions
              .all()
              .filter((row) => row.node.toLowerCase() === node)
              .map(sessionView),
        }));
      },
    },
  ];
}

async function create({ sessions, nodeName, datacenter }: SessionParts, request: AgentRequest): Promise<Reply> {
  checkDatacenter(request.query.get('dc'), datacenter);
  const source = await request.body();
  const body = source.length === 0 ? {} : decodeBody(source, sessionBody);
  const behavior = body.Behavior || 'release';
  if (behavior !== 'release' && behavior !== 'delete') {
    throw new HttpError(500, `Invalid Behavior setting '${behavior}'`);
  }
  const session: NewSession = {
    name: body.Name ?? '',
    node: body.Node || nodeName,
    lockDelayMs: lockDelayMsOf(body.LockDelay ?? DEFAULT_LOCK_DELAY_MS),
    behavior,
    ttl: body.TTL ?? '',
    ttlMs: ttlMsOf(body.TTL ?? ''),
    nodeChecks: body.NodeChecks ?? body.Checks ?? ['serfHealth'],
    serviceChecks: body.ServiceChecks?.map(({ ID = '' }) => ID) ?? null,
  };
  return jsonReply({ ID: sessions.create(session) });
}

/** A number below a thousand was meant as seconds, not as nanoseconds (Consul API docs, "Create Session"). */
function lockDelayMsOf(givenMs: number): number {
  const ns = givenMs * 1e6;
  return Math.max(0, ns < 1000 ? ns * 1000 : givenMs);
}

function ttlMsOf(ttl: string): number {
  if (ttl === '') return 0;
  const ms = parsedTtl(ttl);
  if (ms !== 0 && (ms < MIN_TTL_MS || ms > MAX_TTL_MS)) {
    const range = `[${formatDuration(MIN_TTL_MS)}=${formatDuration(MAX_TTL_MS)}]`;
    throw new HttpError(500, `Invalid Session TTL '${Math.round(ms * 1e6)}', must be between ${range}`);
  }
  return ms;
}

function parsedTtl(ttl: string): number {
  try {
    return parseDurationMs(ttl);
  } catch (error) {
    throw new HttpError(500, `Session TTL '${ttl}' invalid: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function named(argument: string): string {
  if (argument === '') throw new HttpError(400, 'Missing session');
  return argument;
}

function sessionView(row: SessionRow): JsonView {
  return {
    ID: row.id,
    Name: row.name,
    Node: row.node,
    LockDelay: Math.round(row.lockDelayMs * 1e6),
    Behavior: row.behavior,
    TTL: row.ttl,
    NodeChecks: row.nodeChecks,
    ServiceChecks: row.serviceChecks?.map((id) => ({ ID: id, Namespace: '' })) ?? null,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}
