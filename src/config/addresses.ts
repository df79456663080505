import { isIP, isIPv6 } from 'node:net';
import { parsePort } from './parse.js';

/** A DNS server to forward to. */
export interface RecursorAddress {
  /** An IP address; in what was only parsed, a host name as well. */
  readonly host: string;
  readonly port: number;
}

/** The address in its shortest spelling, so that equal ones look equal; undefined when it is none. */
export function parseIp(text: string): string | undefined {
  if (!isIPv6(text)) return isIP(text) === 4 ? text : undefined;
  const [address = '', zone] = text.split('%');
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}

const ANY_ADDRESSES = new Set(['0.0.0.0', '::', '::ffff:0:0']);

/** An address that one machine can have: not "all of them". */
export function parseHostIp(text: string): string | undefined {
  const ip = parseIp(text);
  return ip === undefined || ANY_ADDRESSES.has(ip) ? undefined : ip;
}

/** `IP`, `IP:port`, `[IPv6]:port`, bare IPv6, or a host name for the IP; port 53 when left out (dns-behaviour 14.7). */
export function parseRecursor(text: string): RecursorAddress | undefined {
  const [hostText, portText] = splitHostPort(text);
  const host = parseHostIp(hostText) ?? parseHostName(hostText);
  const port = portText === undefined ? 53 : parsePort(portText);
  return host === undefined || port === undefined || port === 0 ? undefined : { host, port };
}

/** A host name, without the dot at its end. Its last label has a letter, or it would be an address gone wrong. */
function parseHostName(text: string): string | undefined {
  const labels = text.replace(/\.$/, '').split('.');
  const isName = labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
  return isName && /[a-z]/i.test(labels.at(-1) ?? '') && text.length < 255 ? labels.join('.').toLowerCase() : undefined;
}

/** `IP:port`, `[IPv6]:port`: where to listen. Port 0 takes a free one. */
export function parseListenAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const [hostText, portText] = splitHostPort(text);
  const host = parseIp(hostText);
  const port = portText === undefined ? undefined : parsePort(portText);
  return host === undefined || port === undefined ? undefined : { host, port };
}

export function formatHostPort(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function splitHostPort(text: string): readonly [host: string, port: string | undefined] {
  if (isIP(text) !== 0) return [text, undefined];
  const { host = '', port } = /^\[(?<host>.*)\](?::(?<port>\d+))?$/.exec(text)?.groups ?? {};
  if (isIPv6(host)) return [host, port];
  const colon = text.lastIndexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** `address/bits` of a network; an address alone is a network of one, the word `any` stays what it is. */
export function parseNetwork(text: string): string | undefined {
  if (text === 'any') return text;
  const [, host = '', bitsText] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const ip = parseIp(host);
  if (ip === undefined || ip.includes('%')) return undefined;
  const width = isIPv6(ip) ? 128 : 32;
  const bits = bitsText === undefined ? width : Number(bitsText);
  return bits <= width ? `${ip}/${bits}` : undefined;
}

/**
 * A backend's address as a URL without a trailing slash: `http://host:port/prefix`, `https://...` or `unix:///path`.
 *
 * Without a scheme it is http, without scheme and port 8500. Other schemes, credentials and parameters are refused.
 */
export function parseHttpAddress(text: string): string | undefined {
  if (text.startsWith('unix://')) return /^unix:\/\/\/[^\0]*[^\0/]$/.test(text) ? text : undefined;
  const [, scheme, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/].*)$/i.exec(text) ?? [];
  if (rest === undefined) return undefined;
  const url = scheme === undefined ? `http://${withPort(rest)}` : text;
  if (!URL.canParse(url) || /[\s?#@]/.test(text)) return undefined;
  const parsed = new URL(url);
  if (!/^https?:$/.test(parsed.protocol)) return undefined;
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
}

function withPort(authorityAndPath: string): string {
  const slash = authorityAndPath.indexOf('/');
  const authority = slash < 0 ? authorityAndPath : authorityAndPath.slice(0, slash);
  const path = slash < 0 ? '' : authorityAndPath.slice(slash);
  if (isIPv6(authority)) return `[${authority}]:8500${path}`;
  if (authority.startsWith(':')) return `127.0.0.1${authority}${path}`;
  return /:\d+$/.test(authority) ? authorityAndPath : `${authority}:8500${path}`;
}
