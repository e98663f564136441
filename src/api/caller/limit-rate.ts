import type { MiddlewareHandler } from 'hono';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';

/**
 * Limits a tenant's requests per minute, counted over all of its tokens and all API processes. Each answer says
 * what is left (draft-ietf-httpapi-ratelimit-headers). Administrators are not counted: they have to be able to lift
 * limits.
 */
export function limitRate({ store }: Pick<ApiDeps, 'store'>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { tenant, role } = c.var.principal;
    const budget = role === 'admin' ? null : await store.takeRequest(tenant);
    if (budget === null) return await next();
    const { perMinute, isAllowed, remaining, waitMs, fullMs } = budget;
    const inSeconds = (ms: number) => Math.ceil(ms / 1_000);
    const headers = {
      'RateLimit-Policy': `"tenant";q=${perMinute};w=60`,
      RateLimit: `"tenant";r=${remaining};t=${inSeconds(fullMs)}`,
    };
    if (!isAllowed) {
      const waitS = Math.max(1, inSeconds(waitMs));
      const detail = `tenant ${tenant} may send ${perMinute} requests a minute; the next one in ${waitS} s`;
      throw new ProblemError('rate_limited', detail, {
        headers: { ...headers, 'Retry-After': String(waitS) },
      });
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  };
}
