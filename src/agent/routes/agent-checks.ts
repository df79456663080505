import type { AgentRequest, Endpoint } from '../endpoint.js';
import { filterOf } from '../filter/filter.js';
import { CHECK_ROW } from '../filter/schema.js';
import { HttpError } from '../http-error.js';
import { decodeBody } from '../json/body.js';
import { object, text } from '../json/decode.js';
import type { LocalState, TtlChecks } from '../local-state.js';
import {
  checkRegistration,
  isKnownStatus,
  loneCheck,
  refuseScripts,
  refusingBadChecks,
} from '../registration/registration.js';
import { jsonReply, NOTHING, type Reply } from '../reply.js';
import { checkView } from '../views.js';

export interface AgentCheckParts {
  readonly state: LocalState;
  readonly ttlChecks: TtlChecks;
  /** Checks that run programs may be registered over HTTP. */
  readonly areScriptsEnabled: boolean;
}

const statusUpdate = object('checkUpdate', { Status: text, Output: text });

/** /v1/agent/check... (http-api B4). */
export function agentCheckEndpoints(parts: AgentCheckParts): readonly Endpoint[] {
  const { state, ttlChecks } = parts;
  return [
    {
      methods: ['GET'],
      path: '/v1/agent/checks',
      handle: ({ query }) => {
        const keep = filterOf(query, CHECK_ROW, '');
        const views = [...state.checks].map(([id, check]) => [id, checkView(state.row(check))] as const);
        return jsonReply(new Map(views.filter(([, view]) => keep(view))));
      },
    },
    { methods: ['PUT'], path: '/v1/agent/check/register', handle: (request) => register(parts, request) },
    {
      methods: ['PUT'],
      path: '/v1/agent/check/deregister/',
      isLenient: true,
      handle: ({ argument }) => {
        if (argument === '') throw new HttpError(500, 'CheckID missing');
        state.removeCheck(argument);
        return NOTHING;
      },
    },
    ttlEndpoint('pass', 'passing', ttlChecks),
    ttlEndpoint('warn', 'warning', ttlChecks),
    ttlEndpoint('fail', 'critical', ttlChecks),
    {
      methods: ['PUT'],
      path: '/v1/agent/check/update/',
      handle: async (request) => {
        const { Status = '', Output = '' } = decodeBody(await request.body(), statusUpdate);
        if (!isKnownStatus(Status)) throw new HttpError(400, `Invalid check status: '${Status}'`);
        return update(ttlChecks, request.argument, { status: Status, output: Output });
      },
    },
  ];
}

async function register({ state, areScriptsEnabled }: AgentCheckParts, request: AgentRequest): Promise<Reply> {
  const body = decodeBody(await request.body(), checkRegistration);
  if (!body.Name) throw new HttpError(400, 'Missing check name');
  if (body.Status !== undefined && body.Status !== '' && !isKnownStatus(body.Status)) {
    throw new HttpError(400, 'Bad check status');
  }
  const check = refusingBadChecks(() => loneCheck(body));
  refuseScripts([body], areScriptsEnabled);
  if (check.serviceId !== '' && !state.services.has(check.serviceId)) {
    throw new HttpError(500, `ServiceID ${JSON.stringify(check.serviceId)} does not exist`);
  }
  state.putCheck(check, 'http');
  return NOTHING;
}

function ttlEndpoint(verb: string, status: string, ttlChecks: TtlChecks): Endpoint {
  return {
    methods: ['PUT'],
    path: `/v1/agent/check/${verb}/`,
    isLenient: true,
    handle: ({ argument, query }) => update(ttlChecks, argument, { status, output: query.get('note') ?? '' }),
  };
}

function update(
  ttlChecks: TtlChecks,
  id: string,
  { status, output }: { readonly status: string; readonly output: string },
): Reply {
  if (ttlChecks.update(id, status, output)) return NOTHING;
  throw new HttpError(500, `CheckID ${JSON.stringify(id)} does not have associated TTL`);
}
