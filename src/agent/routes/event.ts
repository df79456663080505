import type { AlarmClock } from '../../clock.js';
import type { AgentRequest, Endpoint } from '../endpoint.js';
import { EVENTS, type Events, eventIndex, type FiredEvent } from '../events.js';
import { compileRegexp, RegexpError } from '../filter/regexp.js';
import { HttpError } from '../http-error.js';
import type { Ledger } from '../ledger.js';
import type { LocalState } from '../local-state.js';
import { checkDatacenter, parseQueryOptions, parseUint64 } from '../query-options.js';
import { jsonReply, type Reply } from '../reply.js';
import type { JsonView } from '../views.js';
import { waitPast } from '../wait.js';

export interface EventParts {
  readonly events: Events;
  readonly ledger: Ledger;
  readonly state: LocalState;
  readonly nodeName: string;
  readonly datacenter: string;
  readonly clock: AlarmClock;
}

/** /v1/event/... (http-api B8). */
export function eventEndpoints(parts: EventParts): readonly Endpoint[] {
  return [
    { methods: ['PUT'], path: '/v1/event/fire/', handle: (request) => fire(parts, request) },
    { methods: ['GET'], path: '/v1/event/list', handle: (request) => list(parts, request) },
  ];
}

async function fire({ events, state, nodeName, datacenter }: EventParts, request: AgentRequest): Promise<Reply> {
  const { argument: name, query } = request;
  checkDatacenter(query.get('dc'), datacenter);
  if (name === '') throw new HttpError(400, 'Missing name');
  const [node, service, tag] = ['node', 'service', 'tag'].map((key) => query.get(key) ?? '');
  if (tag && !service) throw new HttpError(500, 'Cannot provide tag filter without service filter');
  const forNode = filterOf(node ?? '', 'node');
  const forService = filterOf(service ?? '', 'service');
  const forTag = filterOf(tag ?? '', 'tag');
  const services = [...state.services.values()].map(({ facts }) => facts);
  const isForUs =
    forNode(nodeName) &&
    (!service || services.some((facts) => forService(facts.service) && (!tag || facts.tags.some(forTag))));
  const event = events.fire(
    {
      name,
      payload: await request.body(),
      nodeFilter: node ?? '',
      serviceFilter: service ?? '',
      tagFilter: tag ?? '',
    },
    isForUs,
  );
  // The time is set when the event comes back from the cluster.
  return jsonReply({ ...eventView(event), LTime: 0 });
}

/** Unlike other reads, this one waits while the newest event is still the one that the index was made of. */
async function list({ events, ledger, clock, datacenter }: EventParts, request: AgentRequest): Promise<Reply> {
  const { query, asker } = request;
  checkDatacenter(query.get('dc'), datacenter);
  const name = query.get('name') ?? '';
  const { waitMs } = parseQueryOptions(query, undefined);
  const known = parseUint64(query.get('index') ?? '') ?? 0n;
  const look = (): { index: number; wakeOn: readonly string[]; value: () => readonly FiredEvent[] } => ({
    index: known === 0n || indexOf(events.list(name)) !== known ? 1 : 0,
    wakeOn: [EVENTS],
    value: () => events.list(name),
  });
  const found = (await waitPast(look, 0, { waits: ledger.waits, waitMs, asker, clock })).value();
  return jsonReply(found.map(eventView), { 'X-Consul-Index': String(indexOf(found)) });
}

function indexOf(events: readonly FiredEvent[]): bigint {
  const newest = events.at(-1);
  return newest === undefined ? 1n : eventIndex(newest.id);
}

function filterOf(source: string, kind: string): (text: string) => boolean {
  try {
    const pattern = compileRegexp(source);
    return (text) => pattern.test(text);
  } catch (error) {
    throw error instanceof RegexpError ? new HttpError(500, `Invalid ${kind} filter: ${error.message}`) : error;
  }
}

function eventView(event: FiredEvent): JsonView {
  return {
    ID: event.id,
    Name: event.name,
    Payload: event.payload.length === 0 ? null : Buffer.from(event.payload).toString('base64'),
    NodeFilter: event.nodeFilter,
    ServiceFilter: event.serviceFilter,
    TagFilter: event.tagFilter,
    Version: 1,
    LTime: event.time,
  };
}
