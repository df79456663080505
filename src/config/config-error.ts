/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  readonly code: 'bad-value' | 'bad-file' | 'unknown-setting' | 'conflict';
  /** The place as the user knows it: `--dns-port`, `CONSUL_HTTP_ADDR`, `dns.json: dns_config.node_ttl`. */
  readonly where: string;
  /** What is wrong with it; never holds a secret. */
  readonly message: string;
}

/** Everything that is wrong with the configuration, found before anything is started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = [...new Set(problems.map(({ where, message }) => `  ${where}: ${message}`))];
    super(
      [
        `Cannot use this configuration (${lines.length === 1 ? '1 problem' : `${lines.length} problems`}):`,
        ...lines,
      ].join('\n'),
    );
    this.problems = problems;
  }
}

/** Something to log about the configuration once there is a log. */
export interface ConfigNote {
  readonly level: 'info' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}
