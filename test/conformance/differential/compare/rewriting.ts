import { Rcode, RecordType } from '../../../../src/wire/constants.js';
import { equalNames } from '../../../../src/wire/name.js';
import type { ResourceRecord } from '../../../../src/wire/rdata.js';
import type { AskedQuestion } from '../ask/asked.js';
import { type SentReply, withParts } from '../ask/reply.js';
import type { Exchange } from './allowance.js';

/** The types that the zone itself answers, whatever the name. */
export const ZONE_TYPES: readonly number[] = [RecordType.SOA, RecordType.NS, RecordType.AXFR];

const NOTHING = { answer: [], authority: [], additional: [] };

/** The same reply with another rcode and without records, from a server that is not authoritative. */
export function refused(theirs: SentReply): SentReply {
  const flags = { authoritative: false, recursionAvailable: false, truncated: false };
  // Whatever options the answer would have had.
  return withParts(theirs, { ...NOTHING, ...flags, rcode: Rcode.REFUSED, edns: undefined });
}

/** NODATA, or with `rcode` NXDOMAIN: no records but the zone's SOA. */
export function negative(
  theirs: SentReply,
  { configuration, parts }: Exchange,
  rcode: number = Rcode.NOERROR,
): SentReply {
  const zone = parts.zone ?? '.';
  const primary = primaryOf(configuration.zones);
  const named = zone === 'arpa.' ? primary : zone;
  const settings = { refresh: 3600, retry: 600, expire: 86_400, min_ttl: 0, ...soaSettings(configuration) };
  const soa: ResourceRecord = {
    name: zone,
    type: RecordType.SOA,
    class: 1,
    ttlSeconds: settings.min_ttl,
    data: {
      kind: 'SOA',
      soa: {
        mname: `ns.${named}`,
        rname: `hostmaster.${named}`,
        serial: Math.floor(Date.now() / 1000),
        refreshSeconds: settings.refresh,
        retrySeconds: settings.retry,
        expireSeconds: settings.expire,
        minimumSeconds: settings.min_ttl,
      },
    },
  };
  return withParts(theirs, { ...NOTHING, rcode, authoritative: true, truncated: false, authority: [soa] });
}

export function primaryOf(zones: readonly string[]): string {
  // The first one; configurations.ts lists at least one.
  return zones[0]!;
}

/** The reply to an equivalent question, as a reply to the question asked. */
export function asIfAsked(reply: SentReply, asked: AskedQuestion, equivalent: string): SentReply {
  const rename = (record: ResourceRecord): ResourceRecord =>
    equalNames(record.name, equivalent) ? { ...record, name: asked.name } : record;
  const { message } = reply;
  return withParts(reply, {
    questions: [{ name: asked.name, type: asked.type, class: asked.class }],
    answer: message.answer.map(rename),
    // The targets of SRV records have their own spelling, even where they are the name asked for.
    additional: asked.type === RecordType.SRV ? message.additional : message.additional.map(rename),
  });
}

function soaSettings({
  agent,
}: Exchange['configuration']): Partial<Record<'refresh' | 'retry' | 'expire' | 'min_ttl', number>> {
  // Written so in configurations.ts.
  return (agent.dns_config?.['soa'] ?? {}) as Partial<Record<'refresh' | 'retry' | 'expire' | 'min_ttl', number>>;
}
