import { parseType, RecordClass } from '../../src/wire/constants.js';
import { absolute } from '../../src/wire/name.js';
import type { Rdata, ResourceRecord } from '../../src/wire/rdata.js';

/**
 * One record from the line dig prints for it: `rr('web.service.consul. 0 IN A 10.0.0.1')`. TTL (0) and class (IN) may
 * be left out; types: A, AAAA, SRV, CNAME, NS, PTR, DNAME, SOA, MX, TXT.
 */
export function rr(line: string): ResourceRecord {
  const [name = '', ...fields] = line.trim().match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const ttlSeconds = /^\d+$/.test(fields[0] ?? '') ? Number(fields.shift()) : 0;
  const hasClass = Object.hasOwn(RecordClass, fields[0] ?? '') && parseType(fields[1] ?? '') !== undefined;
  const recordClass = hasClass ? RecordClass[fields.shift() as keyof typeof RecordClass] : RecordClass.IN; // as checked
  const data = parseData(line, fields.shift() ?? '', fields);
  const type = parseType(data.kind);
  if (type === undefined) throw new Error(`Cannot read record "${line}": its type has no number`);
  return { name: absolute(name), type, class: recordClass, ttlSeconds, data };
}

function parseData(line: string, kind: string, fields: readonly string[]): Rdata {
  const word = (index: number): string => {
    const value = fields[index];
    if (value === undefined) throw new Error(`Cannot read record "${line}": field ${index + 1} of its data is missing`);
    return value;
  };
  const number = (index: number): number => {
    const value = Number(word(index));
    if (!Number.isInteger(value)) throw new Error(`Cannot read record "${line}": "${word(index)}" is not a number`);
    return value;
  };
  switch (kind) {
    case 'A':
    case 'AAAA':
      return { kind, address: word(0) };
    case 'CNAME':
    case 'NS':
    case 'PTR':
    case 'DNAME':
      return { kind, target: absolute(word(0)) };
    case 'MX':
      return { kind, preference: number(0), exchange: absolute(word(1)) };
    case 'SRV':
      return { kind, priority: number(0), weight: number(1), port: number(2), target: absolute(word(3)) };
    case 'TXT':
      return { kind, strings: fields.map(parseString) };
    case 'SOA':
      return {
        kind,
        soa: {
          mname: absolute(word(0)),
          rname: absolute(word(1)),
          serial: number(2),
          refreshSeconds: number(3),
          retrySeconds: number(4),
          expireSeconds: number(5),
          minimumSeconds: number(6),
        },
      };
    default:
      throw new Error(`Cannot read record "${line}": no such type "${kind}" here`);
  }
}

/** A string of a TXT record, quoted or not, its escapes undone. */
function parseString(text: string): Uint8Array {
  const inner = text.startsWith('"') ? text.slice(1, -1) : text;
  const bytes = Buffer.from(inner, 'utf8')
    .toString('latin1')
    .replaceAll(/\\(\d{3}|.)/g, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number(escaped)) : escaped,
    );
  return Uint8Array.from(Buffer.from(bytes, 'latin1'));
}
