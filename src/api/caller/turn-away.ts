import type { Context, MiddlewareHandler } from 'hono';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';
import type { Refusals } from './refusals.ts';

/**
 * The answer without a valid token: the same whether it is missing, malformed, unknown, expired or revoked. A wrong
 * token is slowed down by address only after it was found to be wrong, so it never delays a valid one from the same
 * address.
 */
export function refuseStranger(c: Context<AppEnv>, refusals: Refusals): ProblemError {
  const { source } = c.var;
  const isBearer = c.req.header('authorization') !== undefined;
  if (isBearer || c.req.header('cookie') !== undefined) refusals.stranger('call', source);
  const waitS = isBearer ? refusals.slowDown(source) : 0;
  if (waitS > 0) {
    return new ProblemError(
      'too_many_attempts',
      'too many tokens from this address were refused; try again later',
      {
        headers: { 'Retry-After': String(waitS) },
      },
    );
  }
  return new ProblemError('unauthorized', 'send a valid token as Authorization: Bearer …', {
    headers: { 'WWW-Authenticate': 'Bearer realm="orion"' },
  });
}

/** Reports to the history who asked for what only administrators may. */
export function noteDenied({ refusals }: Pick<ApiDeps, 'refusals'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    if (c.error instanceof ProblemError && c.error.code === 'forbidden') {
      refusals.denied(c.var.actor, `${c.req.method} ${c.req.path}`);
    }
  };
}
