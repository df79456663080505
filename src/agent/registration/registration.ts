/** A service with its checks, as agents register them (http-api B3). */
import { HttpError } from '../http-error.js';
import { list, object, opaque, text } from '../json/decode.js';
import type { ServiceFacts } from '../rows.js';
import {
  CHECK_FIELDS,
  type CheckDefinition,
  CheckError,
  type CheckFields,
  checkDefinition,
  isScript,
} from './check.js';
import {
  isWildcardAddress,
  metaProblem,
  proxyProblem,
  SERVICE_FIELDS,
  serviceFacts,
  weightsProblem,
  withFamilyAddresses,
} from './service.js';

const serviceCheck = object('', CHECK_FIELDS, { snakeCase: true });

/** The fields of a service that is registered with an agent. */
export const SERVICE_REGISTRATION_FIELDS = {
  ...SERVICE_FIELDS,
  Name: text,
  SocketPath: text,
  Token: text,
  Locality: opaque,
};

/** The body of agent/service/register. */
export const serviceRegistration = object(
  '',
  { ...SERVICE_REGISTRATION_FIELDS, Check: serviceCheck, Checks: list(serviceCheck, 'structs.CheckTypes') },
  { snakeCase: true },
);

/** The body of agent/check/register and a `check` of a file. */
export const checkRegistration = object('', { ...CHECK_FIELDS, ID: text }, { snakeCase: true });

export type ServiceRegistration = ReturnType<typeof serviceRegistration>;
export type CheckRegistration = ReturnType<typeof checkRegistration>;

export interface ServiceWithChecks {
  readonly facts: ServiceFacts;
  readonly checks: readonly CheckDefinition[];
}

/** The facts of a body; refused with 400 where it breaks a rule. */
export function serviceOfBody(body: ServiceRegistration): ServiceFacts {
  if (!body.Name) throw new HttpError(400, 'Missing service name');
  if (isWildcardAddress(body.Address ?? '')) throw new HttpError(400, 'Invalid service address');
  if (body.Connect?.SidecarService !== undefined) throw new HttpError(400, 'Invalid SidecarService: not supported');
  const facts = withFamilyAddresses(serviceFacts(body.Name, body));
  const problem = problemOf(facts);
  if (problem !== undefined) throw new HttpError(400, problem);
  return facts;
}

function problemOf(facts: ServiceFacts): string | undefined {
  const weights = weightsProblem(facts.weights);
  if (weights !== undefined) return `Invalid Weights: ${weights}`;
  const meta = metaProblem(facts.meta);
  return meta === undefined ? proxyProblem(facts) : `Invalid Service Meta: ${meta}`;
}

/** The fields of a registration's checks in the order in which Consul numbers them: over HTTP `Check` comes first. */
export function checksOfBody(body: ServiceRegistration): readonly CheckFields[] {
  const single = body.Check === undefined || Object.keys(body.Check).length === 0 ? [] : [body.Check];
  return [...single, ...(body.Checks ?? [])];
}

/** Definitions of a service's checks: nameless ones are called after the service, and numbered when there are several. */
export function serviceChecks(facts: ServiceFacts, fields: readonly CheckFields[]): readonly CheckDefinition[] {
  return fields.map((check, position) =>
    checkDefinition(check, {
      id: check.CheckID || (fields.length === 1 ? `service:${facts.id}` : `service:${facts.id}:${position + 1}`),
      name: check.Name || `Service '${facts.service}' check`,
      serviceId: facts.id,
    }),
  );
}

/** The definition of a check that is registered on its own. */
export function loneCheck(body: CheckRegistration): CheckDefinition {
  const name = body.Name ?? '';
  return checkDefinition(body, { id: body.ID || body.CheckID || name, name, serviceId: body.ServiceID ?? '' });
}

export function isKnownStatus(status: string): boolean {
  return status === 'passing' || status === 'warning' || status === 'critical';
}

/** Runs `define`, turning a broken rule into the 400 that Consul answers. */
export function refusingBadChecks<T>(define: () => T): T {
  try {
    return define();
  } catch (error) {
    throw error instanceof CheckError ? new HttpError(400, `Invalid check: ${error.message}`) : error;
  }
}

const SCRIPTS_OFF =
  "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true";

export function refuseScripts(fields: readonly CheckFields[], areScriptsEnabled: boolean): void {
  if (!areScriptsEnabled && fields.some(isScript)) throw new HttpError(500, SCRIPTS_OFF);
}
