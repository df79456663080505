/**
 * `consul-dnsd lookup`: asks a DNS server with dns2's clients and prints the reply as dig does.
 *
 * dns2 hands out its own reading of a reply, not the bytes. Lost in it are dots inside labels, TXT bytes that are not
 * UTF-8 and TTLs above 2^31-1; records that it cannot read are left out, and we say so. It sends no OPT record, so that
 * replies have none either.
 */
import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type DnsResolver, Packet, TCPClient, UDPClient } from 'dns2';
import { parseIp } from './config/addresses.js';
import { parsePort } from './config/parse.js';
import { parseType } from './wire/constants.js';
import { decodeMessage, type Message } from './wire/message.js';
import { absolute, labels } from './wire/name.js';
import { formatMessage, formatRdata } from './wire/present.js';

export interface LookupOptions {
  /** With `domain`, a name without a dot means the service of that name. */
  readonly name: string;
  /** In any letter case, for instance `SRV` or `TYPE33`. */
  readonly type: string;
  /** `host:port`, an IPv6 address in brackets. */
  readonly server: string;
  readonly transport: 'udp' | 'tcp';
  /** Only the data of the answers, one line each. */
  readonly short?: boolean;
  readonly domain?: string;
  readonly timeoutMs: number;
  write(text: string): void;
}

/** As dig has them. */
const EXIT_ANSWERED = 0;
const EXIT_NO_REPLY = 9;

/** A question that cannot be asked. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  readonly code: 'bad-name' | 'bad-type' | 'bad-server';

  constructor(code: LookupError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

interface Server {
  readonly host: string;
  readonly port: number;
}

/**
 * Asks once and prints what comes back. The exit code is 0 for a reply of any rcode, 9 for none.
 *
 * dns2's TCP client cannot be stopped: a server that takes the connection and then says nothing keeps a socket open
 * after this has given up.
 *
 * @throws LookupError
 */
export async function runLookup(options: LookupOptions): Promise<number> {
  const { short = false, timeoutMs, write } = options;
  const server = parseServer(options.server);
  const name = wireName(completeName(options.name, options.domain));
  const question = { name, type: dns2Type(options.type), timeoutMs };
  const resolve = resolverFor(server, options.transport, timeoutMs);
  let { transport } = options;
  const startedAt = performance.now();
  try {
    let packet = await ask(resolve, question);
    if (packet.header.tc === 1 && transport === 'udp' && !isIPv6(server.host)) {
      if (!short) write(';; Truncated, retrying in TCP mode.\n');
      transport = 'tcp';
      packet = await ask(resolverFor(server, transport, timeoutMs), question);
    }
    const message = messageOf(packet);
    const tookMs = Math.round(performance.now() - startedAt);
    write(short ? formatShort(message) : formatLong(message, packet, { ...options, transport, tookMs }));
    return EXIT_ANSWERED;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    write(`;; no reply from ${options.server} over ${transport.toUpperCase()}: ${reason}\n`);
    return EXIT_NO_REPLY;
  }
}

/** `web` to `web.service.consul`; names with a dot stay as they are. */
export function completeName(name: string, domain: string | undefined): string {
  return domain === undefined || name.includes('.') ? name : `${name}.service.${domain}`;
}

/** A name as dns2 writes it on the wire: a character a byte, labels without escapes. */
function wireName(name: string): string {
  let parts: readonly string[];
  try {
    parts = labels(absolute(name));
  } catch (cause) {
    throw new LookupError('bad-name', `Cannot ask for "${name}": not a domain name`, { cause });
  }
  if (parts.some((label) => label.includes('.'))) {
    throw new LookupError('bad-name', `Cannot ask for "${name}": dns2 takes no dots inside labels`);
  }
  return parts.join('.');
}

function dns2Type(text: string): string {
  const number = parseType(text);
  // dns2 calls the OPT record EDNS; nobody can ask for it.
  const known = Object.entries(Packet.TYPE).filter(([name]) => name !== 'EDNS');
  const type = known.find(([, value]) => value === number)?.[0];
  if (type === undefined) {
    const names = known.map(([name]) => name).join(', ');
    throw new LookupError('bad-type', `Cannot ask for type "${text}": dns2 knows ${names}`);
  }
  return type;
}

const SERVER = /^(?:\[(?<address>[^\]]+)\]|(?<name>[^:[\]\s]+)):(?<port>\d+)$/;

function parseServer(text: string): Server {
  const { address, name, port: portText = '' } = SERVER.exec(text)?.groups ?? {};
  // In its shortest spelling: dns2 compares it with the source of each reply.
  const host = address === undefined ? name : parseIp(address);
  const port = parsePort(portText);
  if (host === undefined || port === undefined || port === 0) {
    throw new LookupError('bad-server', `Cannot ask server "${text}": expected host:port or [IPv6 address]:port`);
  }
  return { host, port };
}

function resolverFor({ host, port }: Server, transport: 'udp' | 'tcp', timeoutMs: number): DnsResolver {
  if (transport === 'udp') {
    const socketType = isIPv6(host) ? 'udp6' : 'udp4';
    return UDPClient({ dns: host, port, socketType, timeout: timeoutMs, retryOverTCP: false });
  }
  if (isIPv6(host)) {
    // It takes what is before the first colon for the whole host.
    throw new LookupError('bad-server', `Cannot ask [${host}]:${port} over TCP: dns2 does this over IPv4 only`);
  }
  return TCPClient({ dns: host, port });
}

async function ask(
  resolve: DnsResolver,
  { name, type, timeoutMs }: { readonly name: string; readonly type: string; readonly timeoutMs: number },
): Promise<Packet> {
  const answered = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`timed out after ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([resolve(name, type), late]);
  } finally {
    late.catch(() => undefined);
    answered.abort();
  }
}

/**
 * The reply as one of our messages: dns2's parts are put into bytes one by one, so that nothing is compressed and
 * letter case survives, and read again.
 */
function messageOf({ header, questions, answers, authorities, additionals }: Packet): Message {
  const counted = new Packet.Header({
    ...header,
    qdcount: questions.length,
    ancount: answers.length,
    nscount: authorities.length,
    arcount: additionals.length,
  });
  return decodeMessage(
    Buffer.concat([
      counted.toBuffer(),
      ...questions.map((question) => Packet.Question.encode(question)),
      ...[...answers, ...authorities, ...additionals].map((record) => Packet.Resource.encode(record)),
    ]),
  );
}

function formatShort(message: Message): string {
  return message.answer.map(({ data }) => `${formatRdata(data)}\n`).join('');
}

function formatLong(
  message: Message,
  { header, answers, authorities, additionals }: Packet,
  { name, type, server, transport, tookMs }: LookupOptions & { readonly tookMs: number },
): string {
  const unread =
    header.ancount + header.nscount + header.arcount - answers.length - authorities.length - additionals.length;
  return [
    `; <<>> consul-dnsd lookup <<>> ${name} ${type}\n`,
    ';; Got answer:\n',
    ...(unread > 0 ? [`;; WARNING: ${unread} records could not be read\n`] : []),
    formatMessage(message),
    `\n;; Query time: ${tookMs} msec\n`,
    `;; SERVER: ${server} (${transport.toUpperCase()})\n`,
  ].join('');
}
