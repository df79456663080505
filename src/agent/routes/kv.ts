import type { AgentRequest, Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import { type KvPair, pairView } from '../kv/pair.js';
import type { KvOperation, KvStore, KvVerb } from '../kv/store.js';
import { checkDatacenter, parseQueryOptions, parseUint64 } from '../query-options.js';
import type { Reader } from '../read.js';
import { jsonReply, type Reply } from '../reply.js';

export interface KvParts {
  readonly kv: KvStore;
  readonly reader: Reader;
  readonly datacenter: string;
}

const MAX_VALUE_BYTES = 524_288;

/** /v1/kv/... (http-api B7). */
export function kvEndpoints(parts: KvParts): readonly Endpoint[] {
  return [
    {
      methods: ['GET', 'PUT', 'DELETE'],
      path: '/v1/kv/',
      handle: (request) => {
        // Reads or not, wrong options are the first thing that Consul tells.
        parseQueryOptions(request.query, request.header('cache-control'));
        if (request.method === 'PUT') return put(parts, request);
        return request.method === 'DELETE' ? remove(parts, request) : read(parts, request);
      },
    },
  ];
}

function read({ kv, reader }: KvParts, request: AgentRequest): Promise<Reply> {
  const { argument, query } = request;
  const wantsKeys = query.has('keys');
  if (wantsKeys || query.has('recurse')) {
    return reader.answer(
      request,
      () => ({
        ...kv.prefixPosition(argument),
        value: () => {
          const pairs = kv.list(argument);
          // An empty store still has a list of keys; nothing below a prefix is "not found".
          if (pairs.length === 0 && !(wantsKeys && argument === '')) return undefined;
          return wantsKeys
            ? keysOf(pairs, argument, query.get('separator') ?? '')
            : pairs.map((pair) => pairView(pair));
        },
      }),
      { reply: foundOr404 },
    );
  }
  if (argument === '') throw new HttpError(400, 'Missing key name');
  const isRaw = query.has('raw');
  return reader.answer(
    request,
    () => ({
      ...kv.position(argument),
      value: () => {
        const pair = kv.get(argument);
        return pair === undefined ? undefined : [pairView(pair)];
      },
    }),
    { reply: isRaw ? (_, headers) => rawReply(kv.get(argument), headers) : foundOr404 },
  );
}

const foundOr404: (value: Parameters<typeof jsonReply>[0], headers: Reply['headers']) => Reply = (value, headers) =>
  value === undefined ? { status: 404, headers, body: '' } : jsonReply(value, headers);

function rawReply(pair: KvPair | undefined, headers: Reply['headers']): Reply {
  if (pair === undefined) return { status: 404, headers, body: '' };
  const safe = { 'Content-Security-Policy': 'sandbox', 'X-Content-Type-Options': 'nosniff' };
  return { status: 200, headers: { ...headers, ...safe, 'Content-Type': 'text/plain' }, body: pair.value };
}

/** The keys, each cut behind the first separator that follows the prefix, without repetition. */
function keysOf(pairs: readonly KvPair[], prefix: string, separator: string): readonly string[] {
  if (separator === '') return pairs.map(({ key }) => key);
  return [
    ...new Set(
      pairs.map(({ key }) => {
        const cut = key.indexOf(separator, prefix.length);
        return cut < 0 ? key : key.slice(0, cut + separator.length);
      }),
    ),
  ];
}

async function put({ kv, datacenter }: KvParts, request: AgentRequest): Promise<Reply> {
  const { argument, query } = request;
  if (argument === '') throw new HttpError(400, 'Missing key name');
  const condition = onlyOne(query, ['acquire', 'cas', 'release']);
  const verbs: Readonly<Record<string, KvVerb>> = { acquire: 'lock', cas: 'cas', release: 'unlock' };
  const flags = query.has('flags') ? uint64(query.get('flags') ?? '') : 0n;
  const index = condition === 'cas' ? Number(uint64(query.get('cas') ?? '')) : 0;
  const value = await request.body();
  if (value.length > MAX_VALUE_BYTES) {
    throw new HttpError(
      413,
      `Request body(${value.length} bytes) too large, max size: ${MAX_VALUE_BYTES} bytes. ` +
        'See https://www.consul.io/docs/agent/options.html#kv_max_value_size.',
    );
  }
  checkDatacenter(query.get('dc'), datacenter);
  const session = query.get('acquire') ?? query.get('release') ?? '';
  return answer(kv, { verb: verbs[condition ?? ''] ?? 'set', key: argument, value, flags, index, session });
}

function remove({ kv, datacenter }: KvParts, { argument, query }: AgentRequest): Reply {
  const isTree = query.has('recurse');
  if (argument === '' && !isTree) throw new HttpError(400, 'Missing key name');
  const condition = onlyOne(query, ['cas', 'recurse']);
  const index = condition === 'cas' ? Number(uint64(query.get('cas') ?? '')) : 0;
  checkDatacenter(query.get('dc'), datacenter);
  const verb = isTree ? 'delete-tree' : condition === 'cas' ? 'delete-cas' : 'delete';
  return answer(kv, { verb, key: argument, value: new Uint8Array(), flags: 0n, index, session: '' });
}

function answer(kv: KvStore, operation: KvOperation): Reply {
  const outcome = kv.apply(operation);
  if (outcome.kind === 'failed') throw new HttpError(500, outcome.what);
  return jsonReply(outcome.kind === 'done');
}

/** Which of some parameters is given; two at once contradict each other. */
function onlyOne(query: URLSearchParams, names: readonly string[]): string | undefined {
  const given = names.filter((name) => query.has(name));
  if (given.length < 2) return given[0];
  const shown = new URLSearchParams([...query].sort(([a], [b]) => (a < b ? -1 : 1)));
  throw new HttpError(400, `Conflicting flags: ${shown}`);
}

function uint64(text: string): bigint {
  const value = parseUint64(text);
  if (value !== undefined) return value;
  const problem = /^[0-9]+$/.test(text) ? 'value out of range' : 'invalid syntax';
  throw new HttpError(500, `strconv.ParseUint: parsing ${JSON.stringify(text)}: ${problem}`);
}
