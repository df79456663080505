import { type DestinationStream, pino } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether lines of a level are written when that is the least serious one wanted. */
export function isLogged(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}

export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: constant messages, so that they can be searched for, and the particulars as fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line carries, for instance `{ part: 'catalog' }`. */
  child(fields: LogFields): Log;
  /** Holds for the log that this is a child of, and for all its children, as well. */
  setLevel(level: LogLevel): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** One JSON object a line; otherwise lines for people. */
  readonly json: boolean;
  /** Where lines go; standard error when left out, because standard output belongs to the commands' results. */
  readonly destination?: DestinationStream;
}

/** Opens the process's log. Pretty lines are written by pino-pretty, loaded only when they are asked for. */
export async function createLogger(options: LogOptions): Promise<Log> {
  const target = options.destination ?? pino.destination({ fd: 2, sync: false });
  const stream = options.json ? target : await prettyStream(target);
  const { isoTime } = pino.stdTimeFunctions;
  // Without a serializer an Error under any key but pino's own `err` would be written as {}.
  const serializers = { error: pino.stdSerializers.errWithCause };
  // What is too little to log is held back by `wrap`: pino's children would keep the level they were born with.
  const logger = pino({ level: 'trace', base: null, timestamp: isoTime, serializers }, stream);
  return wrap(logger, { level: options.level });
}

async function prettyStream(destination: DestinationStream): Promise<DestinationStream> {
  const { build } = await import('pino-pretty');
  return build({
    destination: destination as DestinationStream & NodeJS.WritableStream,
    colorize: process.stderr.isTTY,
    ignore: 'part',
    messageFormat: '{part}: {msg}',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
}

/** What a log and all its children have in common. */
interface Threshold {
  level: LogLevel;
}

function wrap(logger: pino.Logger, threshold: Threshold): Log {
  const writer =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void => {
      if (isLogged(level, threshold.level)) logger[level](fields, message);
    };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    child: (fields) => wrap(logger.child(fields), threshold),
    setLevel: (level) => {
      threshold.level = level;
    },
  };
}
