import { type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';

export interface LogSettings {
  level: string;
  /** `human` for a terminal, `json` for everything else. */
  format: 'human' | 'json';
}

/**
 * The daemon's logger, to stdout. Errors are reduced to type, message and code before they are written: drizzle
 * puts bound parameters into messages, and the SQL beside them is of no use to an operator.
 */
export function createLogger({ level, format }: LogSettings): PinoLogger {
  const options = { level, base: null, serializers: { err: serializeError } };
  return format === 'human'
    ? pino(options, pretty({ sync: true, colorize: process.stdout.isTTY }))
    : pino(options);
}

function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'not an error' };
  const isQuery = error.name === 'DrizzleQueryError' || 'params' in error;
  const { type, stack } = stdSerializers.err(error);
  const { code } = error as NodeJS.ErrnoException;
  if (isQuery) return { type, message: 'a statement failed', code };
  return { type, message: error.message, ...(code ? { code } : {}), stack };
}
