import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './external.js';

export interface DigOptions {
  /** `udp` when left out. */
  readonly transport?: 'udp' | 'tcp';
  /** More of dig's own flags, for instance `+noedns`, `+norecurse`, `+bufsize=4096`. */
  readonly flags?: readonly string[];
}

/** A reply as dig prints it. Records are single lines with single spaces: `web.service.consul. 0 IN A 10.20.0.1`. */
export interface DigReply {
  readonly opcode: string;
  readonly rcode: string;
  readonly id: number;
  readonly flags: readonly string[];
  readonly edns: DigEdns | undefined;
  /** `web.service.consul. IN A` */
  readonly question: readonly string[];
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
  /** Everything dig printed. */
  readonly text: string;
}

export interface DigEdns {
  readonly version: number;
  readonly flags: readonly string[];
  readonly udpPayloadBytes: number;
  /** `COOKIE: 9a8b... (echoed)`, `EDE: 3 (Stale Answer)` */
  readonly options: readonly string[];
}

/** Whether this machine has dig; with CI=true a missing one is an error. */
export function hasDig(): boolean {
  return findProgram('dig') !== undefined;
}

/**
 * Asks with the real dig, once and without a second try over TCP. The question reads as on dig's command line,
 * `web.service.consul SRV` or `version.bind TXT CH`. Rejects when no reply comes within five seconds.
 */
export async function dig(
  address: { readonly host: string; readonly port: number },
  question: string,
  { transport = 'udp', flags = [] }: DigOptions = {},
): Promise<DigReply> {
  const [name = '.', type = 'A', recordClass = 'IN'] = question.split(' ');
  const { stdout } = await promisify(execFile)(findProgram('dig') ?? 'dig', [
    // Without the .digrc of whoever runs the tests.
    '-r',
    ...[`@${address.host}`, '-p', String(address.port)],
    ...['-q', name, '-t', type, '-c', recordClass],
    ...['+tries=1', '+time=5', '+ignore', transport === 'tcp' ? '+tcp' : '+notcp'],
    ...flags,
  ]);
  return parseDig(stdout);
}

/** Reads dig's usual output. */
export function parseDig(text: string): DigReply {
  const lines = text.split('\n');
  const [, opcode = '', rcode = '', id = ''] = /opcode: (\w+), status: (\w+), id: (\d+)/.exec(text) ?? [];
  if (rcode === '') throw new Error(`Cannot read dig's output: no header in "${text}"`);
  return {
    opcode,
    rcode,
    id: Number(id),
    flags: words(/^;; flags:([\w ]*);/m.exec(text)?.[1]),
    edns: parseEdns(lines),
    question: section(lines, 'QUESTION').map((line) => line.replace(/^;/, '')),
    answer: section(lines, 'ANSWER'),
    authority: section(lines, 'AUTHORITY'),
    additional: section(lines, 'ADDITIONAL'),
    text,
  };
}

function parseEdns(lines: readonly string[]): DigEdns | undefined {
  const [first, ...options] = block(lines, ';; OPT PSEUDOSECTION:');
  const match = /^; EDNS: version: (\d+), flags:([\w ]*);(?: MBZ: \w+,?)? udp: (\d+)/.exec(first ?? '');
  if (match === null) return undefined;
  return {
    version: Number(match[1]),
    flags: words(match[2]),
    udpPayloadBytes: Number(match[3]),
    options: options.filter((line) => line.startsWith('; ')).map((line) => line.slice(2)),
  };
}

function section(lines: readonly string[], name: string): string[] {
  return block(lines, `;; ${name} SECTION:`).map((line) => line.replace(/\s+/g, ' '));
}

/** The lines below a heading, up to the next heading or empty line. */
function block(lines: readonly string[], heading: string): string[] {
  const start = lines.indexOf(heading);
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line === '' || line.startsWith(';; '));
  return end < 0 ? rest : rest.slice(0, end);
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}
