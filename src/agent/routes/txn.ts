import type { AgentRequest, Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { type Decoder, list, object, text, unsigned } from '../json/decode.js';
import type { Writable } from '../json/write.js';
import { pairView } from '../kv/pair.js';
import { KV_VERBS, type KvOperation, type KvOutcome, type KvStore, type UnknownOperation } from '../kv/store.js';
import { checkDatacenter, parseQueryOptions } from '../query-options.js';
import { jsonReply, type Reply } from '../reply.js';

export interface TxnParts {
  readonly kv: KvStore;
  readonly datacenter: string;
}

const MAX_OPERATIONS = 64;
/** The verbs whose pairs are shown with their value; who writes one knows it. */
const READ_VERBS: ReadonlySet<string> = new Set(['get', 'get-tree']);
const WRITE_VERBS: ReadonlySet<string> = new Set([
  'set',
  'cas',
  'lock',
  'unlock',
  'delete',
  'delete-cas',
  'delete-tree',
]);

const base64: Decoder<Uint8Array> = (value, place) => {
  const encoded = text(value, place);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) {
    const offset = /[^A-Za-z0-9+/]/.exec(encoded)?.index ?? encoded.length;
    throw new HttpError(400, `Failed to parse body: illegal base64 data at input byte ${offset}`);
  }
  return Buffer.from(encoded, 'base64');
};

const operation = object('KVTxnOp', {
  Verb: text,
  Key: text,
  Value: base64,
  Flags: unsigned,
  Index: unsigned,
  Session: text,
});
const operations = list(object('TxnOp', { KV: operation }), 'api.TxnOps');

/** /v1/txn for keys and values (http-api B8); operations on the catalog are not taken. */
export function txnEndpoints(parts: TxnParts): readonly Endpoint[] {
  return [{ methods: ['PUT'], path: '/v1/txn', handle: (request) => transact(parts, request) }];
}

async function transact({ kv, datacenter }: TxnParts, request: AgentRequest): Promise<Reply> {
  parseQueryOptions(request.query, undefined);
  const refuse = (reason: string): HttpError => new HttpError(400, `Failed to parse body: ${reason}`);
  const body = decodeBody(await request.body(), operations, refuse);
  if (body.length > MAX_OPERATIONS) {
    const count = `${body.length} > ${MAX_OPERATIONS}`;
    throw new HttpError(413, `Transaction contains too many operations (${count})`);
  }
  checkDatacenter(request.query.get('dc'), datacenter);
  // Operations on nothing do not count, neither here nor in the positions of errors.
  const asked = body.flatMap(({ KV }) => (KV === undefined ? [] : [operationOf(KV)]));
  // Consul takes transactions that write nothing another way, and shows it.
  const isReadOnly = !asked.some((one) => 'verb' in one && WRITE_VERBS.has(one.verb));
  const facts = isReadOnly ? { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: '' } : {};
  const headers: Reply['headers'] = isReadOnly ? { 'X-Consul-Knownleader': 'true', 'X-Consul-Lastcontact': '0' } : {};
  const outcomes = kv.transact(asked);
  const errors = outcomes.flatMap((outcome, index) =>
    outcome.kind === 'done' ? [] : [{ OpIndex: index, What: outcome.what }],
  );
  if (errors.length > 0) return jsonReply({ Results: null, Errors: errors, ...facts }, headers, 409);
  const results = outcomes.flatMap((outcome, index) => resultsOf(outcome, asked[index]));
  return jsonReply({ Results: results, Errors: null, ...facts }, headers);
}

function operationOf(fields: ReturnType<typeof operation>): KvOperation | UnknownOperation {
  const verb = KV_VERBS.find((known) => known === fields.Verb);
  if (verb === undefined) return { unknownVerb: fields.Verb ?? '' };
  return {
    verb,
    key: fields.Key ?? '',
    value: fields.Value ?? new Uint8Array(),
    flags: fields.Flags ?? 0n,
    index: Number(fields.Index ?? 0n),
    session: fields.Session ?? '',
  };
}

function resultsOf(outcome: KvOutcome, asked: KvOperation | UnknownOperation | undefined): readonly Writable[] {
  if (outcome.kind !== 'done') return [];
  const withValue = asked !== undefined && 'verb' in asked && READ_VERBS.has(asked.verb);
  return outcome.pairs.map((pair) => ({ KV: pairView(pair, { withValue }) }));
}
