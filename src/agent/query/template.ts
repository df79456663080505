/** Query templates: one query that answers every name with its prefix, with parts of the name filled in (B8). */
import { compileRegexp, RegexpError } from '../filter/regexp.js';
import { HttpError } from '../http-error.js';
import type { NewQuery, QueryService } from './definition.js';

/** What a template makes of a name. */
export type Renderer = (name: string) => QueryService;

interface Names {
  readonly full: string;
  readonly prefix: string;
  readonly suffix: string;
  readonly match: readonly (string | undefined)[];
}

type Text = (names: Names) => string;

const PART = /\$\$\{|\$\{([^}]*)\}|\$\{/g;
const MATCH_CALL = /^match\(\s*([0-9]+)\s*\)$/;

/** Checks a template's texts and returns how to fill them in; throws the 500 that Consul answers. */
export function compileTemplate({ name: prefix, template, service }: NewQuery): Renderer {
  const failed = (problem: string): HttpError => new HttpError(500, `failed compiling template: ${problem}`);
  if (template.type !== 'name_prefix_match') throw failed(`Bad Template.Type '${template.type}'`);
  const pattern = regexpOf(template.regexp, failed);
  const compile = (source: string, place: string): Text => compileText(source, `Service.${place}`, failed);
  const listOf = (sources: readonly string[] | null, place: string): readonly Text[] | undefined =>
    sources?.map((source, index) => compile(source, `${place}[${index}]`));
  const texts = {
    service: compile(service.service, 'Service'),
    near: compile(service.near, 'Near'),
    tags: listOf(service.tags, 'Tags'),
    datacenters: listOf(service.datacenters, 'Failover.Datacenters'),
    ignoreCheckIds: listOf(service.ignoreCheckIds, 'IgnoreCheckIDs'),
    nodeMeta: mapOf(service.nodeMeta, (source, key) => compile(source, `NodeMeta["${key}"]`)),
    serviceMeta: mapOf(service.serviceMeta, (source, key) => compile(source, `ServiceMeta["${key}"]`)),
  };
  return (full) => {
    const names: Names = {
      full,
      prefix,
      suffix: full.slice(prefix.length),
      match: pattern?.exec(full) ?? [],
    };
    const tags = texts.tags?.map((text) => text(names)) ?? null;
    return {
      ...service,
      service: texts.service(names),
      near: texts.near(names),
      tags: template.removeEmptyTags ? (tags?.filter((tag) => tag !== '') ?? null) : tags,
      datacenters: texts.datacenters?.map((text) => text(names)) ?? null,
      ignoreCheckIds: texts.ignoreCheckIds?.map((text) => text(names)) ?? null,
      nodeMeta: mapOf(texts.nodeMeta, (text) => text(names)),
      serviceMeta: mapOf(texts.serviceMeta, (text) => text(names)),
    };
  };
}

function regexpOf(source: string, failed: (problem: string) => HttpError): RegExp | undefined {
  if (source === '') return undefined;
  try {
    return compileRegexp(source);
  } catch (error) {
    throw error instanceof RegexpError ? failed(`Bad Regexp: ${error.message}`) : error;
  }
}

/** A text with `${...}` in it; `$${` stands for `${`. */
function compileText(source: string, place: string, failed: (problem: string) => HttpError): Text {
  const parts: Text[] = [];
  let end = 0;
  for (const found of source.matchAll(PART)) {
    const before = source.slice(end, found.index);
    parts.push(() => before);
    end = found.index + found[0].length;
    const expression = found[1];
    if (found[0] === '$${') parts.push(() => '${');
    else if (expression === undefined) throw failed(`Bad format '${source}' in ${place}: parse error: syntax error`);
    else {
      const value = variable(expression.trim());
      if (value === undefined) {
        throw failed(
          `Bad evaluation for '${source}' in ${place}: 1:${found.index + 3}: ${problemOf(expression.trim())}`,
        );
      }
      parts.push(value);
    }
  }
  const rest = source.slice(end);
  return (names) => parts.map((part) => part(names)).join('') + rest;
}

function variable(expression: string): Text | undefined {
  switch (expression) {
    case 'name.full':
      return ({ full }) => full;
    case 'name.prefix':
      return ({ prefix }) => prefix;
    case 'name.suffix':
      return ({ suffix }) => suffix;
    case 'agent.segment':
      return () => '';
  }
  const group = MATCH_CALL.exec(expression)?.[1];
  return group === undefined ? undefined : ({ match }) => match[Number(group)] ?? '';
}

function problemOf(expression: string): string {
  const [, call] = /^([a-z_]+)\(/i.exec(expression) ?? [];
  return call === undefined || call === 'match'
    ? `unknown variable accessed: ${expression}`
    : `unknown function called: ${call}`;
}

function mapOf<From, To>(
  map: ReadonlyMap<string, From> | null,
  convert: (value: From, key: string) => To,
): ReadonlyMap<string, To> | null {
  return map && new Map([...map].map(([key, value]) => [key, convert(value, key)]));
}
