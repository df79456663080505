import { lowerName } from './name.js';
import type { Rdata, ResourceRecord } from './rdata.js';

/** The addresses in an additional section, found by the answers that point to them. */
export class Glue {
  readonly #additional: readonly ResourceRecord[];
  readonly #byOwner = new Map<string, ResourceRecord[]>();

  constructor(additional: readonly ResourceRecord[]) {
    this.#additional = additional;
    for (const record of additional) {
      if (!isAddress(record.data)) continue;
      const owner = lowerName(record.name);
      const known = this.#byOwner.get(owner);
      if (known === undefined) this.#byOwner.set(owner, [record]);
      else known.push(record);
    }
  }

  /** The section cut in two, each part in its order: what these answers need to be of use, and everything else. */
  split(answers: readonly ResourceRecord[]): { readonly needed: ResourceRecord[]; readonly rest: ResourceRecord[] } {
    const wanted = this.#neededBy(answers);
    const needed: ResourceRecord[] = [];
    const rest: ResourceRecord[] = [];
    for (const record of this.#additional) (wanted.has(record) ? needed : rest).push(record);
    return { needed, rest };
  }

  /** Addresses of the answers' targets, through CNAMEs. */
  #neededBy(answers: readonly ResourceRecord[]): Set<ResourceRecord> {
    const needed = new Set<ResourceRecord>();
    const seen = new Set<string>();
    const visit = ({ data }: ResourceRecord): void => {
      const target = targetOf(data);
      if (target === undefined) return;
      const owner = lowerName(target);
      if (seen.has(owner)) return;
      seen.add(owner);
      for (const record of this.#byOwner.get(owner) ?? []) {
        needed.add(record);
        visit(record);
      }
    };
    answers.forEach(visit);
    return needed;
  }
}

function isAddress({ kind }: Rdata): boolean {
  return kind === 'A' || kind === 'AAAA' || kind === 'CNAME';
}

/** The name whose addresses a record's reader will want next (RFC 1034 section 3.6, RFC 2782). */
function targetOf(data: Rdata): string | undefined {
  switch (data.kind) {
    case 'CNAME':
    case 'NS':
    case 'SRV':
      return data.target;
    case 'MX':
      return data.exchange;
    case 'A':
    case 'AAAA':
    case 'PTR':
    case 'DNAME':
    case 'SOA':
    case 'TXT':
    case 'opaque':
      return undefined;
  }
}
