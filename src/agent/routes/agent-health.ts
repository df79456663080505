import type { AgentRequest, Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import type { LocalCheck, LocalService, LocalState } from '../local-state.js';
import { isMaintenance } from '../maintenance.js';
import { compareText } from '../order.js';
import { jsonReply, type Reply } from '../reply.js';
import { agentServiceView, checkView, type JsonView } from '../views.js';

type Health = 'passing' | 'warning' | 'critical' | 'maintenance';

const HTTP_STATUS: Readonly<Record<Health, number>> = { passing: 200, warning: 429, critical: 503, maintenance: 503 };
/** Consul shows these checks half filled in. */
const EMPTY_DEFINITION: JsonView = {
  Interval: '0s',
  Timeout: '0s',
  DeregisterCriticalServiceAfter: '0s',
  HTTP: '',
  Header: null,
  Method: '',
  Body: '',
  TLSSkipVerify: false,
  TCP: '',
};

/** /v1/agent/health/service/...: a service's health as an HTTP status (http-api B3). */
export function agentHealthEndpoints(state: LocalState): readonly Endpoint[] {
  return [
    {
      methods: ['GET'],
      path: '/v1/agent/health/service/id/',
      handle: (request) => {
        const id = request.argument;
        if (id === '') throw new HttpError(500, 'Bad request: Missing serviceID');
        const service = state.services.get(id);
        if (service === undefined) {
          const view = { AggregatedStatus: 'critical', Service: null, Checks: null };
          return reply(request, view, { status: 404, reason: `ServiceId ${id} not found` });
        }
        const { health, view } = describe(state, service);
        return reply(request, view, { status: HTTP_STATUS[health], reason: health });
      },
    },
    {
      methods: ['GET'],
      path: '/v1/agent/health/service/name/',
      handle: (request) => {
        const name = request.argument;
        if (name === '') throw new HttpError(500, 'Bad request: Missing service Name');
        const described = [...state.services.values()]
          .filter(({ facts }) => facts.service === name)
          .map((service) => describe(state, service));
        if (described.length === 0) {
          return reply(request, [], { status: 404, reason: `ServiceName ${name} Not Found` });
        }
        const health = worst(described.map((one) => one.health));
        const views = described.map(({ view }) => view);
        return reply(request, views, { status: HTTP_STATUS[health], reason: health });
      },
    },
  ];
}

function describe(state: LocalState, { facts }: LocalService): { readonly health: Health; readonly view: JsonView } {
  const checks = [...state.checks.values()]
    .filter(({ definition }) => definition.serviceId === facts.id || definition.serviceId === '')
    .sort((a, b) => compareText(a.definition.id, b.definition.id));
  const health = worst(checks.map(healthOf));
  const views = checks.map((check) => ({
    ...checkView(state.row(check)),
    ServiceTags: null,
    Type: '',
    Definition: EMPTY_DEFINITION,
  }));
  return { health, view: { AggregatedStatus: health, Service: agentServiceView(facts), Checks: views } };
}

function healthOf({ definition, status }: LocalCheck): Health {
  if (isMaintenance(definition.id)) return 'maintenance';
  return status === 'passing' || status === 'warning' ? status : 'critical';
}

function worst(all: readonly Health[]): Health {
  const order: readonly Health[] = ['maintenance', 'critical', 'warning'];
  return order.find((health) => all.includes(health)) ?? 'passing';
}

function reply(
  request: AgentRequest,
  view: JsonView | readonly JsonView[],
  { status, reason }: { readonly status: number; readonly reason: string },
): Reply {
  const headers = { 'X-Consul-Reason': reason };
  const wantsText = request.query.get('format') === 'text' || request.header('accept')?.startsWith('text/plain');
  if (!wantsText) return jsonReply(view, headers, status);
  return { status, headers: { ...headers, 'Content-Type': 'text/plain' }, body: reason };
}
