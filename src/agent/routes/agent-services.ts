import { createHash } from 'node:crypto';
import type { AlarmClock } from '../../clock.js';
import type { Log } from '../../telemetry/log.js';
import type { AgentRequest, Endpoint } from '../endpoint.js';
import { filterOf } from '../filter/filter.js';
import { SERVICE_ROW } from '../filter/schema.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { writeJson } from '../json/write.js';
import type { Ledger } from '../ledger.js';
import { type LocalState, localServiceKey } from '../local-state.js';
import { setServiceMaintenance } from '../maintenance.js';
import { parseGoBoolean, parseQueryOptions } from '../query-options.js';
import {
  checksOfBody,
  isKnownStatus,
  refuseScripts,
  refusingBadChecks,
  serviceChecks,
  serviceOfBody,
  serviceRegistration,
} from '../registration/registration.js';
import { warnOfUnanswerableName } from '../registration/service.js';
import { jsonReply, NOTHING, type Reply, textReply } from '../reply.js';
import type { ServiceFacts } from '../rows.js';
import { agentServiceView, type JsonView } from '../views.js';
import { waitPast } from '../wait.js';

export interface AgentServiceParts {
  readonly state: LocalState;
  readonly ledger: Ledger;
  readonly clock: AlarmClock;
  readonly log: Log;
  /** Checks that run programs may be registered over HTTP. */
  readonly areScriptsEnabled: boolean;
}

/** /v1/agent/service... (http-api B3). */
export function agentServiceEndpoints(parts: AgentServiceParts): readonly Endpoint[] {
  const { state } = parts;
  return [
    register(parts),
    {
      methods: ['PUT'],
      path: '/v1/agent/service/deregister/',
      isLenient: true,
      handle: ({ argument }) => {
        if (argument === '') throw new HttpError(500, 'ServiceID missing');
        state.removeService(argument);
        return NOTHING;
      },
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/service/maintenance/',
      handle: ({ argument, query }) => {
        if (argument === '') throw new HttpError(400, 'Missing service ID');
        const isEnabled = maintenanceFlag(query);
        if (!state.services.has(argument)) {
          throw new HttpError(404, `No service registered with ID ${JSON.stringify(argument)}`);
        }
        setServiceMaintenance(state, argument, { isEnabled, reason: query.get('reason') ?? '' });
        return NOTHING;
      },
    },
    {
      methods: ['GET'],
      path: '/v1/agent/services',
      handle: ({ query }) => {
        const keep = filterOf(query, SERVICE_ROW);
        const views = [...state.services].map(([id, { facts }]) => [id, agentServiceView(facts)] as const);
        return jsonReply(new Map(views.filter(([, view]) => keep(view))));
      },
    },
    { methods: ['GET'], path: '/v1/agent/service/', handle: (request) => readService(parts, request) },
  ];
}

/** `?enable=` of the maintenance endpoints. */
export function maintenanceFlag(query: URLSearchParams): boolean {
  const text = query.get('enable');
  if (text === null) throw new HttpError(400, 'Missing value for enable');
  const isEnabled = parseGoBoolean(text);
  if (isEnabled === undefined) throw new HttpError(400, `Invalid value for enable: ${JSON.stringify(text)}`);
  return isEnabled;
}

function register({ state, ledger, log, areScriptsEnabled }: AgentServiceParts): Endpoint {
  return {
    methods: ['PUT'],
    path: '/v1/agent/service/register',
    handle: async ({ body: read, query }) => {
      const body = decodeBody(await read(), serviceRegistration);
      const facts = serviceOfBody(body);
      const fields = checksOfBody(body);
      const checks = refusingBadChecks(() => serviceChecks(facts, fields));
      if (!checks.every(({ status }) => status === '' || isKnownStatus(status))) {
        throw new HttpError(400, "Status for checks must 'passing', 'warning', 'critical'");
      }
      refuseScripts(fields, areScriptsEnabled);
      warnOfUnanswerableName(facts, log);
      ledger.write(() => {
        if (['', 'true'].includes(query.get('replace-existing-checks') ?? 'no')) {
          const kept = new Set(checks.map(({ id }) => id));
          for (const { definition } of state.checksOf(facts.id))
            if (!kept.has(definition.id)) state.removeCheck(definition.id);
        }
        state.putService(facts, 'http');
        for (const check of checks) state.putCheck(check, 'http');
      });
      return NOTHING;
    },
  };
}

/** One service with a hash of its contents; `?hash=` waits until that hash is another one (http-api A1.4). */
async function readService({ state, ledger, clock }: AgentServiceParts, request: AgentRequest): Promise<Reply> {
  const id = request.argument;
  const wantedHash = request.query.get('hash') ?? '';
  const { waitMs } = parseQueryOptions(request.query, undefined);
  const found = await waitPast(
    () => {
      const facts = state.services.get(id)?.facts;
      const isNews = facts === undefined || wantedHash === '' || contentHash(facts) !== wantedHash;
      return { index: isNews ? 1 : 0, wakeOn: [localServiceKey(id)], value: () => facts };
    },
    0,
    { waits: ledger.waits, waitMs, asker: request.asker, clock },
  );
  const facts = found.value();
  if (facts === undefined) return textReply(404, `unknown service ID: ${id}`);
  const hash = contentHash(facts);
  return jsonReply(agentServiceView(facts, hash), { 'X-Consul-Contenthash': hash });
}

function contentHash(facts: ServiceFacts): string {
  const view: JsonView = agentServiceView(facts);
  return createHash('sha256').update(writeJson(view)).digest('hex').slice(0, 16);
}
