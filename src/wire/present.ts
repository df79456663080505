/** Messages and records as dig prints them; everything that came from the network is escaped to printable ASCII. */
import { decodeClientSubnet } from './client-subnet.js';
import { className, EdnsOption, ExtendedError, opcodeName, rcodeName, typeName } from './constants.js';
import type { Edns, EdnsOptionValue } from './edns.js';
import { WireError } from './error.js';
import { decodeExtendedError } from './extended-error.js';
import type { Message, Question } from './message.js';
import type { Rdata, ResourceRecord } from './rdata.js';

/** A whole message in dig's form, without its closing statistics; ends in a newline. */
export function formatMessage(message: Message): string {
  const { opcode, rcode, id, questions, answer, authority, additional, edns } = message;
  const parts = [
    [
      `;; ->>HEADER<<- opcode: ${opcodeName(opcode)}, status: ${rcodeName(rcode)}, id: ${id}`,
      `;; flags:${formatFlags(message)}; QUERY: ${questions.length}, ANSWER: ${answer.length}, ` +
        `AUTHORITY: ${authority.length}, ADDITIONAL: ${additional.length + (edns === undefined ? 0 : 1)}`,
    ],
    [...(edns === undefined ? [] : formatEdns(edns)), ...section('QUESTION', questions.map(formatQuestion))],
    section('ANSWER', answer.map(formatRecord)),
    section('AUTHORITY', authority.map(formatRecord)),
    section('ADDITIONAL', additional.map(formatRecord)),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** One record in master-file form (RFC 1035 section 5.1), fields parted by tabs: name, TTL, class, type, data. */
export function formatRecord(record: ResourceRecord): string {
  return [
    record.name,
    record.ttlSeconds,
    className(record.class),
    typeName(record.type),
    formatRdata(record.data),
  ].join('\t');
}

/** A record's data alone, as it stands at the end of `formatRecord`. */
export function formatRdata(data: Rdata): string {
  switch (data.kind) {
    case 'A':
    case 'AAAA':
      return data.address;
    case 'CNAME':
    case 'NS':
    case 'PTR':
    case 'DNAME':
      return data.target;
    case 'MX':
      return `${data.preference} ${data.exchange}`;
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}`;
    case 'TXT':
      return data.strings.map((string) => `"${printable(string)}"`).join(' ');
    case 'SOA': {
      const { mname, rname, serial, refreshSeconds, retrySeconds, expireSeconds, minimumSeconds } = data.soa;
      return `${mname} ${rname} ${serial} ${refreshSeconds} ${retrySeconds} ${expireSeconds} ${minimumSeconds}`;
    }
    case 'opaque':
      // RFC 3597 section 5.
      return `\\# ${data.bytes.length}${data.bytes.length === 0 ? '' : ` ${hex(data.bytes).toUpperCase()}`}`;
  }
}

function formatFlags(message: Message): string {
  const flags = [
    message.isResponse && 'qr',
    message.authoritative && 'aa',
    message.truncated && 'tc',
    message.recursionDesired && 'rd',
    message.recursionAvailable && 'ra',
    message.authenticData && 'ad',
    message.checkingDisabled && 'cd',
  ];
  return flags.map((flag) => (flag === false ? '' : ` ${flag}`)).join('');
}

function formatQuestion({ name, type, class: questionClass }: Question): string {
  return `;${name}\t\t${className(questionClass)}\t${typeName(type)}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`;; ${title} SECTION:`, ...lines];
}

function formatEdns({ version, dnssecOk, udpPayloadBytes, options }: Edns): string[] {
  const flags = dnssecOk ? ' do' : '';
  return [
    ';; OPT PSEUDOSECTION:',
    `; EDNS: version: ${version}, flags:${flags}; udp: ${udpPayloadBytes}`,
    ...options.map(formatOption),
  ];
}

function formatOption({ code, data }: EdnsOptionValue): string {
  switch (code) {
    case EdnsOption.NSID:
      return `; NSID: ${hex(data)} ("${printable(data)}")`;
    case EdnsOption.CLIENT_SUBNET:
      return `; CLIENT-SUBNET: ${formatClientSubnet(data)}`;
    case EdnsOption.COOKIE:
      return `; COOKIE: ${hex(data)}`;
    case EdnsOption.PADDING:
      return `; PADDING: ${data.length} bytes`;
    case EdnsOption.EXTENDED_ERROR:
      return `; EDE: ${formatExtendedError(data)}`;
    default:
      return `; OPT=${code}: ${hex(data)} ("${printable(data)}")`;
  }
}

function formatClientSubnet(data: Uint8Array): string {
  try {
    const { family, address, sourcePrefix, scopePrefix } = decodeClientSubnet(data);
    return `${family === 0 ? '0' : address}/${sourcePrefix}/${scopePrefix}`;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return `${hex(data)} (malformed)`;
  }
}

function formatExtendedError(data: Uint8Array): string {
  const error = decodeExtendedError(data);
  if (error === undefined) return `${hex(data)} (malformed)`;
  const name = Object.entries(ExtendedError).find(([, infoCode]) => infoCode === error.infoCode)?.[0];
  const title = name === undefined ? '' : ` (${titleCase(name)})`;
  return `${error.infoCode}${title}${error.text === '' ? '' : `: (${printable(data.subarray(2))})`}`;
}

/** `STALE_ANSWER` to `Stale Answer`, as the registry has it. */
function titleCase(name: string): string {
  return name
    .split('_')
    .map((word) => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`)
    .join(' ');
}

/** Bytes between quotes in a master file: `\"` and `\\`, `\DDD` for what does not print. */
function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7e) text += `\\${String(byte).padStart(3, '0')}`;
    else text += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return text;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
