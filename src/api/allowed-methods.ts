import { type ProblemCode, ProblemError } from './problem.ts';

/** Why no route took a request: nothing is at that address, or it knows other methods only. */
export function refuseAddress(
  routes: { method: string; path: string }[],
  { method, path }: { method: string; path: string },
): ProblemError {
  const allowed = listMethods(routes, path);
  const code: ProblemCode = allowed.length === 0 ? 'not_found' : 'method_not_allowed';
  return code === 'not_found'
    ? new ProblemError(code, `there is no ${path}`)
    : new ProblemError(code, `${path} does not take ${method}`, { headers: { Allow: allowed.join(', ') } });
}

/** Middleware is registered for every method (ALL), and says nothing about what an address takes. */
function listMethods(routes: { method: string; path: string }[], path: string): string[] {
  const methods = routes
    .filter((route) => route.method !== 'ALL' && toPattern(route.path).test(path))
    .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  return [...new Set(methods)].toSorted();
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:[^/]+/g, '[^/]+')}$`);
}
