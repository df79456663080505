/**
 * Keeps web pages from writing through somebody's browser: a write with a foreign `Origin` is refused, and, on a
 * loopback listener, one for a host name that is not ours (DNS rebinding). Programs send no `Origin` and ask for
 * addresses or `localhost`, so they never notice (http-api B2, "Safety").
 */
import { isIP } from 'node:net';
import { HttpError } from './http-error.js';

export interface GuardedRequest {
  /** In lower case. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  /** Where a browser says that the request comes from. */
  readonly fetchSite: string | undefined;
}

export interface GuardOptions {
  readonly isLoopback: boolean;
  /** Host names under which the agent may be asked, in lower case. */
  readonly names: ReadonlySet<string>;
}

export function checkWrite({ host = '', origin }: GuardedRequest, { isLoopback, names }: GuardOptions): void {
  if (origin !== undefined && originHost(origin) !== host) {
    throw new HttpError(403, `Cannot write for a page of another origin: "${origin}"`);
  }
  if (isLoopback && !isOwnName(hostName(host), names)) {
    throw new HttpError(403, `Cannot write for a host name that is not ours: "${host}"`);
  }
}

/**
 * Whether a request may write with GET: old client libraries do, but an image on a page could be made to (B4). A page
 * can keep its browser from telling the referrer; that a browser is asking it cannot hide.
 */
export function mayWriteWithGet({ origin, referer, fetchSite }: GuardedRequest): boolean {
  return origin === undefined && referer === undefined && fetchSite === undefined;
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address === 'localhost' || address.startsWith('127.');
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function hostName(host: string): string {
  return host.replace(/:[0-9]*$/, '').replace(/^\[(.*)\]$/, '$1');
}

function isOwnName(name: string, names: ReadonlySet<string>): boolean {
  return name === '' || name === 'localhost' || isIP(name) !== 0 || names.has(name);
}
