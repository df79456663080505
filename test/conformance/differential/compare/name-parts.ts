import { RecordType } from '../../../../src/wire/constants.js';
import { isSubdomain, labels, lowerName } from '../../../../src/wire/name.js';

/** A question's name taken apart as section 4 of the specification has it, written anew so as to check the other. */
export interface NameParts {
  /** The zone, in lower case; undefined outside all of them. */
  readonly zone: string | undefined;
  /** All labels before the zone, in lower case. */
  readonly relative: readonly string[];
  readonly kind: string | undefined;
  readonly left: readonly string[];
  readonly suffixes: readonly string[];
  /** The suffixes that stand in pairs, `dc`, `peer` and `port`, by keyword; undefined unless they are all pairs. */
  readonly pairs: ReadonlyMap<string, string> | undefined;
}

const OLD_KINDS = ['service', 'connect', 'ingress', 'node', 'query', 'addr'];
const NEW_KINDS = ['virtual', 'api-gateway'];
const PAIRED = ['dc', 'peer', 'port'];

export function partsOf(
  name: string,
  { zones, type }: { readonly zones: readonly string[]; readonly type: number },
): NameParts {
  const longestFirst = [...zones, 'arpa.'].sort((a, b) => b.length - a.length);
  const zone = longestFirst.find((candidate) => isSubdomain(lowerName(name), candidate));
  const all = labels(name).map((label) => label.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
  const relative = zone === undefined ? all : all.slice(0, all.length - labels(zone).length);
  const nothing = { zone, relative, kind: undefined, left: [], suffixes: [], pairs: undefined };
  if (zone === undefined || zone === 'arpa.') return nothing;
  const keyword = relative.findLastIndex((label) => OLD_KINDS.includes(label) || NEW_KINDS.includes(label));
  const underscore = relative.findLastIndex((label) => label.startsWith('_'));
  if (type === RecordType.SRV && underscore > keyword) {
    const suffixes = relative.slice(underscore + 1);
    return { ...nothing, kind: 'service', left: relative.slice(0, underscore + 1), suffixes, pairs: pairsOf(suffixes) };
  }
  if (keyword < 0) return nothing;
  const suffixes = relative.slice(keyword + 1);
  return { ...nothing, kind: relative[keyword], left: relative.slice(0, keyword), suffixes, pairs: pairsOf(suffixes) };
}

function pairsOf(suffixes: readonly string[]): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>();
  for (let at = 0; at < suffixes.length; at += 2) {
    const keyword = suffixes[at + 1] ?? '';
    if (!PAIRED.includes(keyword) || pairs.has(keyword)) return undefined;
    // The loop ends before the end.
    pairs.set(keyword, suffixes[at]!);
  }
  return pairs.has('dc') && pairs.has('peer') ? undefined : pairs;
}
