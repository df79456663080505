/** The bodies of catalog/register and catalog/deregister, and what a registration does (http-api B6). */
import { HttpError } from '../http-error.js';
import { type Decoder, flag, list, object, text, textList, textMap, unsigned } from '../json/decode.js';
import { checkRecord } from '../registration/check-record.js';
import {
  isWildcardAddress,
  metaProblem,
  proxyProblem,
  SERVICE_FIELDS,
  serviceFacts,
  weightsProblem,
} from '../registration/service.js';
import type { StateStore } from '../store.js';

/** Sent back by clients that read a row, changed it and register it again. */
const RAFT_INDEX = { CreateIndex: unsigned, ModifyIndex: unsigned };

const service = object('NodeService', { ...SERVICE_FIELDS, ...RAFT_INDEX, Service: text });

const check = object('HealthCheck', {
  ...RAFT_INDEX,
  Node: text,
  CheckID: text,
  Name: text,
  Status: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: textList,
  Type: text,
  Definition: checkRecord,
});

export const registration = object('RegisterRequest', {
  Datacenter: text,
  ID: text,
  Node: text,
  Address: text,
  TaggedAddresses: textMap,
  NodeMeta: textMap,
  Service: service,
  Check: check,
  Checks: list(notNull(check), 'structs.HealthChecks'),
  SkipNodeUpdate: flag,
  Token: text,
});

export const deregistration = object('', {
  Datacenter: text,
  Node: text,
  ServiceID: text,
  CheckID: text,
  Token: text,
});

type Registration = ReturnType<typeof registration>;
type CheckFields = ReturnType<typeof check>;

/** Writes a registration as one change: all of it or, when something in it is wrong, nothing. */
export function applyRegistration(store: StateStore, body: Registration): void {
  const node = body.Node ?? '';
  if (node === '') throw new HttpError(500, 'Must provide node');
  const address = body.Address ?? '';
  if (address === '' && body.SkipNodeUpdate !== true) {
    throw new HttpError(500, 'Must provide address if SkipNodeUpdate is not set');
  }
  checkNodeId(body.ID ?? '');
  const facts = body.Service === undefined ? undefined : validService(node, body.Service);
  const checks = [...(body.Check === undefined ? [] : [body.Check]), ...(body.Checks ?? [])];
  const hasService = (id: string): boolean =>
    facts?.id.toLowerCase() === id.toLowerCase() || store.service(node, id) !== undefined;
  for (const fields of checks) validateCheck(node, fields, hasService);
  store.change(() => {
    if (body.SkipNodeUpdate !== true || store.node(node) === undefined) {
      store.putNode({
        id: body.ID ?? '',
        name: node,
        address,
        taggedAddresses: body.TaggedAddresses ?? null,
        meta: body.NodeMeta ?? null,
      });
    }
    if (facts !== undefined) store.putService({ ...facts, nodeName: node });
    for (const fields of checks) store.putCheck(checkEntry(node, fields));
  });
}

function validService(node: string, fields: ReturnType<typeof service>): ReturnType<typeof serviceFacts> {
  const name = fields.Service ?? '';
  if (name === '') {
    throw new HttpError(
      500,
      fields.ID
        ? 'Must provide service name with ID'
        : 'failed inserting service: failed inserting service: object missing primary index',
    );
  }
  const facts = serviceFacts(name, fields);
  if (isWildcardAddress(facts.address)) throw new HttpError(500, 'Invalid service address');
  const proxy = proxyProblem(facts);
  if (proxy !== undefined) throw new HttpError(500, proxy);
  const meta = metaProblem(facts.meta);
  if (meta !== undefined) {
    throw new HttpError(
      500,
      `failed inserting service: Invalid Service Meta for node ${node} and serviceID ${facts.id}: ${meta}`,
    );
  }
  // Weights that an agent would refuse, the catalog passes over.
  return weightsProblem(facts.weights) === undefined ? facts : { ...facts, weights: { passing: 1, warning: 1 } };
}

function validateCheck(node: string, fields: CheckFields, hasService: (id: string) => boolean): void {
  if (fields.Node !== undefined && fields.Node !== '' && fields.Node.toLowerCase() !== node.toLowerCase()) {
    throw new HttpError(500, `check node "${fields.Node}" does not match node "${node}"`);
  }
  if (!fields.CheckID && !fields.Name) {
    throw new HttpError(
      500,
      `failed inserting check: failed inserting check: object missing primary index on node "${node}"`,
    );
  }
  if (fields.ServiceID && !hasService(fields.ServiceID)) {
    throw new HttpError(500, `failed inserting check: Missing service registration on node "${node}"`);
  }
}

function checkEntry(node: string, fields: CheckFields): Parameters<StateStore['putCheck']>[0] {
  return {
    nodeName: node,
    id: fields.CheckID || fields.Name || '',
    name: fields.Name ?? '',
    // Any text is stored; what is neither passing nor warning counts as critical.
    status: fields.Status || 'critical',
    notes: fields.Notes ?? '',
    output: fields.Output ?? '',
    serviceId: fields.ServiceID ?? '',
    type: fields.Type || (fields.Definition?.type ?? ''),
    definition: fields.Definition?.shown ?? new Map(),
  };
}

function checkNodeId(id: string): void {
  if (id === '') return;
  if (id.length !== 36) throw new HttpError(500, 'Bad node ID: uuid string is wrong length');
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    throw new HttpError(500, 'Bad node ID: uuid is improperly formatted');
  }
}

function notNull<T>(decode: Decoder<T>): Decoder<T> {
  return (value, place) => {
    if (value === null) throw place.dialect.wrongType(value, { shape: 'map', type: 'structs.HealthCheck' }, place);
    return decode(value, place);
  };
}
