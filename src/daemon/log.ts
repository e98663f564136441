import { AsyncLocalStorage } from 'node:async_hooks';
import { type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import type { LogScope } from '../core/ports/log.ts';

export interface LogSettings {
  level: string;
  /** `human` for a terminal, `json` for everything else; `auto` picks one of them. */
  format: 'auto' | 'human' | 'json';
}

const scope = new AsyncLocalStorage<object>();

export const logScope: LogScope = (fields, work) =>
  fields === null ? scope.exit(work) : scope.run({ ...scope.getStore(), ...fields }, work);

/** One line per entry, with the fields after the message. */
const HUMAN = { sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' };

/**
 * The daemon's logger, to stdout. Errors are reduced to type, message, code and stack. A failed query keeps only
 * its type and code: drizzle puts bound parameters into messages, and the SQL beside them is useless to an
 * operator.
 */
export function createLogger(
  { level, format }: LogSettings,
  out: NodeJS.WritableStream & { isTTY?: boolean } = process.stdout,
): PinoLogger {
  const isTerminal = out.isTTY === true;
  const options = {
    level,
    base: null,
    serializers: { err: serializeError },
    // A new object each time, because pino writes the line's own fields into it.
    mixin: () => ({ ...scope.getStore() }),
  };
  if (format === 'json' || (format === 'auto' && !isTerminal)) {
    return out === process.stdout ? pino(options) : pino(options, out);
  }
  return pino(options, pretty({ ...HUMAN, destination: out, colorize: isTerminal }));
}

function serializeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: 'not an error' };
  const isQuery = error.name === 'DrizzleQueryError' || 'params' in error;
  const { type, stack } = stdSerializers.err(error);
  const { code } = error as NodeJS.ErrnoException;
  if (isQuery) return { type, message: 'a statement failed', code };
  return { type, message: error.message, ...(code ? { code } : {}), stack };
}
