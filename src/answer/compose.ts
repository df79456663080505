/** From rows to records: what an answer says, before anybody asks how large it may be. */
import type { Instance, Node, QueryResult } from '../catalog/model.js';
import type { Rows } from '../catalog/source.js';
import type { Lookup, NodeLookup, PreparedQueryLookup, ServiceLookup, VirtualLookup } from '../query/lookup.js';
import { spellingOf } from '../query/parse-name.js';
import type { Zone } from '../query/zones.js';
import { RecordType } from '../wire/constants.js';
import type { Question } from '../wire/message.js';
import { labels } from '../wire/name.js';
import { addressAnswer, singleAddress } from './address.js';
import { nsAnswer, type Servers, zoneAnswer } from './apex.js';
import { parseIpText } from './chosen-address.js';
import { nodeAnswer } from './node.js';
import { type Outcome, records } from './outcome.js';
import { type Place, placeOf } from './place.js';
import type { AnswerPolicy } from './policy.js';
import { reverseAnswer } from './reverse.js';
import { answerLimit, healthyOnes, limitOf, shuffled, taggedOnes } from './select.js';
import { hasPort, srvAnswer } from './srv.js';
import { serviceTtlSeconds } from './ttl.js';
import { metaRecords } from './txt.js';

export interface AnswerInput {
  readonly question: Question;
  readonly lookup: Lookup;
  readonly zone: Zone;
  /** Undefined for `address` lookups, and for the apex while the catalog cannot be asked: it has records even then. */
  readonly rows: Rows | undefined;
}

export interface AnswerContext {
  /** 0 <= x < 1 */
  readonly random: () => number;
  /** Unix time. */
  readonly nowSeconds: number;
  /** Whether the reply goes by UDP and may have 512 bytes at most. */
  readonly isSmallUdp: boolean;
}

/** What composing one answer needs to know beside its lookup. */
interface Task {
  readonly question: Question;
  readonly zone: Zone;
  readonly policy: AnswerPolicy;
  readonly context: AnswerContext;
}

/**
 * The outcome of a lookup. Rows may hold any text and any number: what has no wire form is left to the encoder to find.
 * That a name does not exist is never said on the word of stale rows, for resolvers would remember it.
 */
export function composeAnswer(input: AnswerInput, policy: AnswerPolicy, context: AnswerContext): Outcome {
  const outcome = compose(input, { ...input, policy, context });
  if (outcome.kind !== 'no-such-name' || !input.rows?.isStale) return outcome;
  const cause = new Error(`Cannot deny that "${input.question.name}" exists: the catalog's rows are stale`);
  return { kind: 'failed', reason: 'unreachable', cause };
}

function compose({ lookup, rows }: AnswerInput, task: Task): Outcome {
  const { question, zone, policy, context } = task;
  const owner = { name: question.name, ttlSeconds: policy.nodeTtlSeconds };
  if (rows?.kind === 'unknown-datacenter' && lookup.kind !== 'apex') return { kind: 'no-such-name' };
  switch (lookup.kind) {
    case 'service':
      return serviceAnswer(lookup, rowsOf(rows, 'instances'), task);
    case 'prepared-query':
      return queryAnswer(lookup, rowsOf(rows, 'prepared-query').result, task);
    case 'node':
      return nodeOutcome(lookup, rowsOf(rows, 'node'), task);
    case 'address':
      return singleAddress(owner, lookup, question.type);
    case 'virtual':
      return virtualAnswer(lookup, rowsOf(rows, 'instances').instances, task);
    case 'reverse': {
      const { owners } = rowsOf(rows, 'owners');
      const domain = zone.kind === 'reverse' ? zone.domain : zone.name;
      return reverseAnswer(owners, { owner, type: question.type, domain, policy });
    }
    case 'apex':
      if (lookup.part === 'ns') return nsAnswer(owner, question.type, policy);
      return zoneAnswer(question.type, serversFrom(rows, policy), { zone, policy, ...context });
    case 'non-terminal': {
      const { datacenters } = rowsOf(rows, 'datacenters');
      const isKnown = datacenters.some((datacenter) => datacenter.toLowerCase() === lookup.datacenter);
      return { kind: isKnown ? 'no-data' : 'no-such-name' };
    }
  }
}

function serviceAnswer(
  lookup: ServiceLookup,
  rows: { readonly instances: readonly Instance[]; readonly datacenter: string },
  task: Task,
): Outcome {
  const { question, zone, policy, context } = task;
  const { service, tag, portName, locality } = lookup;
  const found = healthyOnes(taggedOnes(rows.instances, tag), policy);
  const lacksPort = portName !== undefined && !found.every((instance) => hasPort(instance, portName));
  if (found.length === 0 || (question.type === RecordType.SRV && lacksPort)) {
    return nothingCalled(service, { mayBeProtocol: lookup.view === 'service' && tag === undefined, question });
  }
  const place = placeOf(zone.name, { datacenter: rows.datacenter, peer: locality.peer }, policy);
  const ttlSeconds = serviceTtlSeconds(service, policy);
  return instancesAnswer(shuffled(found, context.random), { place, ttlSeconds, portName, task });
}

