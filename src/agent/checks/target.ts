export interface Target {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[v6]:port` in its parts; undefined when there is no port. */
export function splitTarget(target: string): Target | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(target) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) return undefined;
  return { host: bracketed || plain || 'localhost', port };
}
