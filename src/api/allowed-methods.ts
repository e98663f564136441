import type { Hono, MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';
import { ProblemError } from './problem.ts';

interface Route {
  method: string;
  path: string;
}

/**
 * Refuses a method that the address does not take, before any other check: neither the caller nor the body matters
 * then. For some methods (TRACE) the handlers could not even be given a request.
 */
export function requireMethod(app: Hono<AppEnv>): MiddlewareHandler<AppEnv> {
  let known: Known[] | null = null;
  return async (c, next) => {
    known ??= listKnown(app.routes);
    const { method, path } = c.req;
    const methods = known.filter(({ pattern }) => pattern.test(path)).flatMap((each) => each.methods);
    const allowed = [...new Set(methods)].toSorted();
    if (allowed.length > 0 && !allowed.includes(method)) {
      const headers = { Allow: allowed.join(', ') };
      throw new ProblemError('method_not_allowed', `${path} does not allow ${method}`, { headers });
    }
    if (!known.some(({ methods }) => methods.includes(method))) throw refuseAddress(path);
    await next();
  };
}

/** For a request that no route took although its method is right: nothing is at that address. */
export function refuseAddress(path: string): ProblemError {
  return new ProblemError('not_found', `there is no ${path}`);
}

interface Known {
  pattern: RegExp;
  methods: string[];
}

/** Skips middleware, which is registered for every method (ALL) and does not tell what an address takes. */
function listKnown(routes: Route[]): Known[] {
  return routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => ({
      pattern: toPattern(path),
      methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    }));
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`);
}
