import type { Endpoint } from '../endpoint.js';
import { CATALOG_ROW, NODE_ROW, SERVICE_ROW } from '../filter/schema.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { checkDatacenter } from '../query-options.js';
import type { Reader } from '../read.js';
import { jsonReply } from '../reply.js';
import type { ServiceRow } from '../rows.js';
import { hasNodeMeta, hasTags } from '../selection.js';
import { NODES, type Position, SERVICES, type StateStore } from '../store.js';
import { catalogServiceView, type JsonView, nodeView, serviceView } from '../views.js';
import { applyRegistration, deregistration, registration } from './catalog-writes.js';

export interface CatalogParts {
  readonly store: StateStore;
  readonly reader: Reader;
  readonly datacenter: string;
}

/** /v1/catalog/... (http-api B6). */
export function catalogEndpoints(parts: CatalogParts): readonly Endpoint[] {
  const { store } = parts;
  return [
    register(parts),
    deregister(parts),
    { methods: ['GET'], path: '/v1/catalog/datacenters', handle: () => jsonReply([parts.datacenter]) },
    nodes(parts),
    services(parts),
    instances(parts, '/v1/catalog/service/', {
      positionOf: (name) => store.servicePosition(name),
      rowsOf: (name) => store.instances(name),
    }),
    instances(parts, '/v1/catalog/connect/', {
      positionOf: (name) => store.connectPosition(name),
      rowsOf: (name) => store.connectInstances(name),
    }),
    node(parts),
    nodeServices(parts),
    gatewayServices(parts),
  ];
}

function register({ store, datacenter }: CatalogParts): Endpoint {
  return {
    methods: ['PUT'],
    path: '/v1/catalog/register',
    handle: async (request) => {
      const body = decodeBody(await request.body(), registration);
      checkDatacenter(body.Datacenter ?? request.query.get('dc'), datacenter);
      applyRegistration(store, body);
      return jsonReply(true);
    },
  };
}

function deregister({ store, datacenter }: CatalogParts): Endpoint {
  return {
    methods: ['PUT'],
    path: '/v1/catalog/deregister',
    handle: async (request) => {
      const body = decodeBody(await request.body(), deregistration);
      checkDatacenter(body.Datacenter ?? request.query.get('dc'), datacenter);
      const name = body.Node ?? '';
      if (name === '') throw new HttpError(500, 'Must provide node');
      if (body.ServiceID) store.deleteService(name, body.ServiceID);
      else if (body.CheckID) store.deleteCheck(name, body.CheckID);
      else store.deleteNode(name);
      return jsonReply(true);
    },
  };
}

function nodes({ store, reader, datacenter }: CatalogParts): Endpoint {
  return {
    methods: ['GET'],
    path: '/v1/catalog/nodes',
    handle: (request) =>
      reader.answer(
        request,
        (keep) => ({
          ...store.tablePosition(NODES),
          value: () => {
            const wanted = store.nodes().filter((row) => hasNodeMeta(row, request.query));
            return wanted.map((row) => nodeView(row, datacenter)).filter(keep);
          },
        }),
        { showsConsistency: true, filter: NODE_ROW },
      ),
  };
}

function services({ store, reader }: CatalogParts): Endpoint {
  return {
    methods: ['GET'],
    path: '/v1/catalog/services',
    handle: (request) =>
      reader.answer(
        request,
        () => ({
          ...store.tablePosition(SERVICES),
          value: () => {
            const tagsByName = new Map<string, readonly string[]>();
            for (const [name, rows] of store.services()) {
              const wanted = rows.filter((row) => isOnSuchNode(store, row, request.query));
              if (wanted.length > 0) tagsByName.set(name, [...new Set(wanted.flatMap((row) => row.tags))]);
            }
            return tagsByName;
          },
        }),
        { showsConsistency: true, isCacheable: true },
      ),
  };
}

interface InstanceSource {
  readonly positionOf: (name: string) => Position;
  readonly rowsOf: (name: string) => readonly ServiceRow[];
}

function instances(parts: CatalogParts, path: string, { positionOf, rowsOf }: InstanceSource): Endpoint {
  const { store, reader, datacenter } = parts;
  const viewOf = (row: ServiceRow): readonly JsonView[] => {
    const host = store.node(row.nodeName);
    return host === undefined ? [] : [catalogServiceView(row, host, datacenter)];
  };
  return {
    methods: ['GET'],
    path,
    handle: (request) => {
      const name = required(request.argument, 'Missing service name');
      return reader.answer(
        request,
        (keep) => ({
          ...positionOf(name),
          value: () => {
            const tagged = rowsOf(name).filter((row) => hasTags(row, request.query));
            const wanted = tagged.filter((row) => isOnSuchNode(store, row, request.query));
            return wanted.flatMap(viewOf).filter(keep);
          },
        }),
        { showsConsistency: true, isCacheable: true, filter: CATALOG_ROW },
      );
    },
  };
}

function node({ store, reader, datacenter }: CatalogParts): Endpoint {
  return {
    methods: ['GET'],
    path: '/v1/catalog/node/',
    handle: (request) => {
      const name = required(request.argument, 'Missing node name');
      return reader.answer(
        request,
        (keep) => ({
          ...store.nodePosition(name),
          value: () => {
            const row = store.node(name);
            if (row === undefined) return null;
            const views = store.servicesOn(name).map((service) => [service.id, serviceView(service)] as const);
            return { Node: nodeView(row, datacenter), Services: new Map(views.filter(([, view]) => keep(view))) };
          },
        }),
        { showsConsistency: true, filter: SERVICE_ROW },
      );
    },
  };
}

function nodeServices({ store, reader, datacenter }: CatalogParts): Endpoint {
  return {
    methods: ['GET'],
    path: '/v1/catalog/node-services/',
    handle: (request) => {
      const name = required(request.argument, 'Missing node name');
      return reader.answer(
        request,
        (keep) => ({
          ...store.nodePosition(name),
          value: () => {
            const row = store.node(name);
            if (row === undefined) return { Node: null, Services: null };
            return { Node: nodeView(row, datacenter), Services: store.servicesOn(name).map(serviceView).filter(keep) };
          },
        }),
        { showsConsistency: true, filter: SERVICE_ROW },
      );
    },
  };
}

/** There are no gateways here. */
function gatewayServices({ reader }: CatalogParts): Endpoint {
  return {
    methods: ['GET'],
    path: '/v1/catalog/gateway-services/',
    handle: (request) => {
      required(request.argument, 'Missing gateway name');
      return reader.answer(request, () => ({ index: 1, wakeOn: [], value: () => null }), { showsConsistency: true });
    },
  };
}

function isOnSuchNode(store: StateStore, row: ServiceRow, query: URLSearchParams): boolean {
  const host = store.node(row.nodeName);
  return host !== undefined && hasNodeMeta(host, query);
}

function required(argument: string, problem: string): string {
  if (argument === '') throw new HttpError(400, problem);
  return argument;
}
