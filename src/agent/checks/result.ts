/** What one run of a check came to. */
export interface CheckResult {
  readonly status: 'passing' | 'warning' | 'critical';
  readonly output: string;
}

export interface ProbeOptions {
  /** Ends the run: its time is up, or the check is. */
  readonly signal: AbortSignal;
  readonly outputMaxBytes: number;
}

/** What a failed connection is called in Consul's outputs. */
export function dialProblem(error: unknown, network: 'tcp' | 'udp', target: string): string {
  const code = codeOf(error);
  const reason = code === undefined ? undefined : CONNECT_PROBLEMS[code];
  if (reason !== undefined) return `dial ${network} ${target}: connect: ${reason}`;
  return `dial ${network} ${target}: ${error instanceof Error ? error.message : String(error)}`;
}

const CONNECT_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};

function codeOf(error: unknown): string | undefined {
  // Node's system errors carry their code in this field.
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
