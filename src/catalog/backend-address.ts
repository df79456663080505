import { isIP } from 'node:net';

/** Where a Consul HTTP API is to be found. */
export interface BackendAddress {
  /** `http://host:port` or `https://host:port`; a stand-in host for a Unix socket. */
  readonly origin: string;
  readonly socketPath: string | undefined;
  /** What goes before `/v1`: empty, or a path that starts with `/` and does not end in one. */
  readonly pathPrefix: string;
  readonly isLoopback: boolean;
  /** How logs and metrics call it. Holds no user information. */
  readonly label: string;
}

/**
 * Parses what CONSUL_HTTP_ADDR may hold: `host:port`, `http://host:port/prefix`, `https://...`, `unix:///path`.
 *
 * Throws a TypeError for another scheme or something that is no address.
 */
export function parseBackendAddress(text: string, { useTls }: { readonly useTls: boolean }): BackendAddress {
  if (text.startsWith('unix://')) {
    const socketPath = text.slice('unix://'.length);
    if (!socketPath.startsWith('/')) throw new TypeError(`Cannot use backend address "${text}": no absolute path`);
    return { origin: 'http://localhost', socketPath, pathPrefix: '', isLoopback: true, label: text };
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw new TypeError(`Cannot use backend address "${text}": unknown scheme "${scheme}"`);
  }
  const rest = scheme === undefined ? text : text.slice(scheme.length + '://'.length);
  const protocol = scheme === 'https' || useTls ? 'https' : 'http';
  const url = parseUrl(`${protocol}://${rest}`);
  if (url === undefined) throw new TypeError(`Cannot use backend address "${text}": not HOST:PORT or a URL`);
  return {
    origin: url.origin,
    socketPath: undefined,
    pathPrefix: url.pathname.replace(/\/+/g, '/').replace(/\/$/, ''),
    isLoopback: isLoopbackHost(url.hostname),
    label: url.origin,
  };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
