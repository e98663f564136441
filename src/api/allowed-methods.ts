import type { Hono, MiddlewareHandler } from 'hono';
import type { AppEnv } from './app-env.ts';
import { ProblemError } from './problem.ts';

interface Route {
  method: string;
  path: string;
}

/**
 * Refuses a method that an address does not know before anything else is looked at: who may call it, or what the body
 * is, matters to nobody then; and of some methods (TRACE) not even a request could be made for the handlers.
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
      throw new ProblemError('method_not_allowed', `${path} does not take ${method}`, { headers });
    }
    if (!known.some(({ methods }) => methods.includes(method))) throw refuseAddress(path);
    await next();
  };
}

/** Why no route took a request whose method is right: nothing is at that address. */
export function refuseAddress(path: string): ProblemError {
  return new ProblemError('not_found', `there is no ${path}`);
}

interface Known {
  pattern: RegExp;
  methods: string[];
}

/** Middleware is registered for every method (ALL), and says nothing about what an address takes. */
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
