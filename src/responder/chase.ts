import type { Chase, RecordsOutcome } from '../answer/outcome.js';
import { RecordType } from '../wire/constants.js';
import { lowerName } from '../wire/name.js';
import { formatRdata } from '../wire/present.js';
import type { ResourceRecord } from '../wire/rdata.js';

/** How deep a chain of host names may lead through our own zones (dns-behaviour 13.1). */
const MAX_DEPTH = 3;

export interface ChaseResolvers {
  /** An ANY lookup of a name inside our zones; undefined when the name is outside. */
  readonly inside: (name: string) => RecordsOutcome | undefined | Promise<RecordsOutcome | undefined>;
  /** The answer section that the recursors give; empty without recursors, or when they fail. */
  readonly outside: (name: string, type: number) => Promise<readonly ResourceRecord[]>;
  readonly isInside: (name: string) => boolean;
}

/** Adds to an outcome the records of the host names it points at. Loops and dead ends just add nothing. */
export async function followChase(outcome: RecordsOutcome, resolvers: ChaseResolvers): Promise<RecordsOutcome> {
  const answer = [...outcome.answer];
  const additional = [...outcome.additional];
  const found = await Promise.all(outcome.chase.map((chase) => recordsOf(chase, resolvers, new Set())));
  outcome.chase.forEach((chase, index) => {
    (chase.into === 'answer' ? answer : additional).push(...(found[index] ?? []));
  });
  return { ...outcome, answer: once(answer), additional: once(additional), chase: [] };
}

/** What a loop or two ways to one name would repeat stands once (RFC 2181 section 5). */
function once(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const seen = new Set<string>();
  return records.filter(({ name, type, data }) => {
    const text = data.kind === 'TXT' ? formatRdata(data) : lowerName(formatRdata(data));
    const key = `${lowerName(name)} ${type} ${text}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

async function recordsOf(
  chase: Chase,
  resolvers: ChaseResolvers,
  visited: ReadonlySet<string>,
): Promise<readonly ResourceRecord[]> {
  const target = lowerName(chase.target);
  if (visited.has(target) || visited.size >= MAX_DEPTH) return [];
  if (!resolvers.isInside(target)) {
    const answers = await Promise.all(chase.types.map((type) => resolvers.outside(chase.target, type)));
    const { types, serviceTtlSeconds } = chase;
    const isWanted = ({ type }: ResourceRecord) => types.includes(type) || type === RecordType.CNAME;
    return serviceTtlSeconds === undefined ? answers.flat() : answers.flat().filter(isWanted);
  }
  const inner = await resolvers.inside(chase.target);
  if (inner === undefined) return [];
  const seen = new Set([...visited, target]);
  const further = await Promise.all(inner.chase.map((next) => recordsOf(continued(chase, next), resolvers, seen)));
  return [...fromInside(inner.answer, chase), ...further.flat()];
}

/** The next step, still on behalf of the first question. */
function continued({ types, serviceTtlSeconds }: Chase, next: Chase): Chase {
  return { ...next, types, serviceTtlSeconds: serviceTtlSeconds ?? next.serviceTtlSeconds };
}

const ADDRESS_TYPES: readonly number[] = [RecordType.A, RecordType.AAAA, RecordType.CNAME];

function fromInside(records: readonly ResourceRecord[], { serviceTtlSeconds }: Chase): readonly ResourceRecord[] {
  if (serviceTtlSeconds === undefined) return records;
  const addresses = records.filter(({ type }) => ADDRESS_TYPES.includes(type));
  return addresses.map((address) => ({ ...address, ttlSeconds: serviceTtlSeconds }));
}
