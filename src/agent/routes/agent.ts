import { DefinitionError } from '../definitions.js';
import type { Endpoint } from '../endpoint.js';
import { HttpError } from '../http-error.js';
import type { Ledger } from '../ledger.js';
import type { LocalState } from '../local-state.js';
import { setNodeMaintenance } from '../maintenance.js';
import { jsonReply, NOTHING, type Reply } from '../reply.js';
import { CONSUL_VERSION, memberView, type SelfFacts, selfView } from '../self.js';
import { maintenanceFlag } from './agent-services.js';

export interface AgentParts {
  readonly facts: SelfFacts;
  readonly state: LocalState;
  readonly ledger: Ledger;
  /** Reads the definition files again. */
  readonly reload: () => Promise<void>;
  /** Ends the agent, once the answer is out. */
  readonly leave: () => void;
}

/** /v1/agent/... apart from services, checks and health (http-api B8). */
export function agentEndpoints({ facts, state, ledger, reload, leave }: AgentParts): readonly Endpoint[] {
  return [
    { methods: ['GET'], path: '/v1/agent/self', handle: () => jsonReply(selfView(facts, counts(state, ledger))) },
    { methods: ['GET'], path: '/v1/agent/members', handle: ({ query }) => members(facts, query) },
    {
      methods: ['GET'],
      path: '/v1/agent/version',
      handle: () => jsonReply({ SHA: '', HumanVersion: CONSUL_VERSION, FIPS: '' }),
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/maintenance',
      handle: ({ query }) => {
        setNodeMaintenance(state, maintenanceFlag(query), query.get('reason') ?? '');
        return NOTHING;
      },
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/reload',
      handle: async () => {
        await reload().catch(refuse);
        return NOTHING;
      },
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/leave',
      handle: () => ({ ...NOTHING, afterSent: leave }),
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/join/',
      handle: ({ argument }) => {
        throw new HttpError(500, `Failed to resolve ${argument}: this agent joins no cluster`);
      },
    },
    {
      methods: ['PUT'],
      path: '/v1/agent/force-leave/',
      handle: ({ argument }) => {
        throw new HttpError(500, `agent: No node found with name '${argument}'`);
      },
    },
  ];
}

/** A file that cannot be used is the caller's to mend, so the reason goes to them. */
function refuse(error: unknown): never {
  throw error instanceof DefinitionError ? new HttpError(500, error.message) : error;
}

function members(facts: SelfFacts, query: URLSearchParams): Reply {
  const segment = query.get('segment') ?? '';
  if (segment !== '' && segment !== '_all') {
    throw new HttpError(500, 'Network segments are not supported in this version of Consul');
  }
  return jsonReply([memberView(facts, { isWan: (query.get('wan') ?? '') !== '' })]);
}

function counts(state: LocalState, ledger: Ledger): Parameters<typeof selfView>[1] {
  const checks = [...state.checks.values()];
  return {
    services: state.services.size,
    checks: checks.length,
    ttlChecks: checks.filter(({ definition }) => definition.probe.kind === 'ttl').length,
    index: ledger.index,
  };
}
