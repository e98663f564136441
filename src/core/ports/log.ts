/** Constant message plus fields, as in pino. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Adds the fields, such as the id of a pass or a request, to every line that is logged while the work runs, by
 * whatever code. Scopes nest. `null` leaves them, for work that starts here but goes on by itself.
 */
export type LogScope = <Result>(fields: object | null, work: () => Result) => Result;