/**
 * The result as the server made it: in its order, and without the instances that the query's own health rules exclude.
 * To filter here once more would undo the query's `IgnoreCheckIDs` (dns-behaviour 5.4).
 */
function queryAnswer(lookup: PreparedQueryLookup, result: QueryResult | undefined, task: Task): Outcome {
  const { question, zone, policy } = task;
  if (result === undefined || result.instances.length === 0) {
    return nothingCalled(lookup.query, { mayBeProtocol: true, question });
  }
  const place = placeOf(zone.name, { datacenter: result.datacenter, peer: undefined }, policy);
  const ttlSeconds = result.ttlSeconds ?? serviceTtlSeconds(result.service, policy);
  return instancesAnswer(result.instances, { place, ttlSeconds, portName: undefined, task });
}

interface InstancesOptions {
  readonly place: Place;
  readonly ttlSeconds: number;
  readonly portName: string | undefined;
  readonly task: Task;
}

function instancesAnswer(instances: readonly Instance[], options: InstancesOptions): Outcome {
  const { place, ttlSeconds, portName } = options;
  const { question, policy, context } = options.task;
  const owner = { name: question.name, ttlSeconds };
  const limit = answerLimit(policy, context);
  if (question.type === RecordType.SRV) {
    const withNodeMeta = policy.additionalNodeMetaTxt;
    return srvAnswer(instances, { owner, place, portName, limit, withNodeMeta }) ?? { kind: 'no-data' };
  }
  if (question.type === RecordType.TXT && policy.serviceMetaTxt) {
    const metas = instances.map(({ meta }) => meta);
    const answer = metaRecords(owner, metas).slice(0, limit);
    if (answer.length > 0) return records({ answer });
  }
  const asked = { type: question.type, name: question.name, place };
  const addresses = Math.min(limit, limitOf(policy.aRecordLimit));
  return addressAnswer(instances, asked, { owner, limit: addresses }) ?? { kind: 'no-data' };
}

/**
 * No such name; but `_tcp.service.DOMAIN` is on the way down to RFC 2782 names and exists, be there a service called
 * `_tcp` or not.
 */
function nothingCalled(
  name: string,
  { mayBeProtocol, question }: { readonly mayBeProtocol: boolean; readonly question: Question },
): Outcome {
  const isProtocol = mayBeProtocol && name.startsWith('_') && spellingOf(labels(question.name)[0] ?? '') === name;
  return { kind: isProtocol ? 'no-data' : 'no-such-name' };
}

function nodeOutcome(
  { locality }: NodeLookup,
  { node, datacenter }: { readonly node: Node | undefined; readonly datacenter: string },
  { question, zone, policy, context }: Task,
): Outcome {
  if (node === undefined) return { kind: 'no-such-name' };
  const place = placeOf(zone.name, { datacenter, peer: locality.peer }, policy);
  const owner = { name: question.name, ttlSeconds: policy.nodeTtlSeconds };
  const asked = { type: question.type, name: question.name, place };
  const limit = answerLimit(policy, context);
  return nodeAnswer(node, asked, { owner, withMeta: policy.additionalNodeMetaTxt, limit }) ?? { kind: 'no-data' };
}

/** The address is the service's: every instance in the mesh carries the same. A single port's is told nowhere. */
function virtualAnswer({ portName }: VirtualLookup, instances: readonly Instance[], task: Task): Outcome {
  if (instances.length === 0) return { kind: 'no-such-name' };
  const ips = instances.map(({ taggedAddresses }) => parseIpText(taggedAddresses['consul-virtual']?.address ?? ''));
  const ip = portName === undefined ? ips.find((found) => found !== undefined) : undefined;
  const owner = { name: task.question.name, ttlSeconds: task.policy.nodeTtlSeconds };
  return ip === undefined ? records({}) : singleAddress(owner, ip, task.question.type);
}

function serversFrom(rows: Rows | undefined, { datacenter }: AnswerPolicy): Servers {
  return rows?.kind === 'instances' ? rows : { instances: [], datacenter };
}

/** The rows, which are of the one kind that the lookup leads to; anything else is a mistake in the program. */
function rowsOf<K extends Rows['kind']>(rows: Rows | undefined, kind: K): Extract<Rows, { readonly kind: K }> {
  if (rows?.kind !== kind) throw new TypeError(`Cannot compose an answer: wanted ${kind} rows, got ${rows?.kind}`);
  // The kind was just compared; TypeScript does not narrow by a type parameter.
  return rows as Extract<Rows, { readonly kind: K }>;
}
