/** Definition files: the services and checks that an agent starts with and reads again on a reload (http-api B9). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefinitionProblem, definitionDialect } from './definition-dialect.js';
import { list, object, text } from './json/decode.js';
import { JsonSyntaxError, readJson } from './json/read.js';
import type { JsonValue } from './json/value.js';
import { type CheckDefinition, CheckError, isScript } from './registration/check.js';
import {
  checkRegistration,
  loneCheck,
  SERVICE_REGISTRATION_FIELDS,
  type ServiceWithChecks,
  serviceChecks,
} from './registration/registration.js';
import {
  isWildcardAddress,
  metaProblem,
  proxyProblem,
  serviceFacts,
  weightsProblem,
  withFamilyAddresses,
} from './registration/service.js';
import type { ServiceFacts } from './rows.js';

export interface Definitions {
  readonly services: readonly ServiceWithChecks[];
  readonly checks: readonly LoneCheck[];
}

/** A check that stands on its own. The service that it names, if any, may be defined in another file. */
export interface LoneCheck {
  readonly definition: CheckDefinition;
  readonly file: string;
}

export interface DefinitionOptions {
  /** Checks may run programs. */
  readonly areScriptsEnabled: boolean;
}

/** A definition file cannot be used; the message names the file, the key and the reason. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
  readonly code: 'unreadable' | 'malformed' | 'invalid';
  readonly file: string;

  constructor(code: DefinitionError['code'], file: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.file = file;
  }
}

const serviceDefinition = object('service', {
  ...SERVICE_REGISTRATION_FIELDS,
  Check: checkRegistration,
  Checks: list(checkRegistration, 'checks'),
  Namespace: text,
});

type ServiceDefinition = ReturnType<typeof serviceDefinition>;
type CheckFields = ReturnType<typeof checkRegistration>;

/** The services and checks of one file's text. Other keys of an agent's configuration are not ours to read. */
export function parseDefinitions(source: string, file: string, options: DefinitionOptions): Definitions {
  try {
    const document = readDocument(source);
    const services = document.services.map((definition) => serviceOf(definition, options));
    const checks = document.checks.map((fields) => ({ definition: checkOf(fields, options), file }));
    return { services, checks };
  } catch (error) {
    if (error instanceof JsonSyntaxError || error instanceof DefinitionProblem) {
      throw new DefinitionError('malformed', file, `failed to parse ${file}: ${error.message}`, { cause: error });
    }
    if (error instanceof CheckError)
      throw new DefinitionError('invalid', file, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The definitions of a directory's files, in the order of their names. Subdirectories and other suffixes are left alone. */
export async function readDefinitionDir(dir: string, options: DefinitionOptions): Promise<Definitions> {
  const entries = await readable(dir, () => readdir(dir, { withFileTypes: true }));
  const files = entries.filter((entry) => !entry.isDirectory() && /\.(?:json|hcl)$/.test(entry.name));
  return readDefinitionFiles(files.map(({ name }) => join(dir, name)).sort(), options);
}

export async function readDefinitionFiles(files: readonly string[], options: DefinitionOptions): Promise<Definitions> {
  const all: Definitions[] = [];
  for (const file of files) {
    if (file.endsWith('.hcl')) {
      throw new DefinitionError('malformed', file, `failed to parse ${file}: ${NO_HCL}`);
    }
    const source = await readable(file, () => readFile(file, 'utf8'));
    all.push(parseDefinitions(source.replace(/^\uFEFF/, ''), file, options));
  }
  return joinDefinitions(all);
}

const NO_HCL =
  'HCL cannot be read: write the same keys as JSON, for instance {"service": {"name": "web"}}, into a file *.json';

export function joinDefinitions(all: readonly Definitions[]): Definitions {
  return { services: all.flatMap(({ services }) => services), checks: all.flatMap(({ checks }) => checks) };
}

async function readable<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DefinitionError('unreadable', file, `failed to read ${file}: ${reason}`, { cause });
  }
}

interface Document {
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckFields[];
}

function readDocument(source: string): Document {
  const document = readJson(source);
  if (!(document instanceof Map)) throw new DefinitionProblem('the file does not hold a JSON object');
  const unknownKeys: string[] = [];
  const dialect = definitionDialect(unknownKeys);
  const services: ServiceDefinition[] = [];
  const checks: CheckFields[] = [];
  // `instanceof Map` loses what the map holds.
  for (const [key, value] of document as ReadonlyMap<string, JsonValue>) {
    const place = { dialect, struct: '', path: `.${key}` };
    const kind = dialect.foldKey(key);
    if (value === null) continue;
    if (kind === 'service') services.push(serviceDefinition(onlyElement(value), place));
    else if (kind === 'services') services.push(...list(serviceDefinition, 'services')(value, place));
    else if (kind === 'check') checks.push(checkRegistration(onlyElement(value), place));
    else if (kind === 'checks') checks.push(...list(checkRegistration, 'checks')(value, place));
  }
  if (unknownKeys.length > 0) throw new DefinitionProblem(unknownKeysProblem(unknownKeys));
  return { services, checks };
}

/** Files made from HCL hold single blocks as lists of one. */
function onlyElement(value: JsonValue): JsonValue {
  const [only] = Array.isArray(value) && value.length === 1 ? value : [];
  return only ?? value;
}

function unknownKeysProblem(keys: readonly string[]): string {
  const count = keys.length === 1 ? '1 error' : `${keys.length} errors`;
  return `${count} occurred: ${keys.map((key) => `* invalid config key ${key}`).join(' ')}`;
}

function serviceOf(definition: ServiceDefinition, { areScriptsEnabled }: DefinitionOptions): ServiceWithChecks {
  const name = definition.Name ?? '';
  if (name === '') throw new CheckError('Failed to register service "": Service name missing');
  const facts = withFamilyAddresses(serviceFacts(name, definition));
  const problem = serviceProblem(facts);
  if (problem !== undefined) throw new CheckError(problem);
  // In files the lone `check` is numbered last, over HTTP first (B9, B3).
  const fields = [...(definition.Checks ?? []), ...(definition.Check === undefined ? [] : [definition.Check])].map(
    (check) => ({ ...check, CheckID: check.ID || check.CheckID || '' }),
  );
  const checks = prefixed(`Failed to validate checks for service "${name}"`, () => serviceChecks(facts, fields));
  if (!areScriptsEnabled && fields.some(isScript)) {
    throw new CheckError(`Failed to register service "${name}": ${SCRIPTS_OFF}`);
  }
  return { facts, checks: checks.map(knownStatus) };
}

const SCRIPTS_OFF =
  "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true";

function serviceProblem(facts: ServiceFacts): string | undefined {
  const { service, weights, meta, address } = facts;
  const weightProblem = weightsProblem(weights);
  if (weightProblem !== undefined) return `Invalid weight definition for service ${service}: ${weightProblem}`;
  const pairProblem = metaProblem(meta);
  if (pairProblem !== undefined) return `invalid meta for service ${service}: ${pairProblem}`;
  if (isWildcardAddress(address)) return `Failed to register service "${service}": Invalid service address`;
  const lack = proxyProblem(facts);
  return lack === undefined ? undefined : `service "${service}": ${lack}`;
}

function checkOf(fields: CheckFields, { areScriptsEnabled }: DefinitionOptions): CheckDefinition {
  const name = fields.Name ?? '';
  if (!name && !fields.ID && !fields.CheckID) throw new CheckError(`Failed to register check '': CheckID missing`);
  const check = prefixed(`Failed to register check '${name}': Check is not valid`, () => loneCheck(fields));
  if (!areScriptsEnabled && isScript(fields))
    throw new CheckError(`Failed to register check '${name}': ${SCRIPTS_OFF}`);
  return knownStatus(check);
}

/** A status that is none starts the check as critical. */
function knownStatus(check: CheckDefinition): CheckDefinition {
  return ['', 'passing', 'warning', 'critical'].includes(check.status) ? check : { ...check, status: 'critical' };
}

function prefixed<T>(lead: string, define: () => T): T {
  try {
    return define();
  } catch (error) {
    throw error instanceof CheckError ? new CheckError(`${lead}: ${error.message}`) : error;
  }
}
