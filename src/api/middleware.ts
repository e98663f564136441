import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ApiDeps, AppEnv } from './app-env.ts';
import { actorOf } from './author.ts';
import { findPrincipal } from './credential.ts';
import { ProblemError } from './problem.ts';
import { readCredential } from './read-credential.ts';
import { sourceOf } from './source-address.ts';
import { refuseStranger } from './turn-away.ts';

const MAX_BODY_BYTES = 16 * 1024;
/** An inventory of ten thousand nodes, as JSON text. The proxy has the same limits. */
const MAX_INVENTORY_BYTES = 6 * 1024 * 1024;
const INVENTORY_PATH = '/api/inventory/plan';

/** Gives the request its id, keeps answers out of caches and frames, and writes one line about it. */
export function observe({
  logger,
  logScope = (_fields, work) => work(),
  trustedProxies = [],
}: Pick<ApiDeps, 'logger' | 'logScope'> &
  Partial<Pick<ApiDeps, 'trustedProxies'>>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const offered = c.req.header('x-request-id') ?? '';
    const requestId = /^[\w-]{8,64}$/.test(offered) ? offered : randomUUID();
    c.set('requestId', requestId);
    c.set('logger', logger);
    c.set('source', sourceOf(c, trustedProxies));
    const startedAtMs = performance.now();
    await logScope({ requestId }, next);
    c.header('X-Request-Id', requestId);
    c.header('X-Content-Type-Options', 'nosniff');
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store');
    const { method, path } = c.req;
    const ms = Math.round(performance.now() - startedAtMs);
    const line = { requestId, method, path, status: c.res.status, ms, token: c.var.principal?.tokenId };
    if (path.startsWith('/api')) logger.info(line, 'request');
    else logger.debug(line, 'request');
  };
}

export function limitBody(): MiddlewareHandler<AppEnv> {
  const limit = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        throw new ProblemError('body_too_large', `the body may have ${maxSize / 1024} kB`);
      },
    });
  const [usual, large] = [limit(MAX_BODY_BYTES), limit(MAX_INVENTORY_BYTES)];
  return (c, next) => (c.req.path === INVENTORY_PATH ? large : usual)(c, next);
}

/**
 * A body of another type would otherwise be read as an empty one; and an empty body is none, whatever type a client
 * like curl names for it.
 */
export function requireJson(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const { method, raw } = c.req;
    if (method === 'GET' || method === 'HEAD') return await next();
    const type = c.req.header('content-type') ?? '';
    if ((await c.req.text()) === '') {
      const headers = new Headers(raw.headers);
      headers.delete('content-type');
      headers.delete('content-length');
      c.req.raw = new Request(raw.url, { method, headers, signal: raw.signal });
    } else if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
      throw new ProblemError('unsupported_media_type', 'send JSON with Content-Type: application/json');
    }
    await next();
  };
}

/** Who calls. The same answer for a token or session that is missing, malformed, unknown, expired or revoked. */
export function authenticate({ store, refusals }: ApiDeps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const credential = readCredential(c);
    const principal = credential && (await findPrincipal(store, credential));
    if (credential === null || principal === null) throw refuseStranger(c, refusals);
    c.set('principal', principal);
    c.set('credential', credential);
    c.set('actor', actorOf(principal, c.var.source));
    await next();
  };
}

export function requireAdmin(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    if (c.var.principal.role !== 'admin') {
      throw new ProblemError('forbidden', 'this call is for administrators');
    }
    await next();
  };
}
