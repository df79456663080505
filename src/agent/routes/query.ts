import type { AgentRequest, Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { type PreparedQuery, queryBody, queryOfBody, queryView } from '../query/definition.js';
import { executeQuery } from '../query/execute.js';
import type { QueryStore } from '../query/store.js';
import { checkDatacenter, parseGoBoolean } from '../query-options.js';
import type { Reader } from '../read.js';
import { jsonReply, NOTHING, type Reply, textReply } from '../reply.js';
import type { StateStore } from '../store.js';
import type { JsonView } from '../views.js';

export interface QueryParts {
  readonly queries: QueryStore;
  readonly store: StateStore;
  readonly reader: Reader;
  readonly datacenter: string;
}

/** Facts that Consul's servers add to what they send each other, and show. */
const SERVER_FACTS: JsonView = { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: 'leader' };

/** /v1/query... (http-api B8). */
export function queryEndpoints(parts: QueryParts): readonly Endpoint[] {
  const { queries, reader } = parts;
  return [
    {
      methods: ['GET', 'POST'],
      path: '/v1/query',
      handle: (request) => {
        if (request.method === 'POST') return create(parts, request);
        const look = (): ReturnType<typeof list> => list(queries);
        return reader.answer(request, look, { showsConsistency: true });
      },
    },
    {
      methods: ['GET', 'PUT', 'DELETE'],
      path: '/v1/query/',
      handle: (request) => {
        const { argument } = request;
        if (argument.endsWith('/execute')) return onlyGet(request, () => execute(parts, request));
        if (argument.endsWith('/explain')) return onlyGet(request, () => explain(parts, request));
        if (request.method === 'GET') return read(parts, request);
        return request.method === 'PUT' ? update(parts, request) : remove(parts, request);
      },
    },
  ];
}

function list(queries: QueryStore): ReturnType<QueryStore['position']> & { readonly value: () => readonly JsonView[] } {
  return { ...queries.position(), value: () => queries.all().map(queryView) };
}

async function create({ queries, datacenter }: QueryParts, request: AgentRequest): Promise<Reply> {
  const body = decodeBody(await request.body(), queryBody);
  checkDatacenter(request.query.get('dc'), datacenter);
  return jsonReply({ ID: queries.create(queryOfBody(body, body.ID ?? '')) });
}

function read({ queries, reader }: QueryParts, request: AgentRequest): Promise<Reply> {
  const { argument } = request;
  return reader.answer(
    request,
    () => {
      const query = queries.get(argument);
      return { ...queries.position(), value: () => (query === undefined ? undefined : [queryView(query)]) };
    },
    {
      showsConsistency: true,
      reply: (value, headers) => (value === undefined ? textReply(404, 'Query not found') : jsonReply(value, headers)),
    },
  );
}

async function update({ queries, datacenter }: QueryParts, request: AgentRequest): Promise<Reply> {
  const source = await request.body();
  const body = source.length === 0 ? {} : decodeBody(source, queryBody);
  checkDatacenter(request.query.get('dc'), datacenter);
  queries.update(queryOfBody(body, request.argument));
  return NOTHING;
}

function remove({ queries, datacenter }: QueryParts, { argument, query }: AgentRequest): Reply {
  checkDatacenter(query.get('dc'), datacenter);
  queries.delete(argument);
  return NOTHING;
}

function execute(parts: QueryParts, request: AgentRequest): Promise<Reply> {
  const limit = limitOf(request.query.get('limit'));
  const wantsConnect = connectOf(request.query.get('connect'));
  return answerOnce(parts, request, (query) => {
    const near = request.query.get('near') ?? query.service.near;
    const connect = query.service.connect || wantsConnect;
    const service = { ...query.service, near, connect };
    const { store, datacenter } = parts;
    return {
      Service: service.service,
      Nodes: executeQuery(store, service, { datacenter, limit, random: Math.random }),
      DNS: { TTL: query.ttl },
      Datacenter: datacenter,
      // There is no other datacenter to fail over to.
      Failovers: 0,
      ...SERVER_FACTS,
    };
  });
}

function explain(parts: QueryParts, request: AgentRequest): Promise<Reply> {
  limitOf(request.query.get('limit'));
  return answerOnce(parts, request, (query) => ({ Query: queryView(query), ...SERVER_FACTS }));
}

/** These two never block, and say so with an index that never moves. */
function answerOnce(
  { queries, reader }: QueryParts,
  request: AgentRequest,
  show: (query: PreparedQuery) => JsonView,
): Promise<Reply> {
  const name = request.argument.slice(0, request.argument.lastIndexOf('/'));
  const look = (): { index: number; wakeOn: readonly string[]; value: () => JsonView | undefined } => ({
    index: 1,
    wakeOn: [],
    value: () => {
      const query = queries.resolve(name);
      return query === undefined ? undefined : show(query);
    },
  });
  return reader.answer(request, look, {
    showsConsistency: true,
    isCacheable: true,
    neverBlocks: true,
    reply: (value, headers) => (value === undefined ? textReply(404, 'Query not found') : jsonReply(value, headers)),
  });
}

function onlyGet(request: AgentRequest, handle: () => Promise<Reply>): Reply | Promise<Reply> {
  if (request.method === 'GET') return handle();
  return textReply(405, `method ${request.method} not allowed`, { Allow: 'GET' });
}

function limitOf(text: string | null): number {
  if (text === null || text === '') return 0;
  if (/^[-+]?[0-9]+$/.test(text)) return Number(text);
  throw new HttpError(500, `Bad limit: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function connectOf(text: string | null): boolean {
  if (text === null || text === '') return false;
  const isWanted = parseGoBoolean(text);
  if (isWanted !== undefined) return isWanted;
  const problem = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new HttpError(500, `Error parsing 'connect' value: ${problem}`);
}
