import { ApiError } from '../client/protocol/errors.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { tellError } from './tell-error.ts';

/**
 * Does the work for each named object, as kubectl does. An error that concerns one object is printed and does not
 * stop the others; the command then exits with 1. An error that would hit the others as well ends it at once.
 */
export async function forEach<Named, Result>(
  context: Context,
  named: readonly Named[],
  work: (one: Named) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const one of named) {
    try {
      results.push(await work(one));
    } catch (error) {
      if (named.length === 1 || !isOfOne(error)) throw error;
      tellError(error, context.io);
      context.exitWith(EXIT.failed);
    }
  }
  return results;
}

/** True when there is no such object, or its state does not allow this. */
function isOfOne(error: unknown): boolean {
  if (error instanceof CliError) return error.exitCode === EXIT.failed;
  return error instanceof ApiError && [404, 409, 422].includes(error.status);
}
