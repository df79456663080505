/** An upstream server; `host` is an IP address. */
export interface Recursor {
  readonly host: string;
  readonly port: number;
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`: the recursor's name in metrics and messages, and its key. */
export function formatRecursor({ host, port }: Recursor): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
