import { inspect } from 'node:util';
import { isLogged, type Log, type LogFields, type LogLevel } from '../telemetry/log.js';
import type { LogMethod, ToPrimary } from './messages.js';

interface Threshold {
  level: LogLevel;
}

/** A worker's log: the primary writes the lines. Those below the level are not even sent. */
export class RemoteLog implements Log {
  readonly #send: (message: ToPrimary) => void;
  readonly #fields: LogFields;
  /** One for the log and all its children. */
  readonly #threshold: Threshold;

  constructor(send: (message: ToPrimary) => void, threshold: Threshold, fields: LogFields = {}) {
    this.#send = send;
    this.#threshold = threshold;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Log {
    return new RemoteLog(this.#send, this.#threshold, { ...this.#fields, ...fields });
  }

  setLevel(level: LogLevel): void {
    this.#threshold.level = level;
  }

  #write(method: LogMethod, message: string, fields: LogFields = {}): void {
    if (!isLogged(method, this.#threshold.level)) return;
    const sent = Object.entries({ ...this.#fields, ...fields }).map(([name, value]) => [name, sendable(value)]);
    this.#send({ kind: 'log', method, message, fields: Object.fromEntries(sent) });
  }
}

/** The value, if it can be cloned; an error as pino writes it, for its code would be lost; else what it looks like. */
function sendable(value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const code = 'code' in value ? { code: sendable(value.code) } : {};
    return { type: name, message, stack, ...code, ...(cause !== undefined && { cause: sendable(cause) }) };
  }
  try {
    return structuredClone(value);
  } catch {
    return inspect(value);
  }
}
