import type { AgentRequest, Endpoint } from '../endpoint.js';
import { CHECK_ROW, HEALTH_ROW } from '../filter/schema.js';
import { HttpError } from '../http-error.js';
import type { Reader } from '../read.js';
import type { CheckRow, ServiceRow } from '../rows.js';
import { arePassing, hasNodeMeta, hasTags, wantsPassing } from '../selection.js';
import { CHECKS, type Position, type StateStore } from '../store.js';
import { checkView, nodeView, serviceView } from '../views.js';

export interface HealthParts {
  readonly store: StateStore;
  readonly reader: Reader;
  readonly datacenter: string;
}

/** /v1/health/... (http-api B6). */
export function healthEndpoints(parts: HealthParts): readonly Endpoint[] {
  const { store } = parts;
  return [
    instances(parts, '/v1/health/service/', {
      positionOf: (name) => store.servicePosition(name),
      rowsOf: (name) => store.instances(name),
    }),
    instances(parts, '/v1/health/connect/', {
      positionOf: (name) => store.connectPosition(name),
      rowsOf: (name) => store.connectInstances(name),
    }),
    // There are no gateways here.
    instances(parts, '/v1/health/ingress/', {
      positionOf: () => ({ index: 1, wakeOn: [] }),
      rowsOf: () => [],
    }),
    checks(parts, '/v1/health/node/', {
      problem: 'Missing node name',
      rowsOf: (name) => store.checksOn(name),
      isAnyNode: true,
    }),
    checks(parts, '/v1/health/checks/', {
      problem: 'Missing service name',
      rowsOf: (name) => store.checks().filter((check) => check.serviceName.toLowerCase() === name.toLowerCase()),
    }),
    checks(parts, '/v1/health/state/', {
      problem: 'Missing check state',
      rowsOf: (state) => store.checks().filter((check) => state === 'any' || check.status === state),
    }),
  ];
}

interface InstanceSource {
  readonly positionOf: (name: string) => Position;
  readonly rowsOf: (name: string) => readonly ServiceRow[];
}

function instances(parts: HealthParts, path: string, { positionOf, rowsOf }: InstanceSource): Endpoint {
  const { store, reader, datacenter } = parts;
  return {
    methods: ['GET'],
    path,
    handle: (request) => {
      const name = request.argument;
      if (name === '') throw new HttpError(400, 'Missing service name');
      const onlyPassing = wantsPassing(request.query);
      return reader.answer(
        request,
        (keep) => ({
          ...positionOf(name),
          value: () =>
            rowsOf(name).flatMap((row) => {
              const node = store.node(row.nodeName);
              const rowChecks = store.checksOf(row);
              if (node === undefined || !hasTags(row, request.query) || !hasNodeMeta(node, request.query)) return [];
              if (onlyPassing && !arePassing(rowChecks)) return [];
              const entry = {
                Node: nodeView(node, datacenter),
                Service: serviceView(row),
                Checks: rowChecks.map(checkView),
              };
              return keep(entry) ? [entry] : [];
            }),
        }),
        { showsConsistency: true, isCacheable: true, filter: HEALTH_ROW },
      );
    },
  };
}

interface CheckSource {
  readonly problem: string;
  readonly rowsOf: (argument: string) => readonly CheckRow[];
  /** The node is named already: `?node-meta` says nothing more. */
  readonly isAnyNode?: boolean;
}

function checks({ store, reader }: HealthParts, path: string, { problem, rowsOf, isAnyNode }: CheckSource): Endpoint {
  const isOnSuchNode = (check: CheckRow, request: AgentRequest): boolean => {
    if (isAnyNode) return true;
    const node = store.node(check.nodeName);
    return node !== undefined && hasNodeMeta(node, request.query);
  };
  return {
    methods: ['GET'],
    path,
    handle: (request) => {
      const { argument } = request;
      if (argument === '') throw new HttpError(400, problem);
      return reader.answer(
        request,
        (keep) => ({
          ...store.tablePosition(CHECKS),
          value: () =>
            rowsOf(argument)
              .filter((check) => isOnSuchNode(check, request))
              .map(checkView)
              .filter(keep),
        }),
        { showsConsistency: true, filter: CHECK_ROW },
      );
    },
  };
}
