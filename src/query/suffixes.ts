/** What stands between a name's kind keyword and its zone (dns-behaviour 4.2, Community Edition). */
export interface Suffixes {
  readonly datacenter: string | undefined;
  readonly peer: string | undefined;
  readonly portName: string | undefined;
}

export const NO_SUFFIXES: Suffixes = { datacenter: undefined, peer: undefined, portName: undefined };

const PAIR_KEYWORDS: ReadonlySet<string> = new Set(['dc', 'peer', 'port']);

/**
 * Nothing, a datacenter alone, or pairs such as `dc1.dc` and `http.port` in any order; undefined for everything else.
 * A datacenter and a peer exclude each other. An undefined label stands for any text.
 */
export function parseSuffixes(labels: readonly (string | undefined)[]): Suffixes | undefined {
  if (labels.length === 1) return { ...NO_SUFFIXES, datacenter: labels[0] };
  if (labels.length % 2 === 1) return undefined;
  const pairs = new Map<string, string | undefined>();
  for (let at = 0; at < labels.length; at += 2) {
    const keyword = labels[at + 1];
    if (keyword === undefined || !PAIR_KEYWORDS.has(keyword) || pairs.has(keyword)) return undefined;
    pairs.set(keyword, labels[at]);
  }
  if (pairs.has('dc') && pairs.has('peer')) return undefined;
  return { datacenter: pairs.get('dc'), peer: pairs.get('peer'), portName: pairs.get('port') };
}

/**
 * The suffixes in a name without a kind keyword, if longer names end in it: whole suffixes (`dc1.dc`), suffixes that
 * lack their first label (`dc`, `port.dc1.dc`), or the `_tcp` of an RFC 2782 name before them.
 */
export function parseBareSuffixes(labels: readonly string[]): Suffixes | undefined {
  const [first = '', second = ''] = labels;
  if (first.startsWith('_')) return second.startsWith('_') ? undefined : parseSuffixes(labels.slice(1));
  const lacksFirst = labels.length % 2 === 1 && PAIR_KEYWORDS.has(first);
  return parseSuffixes(lacksFirst ? [undefined, ...labels] : labels);
}
