import { ApiError } from '../client/errors.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { tellError } from './tell-error.ts';

/**
 * Does the work for each of the objects that were named, as kubectl does: what one of them is refused for is told, and
 * keeps no other from its turn; the command then ends with 1. What would befall the others as well ends it at once.
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

/** There is no such object, or it is in no state for this. */
function isOfOne(error: unknown): boolean {
  if (error instanceof CliError) return error.exitCode === EXIT.failed;
  return error instanceof ApiError && [404, 409, 422].includes(error.status);
}
