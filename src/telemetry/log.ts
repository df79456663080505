import { type DestinationStream, pino } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log: constant messages, so that they can be searched for, and the particulars as fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line carries, for instance `{ part: 'catalog' }`. */
  child(fields: LogFields): Log;
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
  return wrap(pino({ level: options.level, base: null, timestamp: isoTime, serializers }, stream));
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

function wrap(logger: pino.Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
    setLevel: (level) => {
      logger.level = level;
    },
  };
}
