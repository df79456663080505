/** Parameters of Consul Enterprise, which a community server refuses rather than to answer for the wrong tenant (B2). */
import { HttpError } from './http-error.js';

/** The endpoints whose rows would live in a namespace. */
const NAMESPACED =
  /^\/v1\/(?:catalog\/(?!nodes$|datacenters$)|health\/|agent\/(?:services?\b|checks?\b|health\/)|kv\/|session\/)/;

export function checkEnterprise(path: string, query: URLSearchParams): void {
  if (!NAMESPACED.test(path)) return;
  if (query.get('ns')) throw refusal('ns', 'Namespaces');
  const partition = query.get('partition') ?? '';
  if (partition !== '' && partition !== 'default') throw refusal('partition', 'Partitions');
}

function refusal(parameter: string, feature: string): HttpError {
  const problem = `Invalid query parameter: "${parameter}" - ${feature} are a Consul Enterprise feature`;
  return new HttpError(400, `Bad request: ${problem}`);
}
